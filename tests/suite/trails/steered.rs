//! Trails of lanes that are sent elsewhere, begin again, or end in other ways than most.

use manymin::prelude::*;

use super::{Seen, row, rows};
use crate::devices::{Bits, devices, minimizer, rosenbrock, starts_at, starts_in};
use crate::invariance::sweep;

#[test]
fn a_lane_that_begins_again_has_nothing_of_the_run_before() {
    let (problem, starts) = sweep(40);
    for device in devices() {
        let make = || minimizer().trail(5);
        let whole = Bits::all(&make().minimize(&device, &problem, &starts).unwrap());
        let mut batch = make().start(&device, &problem, &starts).unwrap();
        for _ in 0..9 {
            batch.step().unwrap();
        }
        batch.restart(&[3]).unwrap();
        batch.replace(4, &starts.point(4)).unwrap();
        assert!(batch.lane(3).unwrap().trail.is_empty() && batch.lane(4).unwrap().trail.is_empty());
        batch.advance(1).unwrap();
        for lane in [3, 4] {
            let one = batch.lane(lane).unwrap();
            assert_eq!(rows(&one.trail), [row(0, one.last_value, one.gradient_max)], "{device}: the start alone");
        }
        batch.run().unwrap();
        // Those that have ended too, and the others keep theirs.
        batch.restart(&[0, 6]).unwrap();
        assert_eq!(Bits::of(&batch.lane(5).unwrap()), whole[5], "{device}");
        batch.run().unwrap();
        assert_eq!(Bits::all(&batch.finish().unwrap()), whole, "{device}");
    }
}

#[test]
fn the_point_that_a_lane_is_sent_to_takes_the_row_of_the_one_it_left() {
    let (problem, starts) = (rosenbrock(2), starts_in(2, -2.0, 2.0, 20, 5));
    for device in devices() {
        for most in [1, 4, 100] {
            let mut batch = minimizer().trail(most).start(&device, &problem, &starts).unwrap();
            for _ in 0..6 {
                batch.step().unwrap();
            }
            let what = format!("{device}, {most} rows");
            let before = batch.lane(7).unwrap();
            batch.set_point(7, &[-1.25, 2.0], Memory::Clear).unwrap();
            let (kept, left) = (rows(&batch.lane(7).unwrap().trail), rows(&before.trail));
            assert_eq!(kept, left[..left.len() - 1], "{what}: the point is not evaluated yet");
            batch.set_point(7, &[-1.5, 2.0], Memory::Clear).unwrap();
            assert_eq!(rows(&batch.lane(7).unwrap().trail), kept, "{what}: sent on");
            batch.advance(1).unwrap();
            let (summary, trail) = (batch.summary(7).unwrap(), rows(&batch.lane(7).unwrap().trail));
            let here = row(6, summary.value, summary.gradient_max);
            assert_eq!(summary.value, 100.0 * 0.25 * 0.25 + 2.5 * 2.5);
            assert_eq!(trail, [&kept[..], &[here]].concat(), "{what}");
            batch.step().unwrap();
            let (summary, next) = (batch.summary(7).unwrap(), rows(&batch.lane(7).unwrap().trail));
            let all = [trail, vec![row(7, summary.value, summary.gradient_max)]].concat();
            assert_eq!(next, all[all.len() - most.min(all.len())..], "{what}");
        }
    }
}

#[test]
fn other_data_leave_the_rows_of_the_steps_before() {
    let mean = Problem::builder(2).data("y", &[1.0, 2.0]).build(|x, c| {
        let y = c.data("y");
        x.sum(0..2, |i| (x.at(i) - y.at(i)).powi(2) + (x.at(i) - y.at(i)).powi(4))
    });
    let (mean, starts) = (mean.unwrap(), starts_in(2, -9.0, 9.0, 10, 6));
    for device in devices() {
        let mut batch = minimizer().trail(8).start(&device, &mean, &starts).unwrap();
        (0..3).for_each(|_| batch.step().unwrap());
        let before = rows(&batch.lane(2).unwrap().trail);
        batch.set_data("y", &[5.0, 6.0], Memory::Clear).unwrap();
        batch.advance(1).unwrap();
        let summary = batch.summary(2).unwrap();
        let expected = [&before[..3], &[row(3, summary.value, summary.gradient_max)]].concat();
        assert_eq!(rows(&batch.lane(2).unwrap().trail), expected, "{device}");
    }
}

#[test]
fn lanes_that_never_had_a_gradient_have_no_rows() {
    let logarithm = Problem::new(1, |x| x[0].ln() + x[0] * x[0]).unwrap();
    let root = Problem::new(1, |x| x[0].sqrt() + x[0] * x[0]).unwrap();
    for device in devices() {
        let one = |problem: &Problem, start: f64| minimizer().trail(4).minimize(&device, problem, &starts_at(&[&[start], &[1.0]])).unwrap();
        for (problem, start, status) in [
            (&logarithm, -1.0, Status::NonFiniteStart),
            (&logarithm, f64::INFINITY, Status::NonFiniteStart),
            (&root, 0.0, Status::NonFiniteGradient),
        ] {
            let outcome = one(problem, start);
            assert_eq!((outcome.lane(0).status, outcome.lane(0).trail.len()), (status, 0), "{device}");
            assert!(!outcome.lane(1).trail.is_empty(), "{device}: the other one");
        }
        // Nor has the point that a lane was sent to, but those before it have.
        let mut batch = minimizer().trail(4).start(&device, &root, &starts_at(&[&[9.0]])).unwrap();
        batch.step().unwrap();
        let before = rows(&batch.lane(0).unwrap().trail);
        batch.set_point(0, &[0.0], Memory::Clear).unwrap();
        batch.run().unwrap();
        let lane = batch.lane(0).unwrap();
        assert_eq!((lane.status, rows(&lane.trail)), (Status::NonFiniteGradient, before[..before.len() - 1].to_vec()), "{device}");
    }
}

#[test]
fn lanes_that_are_stopped_or_go_on_after_a_limit_keep_their_rows() {
    let (problem, starts) = sweep(90);
    for device in devices() {
        let seen = Seen::of(&minimizer(), &device, &problem, &starts);
        let mut batch = minimizer().trail(4).max_iterations(5).pool(50).start(&device, &problem, &starts).unwrap();
        batch.run().unwrap();
        for lane in 0..90 {
            let lane = batch.lane(lane).unwrap();
            let first_six = &seen.0[&lane.lane][..6.min(seen.0[&lane.lane].len())];
            assert_eq!(rows(&lane.trail), first_six[first_six.len() - 4.min(first_six.len())..], "{device}: at the limit");
        }
        batch.resume(Limits::default()).unwrap();
        batch.advance(4).unwrap();
        batch = Batch::from_bytes(&batch.to_bytes(), &device).unwrap();
        batch.stop().unwrap();
        let stopped = batch.lane(8).unwrap();
        let last = stopped.trail.last().unwrap();
        assert_eq!((stopped.iterations, stopped.last_value.to_bits()), (last.iteration, last.value.to_bits()), "{device}: stopped");
        batch = Batch::from_bytes(&batch.to_bytes(), &device).unwrap();
        batch.resume_stopped().unwrap();
        batch.run().unwrap();
        for lane in batch.drain_finished() {
            assert_eq!(rows(&lane.trail), seen.last(lane.lane, 4), "{device}: gone on");
        }
    }
}
