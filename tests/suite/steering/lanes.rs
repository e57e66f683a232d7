//! Lanes that leave the run for a while, or begin again.

use manymin::prelude::*;

use super::{assert_others_same, ends, now, sweep, ways, whole_and_begun};
use crate::devices::{Bits, assert_same, devices, minimizer, rosenbrock, starts_at, starts_in};

#[test]
fn a_pause_changes_no_bit() {
    let (problem, starts) = sweep(60);
    for (way, method, device) in ways() {
        let minimizer = Minimizer::new(method).max_evaluations(50).pool(25);
        let (whole, mut batch) = whole_and_begun(&minimizer, &device, &problem, &starts);
        let mut paused: Vec<usize> = Vec::new();
        for k in 0..8 {
            if k % 2 == 0 { batch.advance(2) } else { batch.step() }.unwrap();
            let summaries = batch.clone().finish().unwrap();
            let going = |lane: &usize| summaries.statuses()[*lane].is_active();
            let more: Vec<usize> = (0..60).filter(going).filter(|lane| (lane + k) % 3 == 0).collect();
            let before = (now(&batch), batch.totals(), batch.best().value.to_bits());
            batch.pause(&more).unwrap();
            paused.extend(more);
            paused.sort_unstable();
            paused.dedup();
            assert_eq!(batch.paused(), paused, "{way}");
            assert_eq!(before, (now(&batch), batch.totals(), batch.best().value.to_bits()), "{way}: seen as they stand");
            assert_eq!(batch.active(), summaries.status_counts().get(&Status::Active).map_or(0, |count| count - paused.len()));
            let back: Vec<usize> = paused.iter().copied().filter(|lane| lane % 2 == k % 2).collect();
            batch.unpause(&back).unwrap();
            paused.retain(|lane| !back.contains(lane));
        }
        batch.run().unwrap();
        assert_eq!(batch.active(), 0, "{way}: the loop ends without those that are paused");
        assert!(paused.iter().all(|&lane| batch.summary(lane).unwrap().status.is_active()));
        batch.unpause(&paused).unwrap();
        assert_same(&whole, &ends(batch), &way);
    }
}

#[test]
fn a_paused_lane_evaluates_nothing_and_takes_no_place() {
    for device in devices() {
        let mut batch = minimizer().pool(10).start(&device, &rosenbrock(3), &starts_in(3, -2.0, 2.0, 30, 8)).unwrap();
        batch.step().unwrap();
        let lane = batch.summaries().unwrap().iter().find(|s| s.status.is_active() && s.evaluations > 0).unwrap().lane;
        let at = batch.summary(lane).unwrap();
        batch.pause(&[lane]).unwrap();
        let summaries = batch.summaries().unwrap();
        assert_eq!(summaries.iter().filter(|s| s.status.is_active()).count(), 11, "{device}: another has its place");
        batch.run().unwrap();
        let still = batch.summary(lane).unwrap();
        // The norm is of the same gradient, computed on the host.
        assert!((still.gradient_norm / at.gradient_norm - 1.0).abs() < 1e-6, "{device}");
        let mut but_for_it = still;
        but_for_it.gradient_norm = at.gradient_norm;
        assert_eq!(but_for_it, at, "{device}");
        assert!(batch.summaries().unwrap().iter().any(|s| s.lane == lane), "{device}: it is shown");
    }
}

#[test]
fn stopped_lanes_end_where_they_are_and_the_others_go_on() {
    let (problem, starts) = sweep(60);
    for device in devices() {
        let minimizer = minimizer().pool(25);
        let (whole, mut batch) = whole_and_begun(&minimizer, &device, &problem, &starts);
        batch.step().unwrap();
        batch.step().unwrap();
        batch.pause(&[2]).unwrap();
        let lanes = [0, 1, 2, 58];
        let before = now(&batch);
        batch.stop_lanes(&lanes).unwrap();
        assert_others_same(&before, &now(&batch), &lanes, "the others");
        let stopped = batch.clone().finish().unwrap();
        for lane in lanes {
            let end = stopped.lane(lane);
            assert_eq!(end.status, Status::Stopped, "{device}");
            assert_eq!(end.last_point, batch.lane(lane).unwrap().last_point, "{device}");
        }
        assert_eq!(stopped.lane(58).point, starts.point(58), "{device}: one that had not started");
        assert!(batch.summaries().unwrap().iter().any(|s| s.lane == 0 && s.status == Status::Stopped), "{device}: its end is told");
        batch.run().unwrap();
        assert_others_same(&whole, &now(&batch), &lanes, &format!("{device}"));
        assert_eq!(batch.resume_stopped().unwrap(), lanes.len(), "{device}");
        assert_same(&whole, &ends(batch), &format!("{device}: they go on"));
    }
}

#[test]
fn a_restarted_lane_does_it_all_again() {
    let (problem, starts) = sweep(60);
    for device in devices() {
        let minimizer = minimizer().max_iterations(30).pool(25);
        let (whole, mut batch) = whole_and_begun(&minimizer, &device, &problem, &starts);
        (0..4).for_each(|_| batch.step().unwrap());
        batch.pause(&[2]).unwrap();
        let before = batch.totals();
        batch.restart(&[0, 1, 2, 59]).unwrap();
        assert_eq!(batch.totals(), before, "{device}: work that was done stays counted");
        assert_eq!((batch.summary(0).unwrap().evaluations, batch.paused()), (0, vec![2]), "{device}");
        batch.unpause(&[2]).unwrap();
        batch.run().unwrap();
        assert_same(&whole, &now(&batch), &format!("{device}: under way"));
        let (once, lanes) = (batch.totals(), batch.clone().finish().unwrap());
        assert!(once.evaluations > lanes.iter().map(|lane| u64::from(lane.evaluations)).sum::<u64>(), "{device}");
        let again: Vec<usize> = (0..60).step_by(2).collect();
        batch.restart(&again).unwrap();
        assert_eq!(batch.active(), again.len(), "{device}: ended ones too");
        assert!(again.iter().all(|&lane| batch.lane(lane).unwrap().status.is_active()));
        batch.run().unwrap();
        let twice: u64 = again.iter().map(|&lane| u64::from(lanes.lane(lane).evaluations)).sum();
        assert_eq!(batch.evaluations(), once.evaluations + twice, "{device}");
        assert_same(&whole, &ends(batch), &format!("{device}: ended"));
    }
}

#[test]
fn a_lane_that_was_stopped_before_it_started_may_start_after_all() {
    let (problem, starts) = sweep(60);
    for device in devices() {
        let whole = minimizer().start(&device, &problem, &starts).map(ends).unwrap();
        let mut batch = minimizer().pool(10).start(&device, &problem, &starts).unwrap();
        batch.step().unwrap();
        batch.stop().unwrap();
        let never: Vec<usize> = (0..60).filter(|&lane| batch.summary(lane).unwrap().evaluations == 0).collect();
        assert!(never.len() >= 40, "{device}");
        batch.restart(&never[..20]).unwrap();
        assert_eq!(batch.active(), 20, "{device}");
        batch.run().unwrap();
        let outcome = batch.clone().finish().unwrap();
        for (k, &lane) in never.iter().enumerate() {
            assert_eq!(outcome.statuses()[lane] == Status::Stopped, k >= 20, "{device}, lane {lane}");
        }
        batch.resume_stopped().unwrap();
        assert_same(&whole, &ends(batch), &format!("{device}"));
    }
}

#[test]
fn a_replaced_lane_is_one_that_has_started_there() {
    let problem = rosenbrock(2);
    let points: [&[f64]; 4] = [&[-1.2, 1.0], &[0.5, 0.5], &[2.0, -2.0], &[-1.0, -1.0]];
    for device in devices() {
        let expected = minimizer().start(&device, &problem, &starts_at(&[&[3.0, 2.0]])).map(ends).unwrap().remove(0);
        for moment in ["queued", "under way", "paused", "ended"] {
            let mut batch = minimizer().pool(2).start(&device, &problem, &starts_at(&points)).unwrap();
            let lane = if moment == "queued" { 3 } else { 1 };
            match moment {
                "ended" => batch.run().unwrap(),
                _ => batch.step().unwrap(),
            }
            if moment == "paused" {
                batch.pause(&[lane]).unwrap();
            }
            batch.replace(lane, &[3.0, 2.0]).unwrap();
            assert_eq!(
                (batch.summary(lane).unwrap().evaluations, batch.lane(lane).unwrap().point),
                (0, vec![3.0, 2.0]),
                "{device}, {moment}"
            );
            batch.unpause(&batch.paused()).unwrap();
            batch.run().unwrap();
            let outcome = batch.finish().unwrap();
            assert_eq!(Bits::of(&outcome.lane(lane)), expected.clone().numbered(lane), "{device}, {moment}");
            assert!(outcome.certify(lane).is_ok() && outcome.polish(&[lane]).is_ok());
        }
    }
}

#[cfg(feature = "gpu")]
#[test]
fn a_device_that_fails_takes_no_change_with_it() {
    let (problem, starts) = sweep(100);
    let gpu = crate::devices::gpu();
    let steer = |batch: &mut Batch| {
        batch.advance(5).unwrap();
        batch.pause(&[3, 80]).unwrap();
        batch.set_point(5, &[1.5; 4], Memory::Clear).unwrap();
        batch.set_parameters(6, &[20.0, 1.0], Memory::Clear).unwrap();
        batch.replace(7, &[0.5; 4]).unwrap();
        batch.set_lane_limits(8, Limits { iterations: 7, ..Limits::default() }).unwrap();
        batch.restart(&[9]).unwrap();
    };
    let mut expected = minimizer().pool(60).start(&gpu, &problem, &starts).unwrap();
    steer(&mut expected);
    expected.unpause(&[3, 80]).unwrap();
    let expected = ends(expected);
    let lost = Device::adapter(&gpu.info().name).unwrap();
    let mut batch = minimizer().pool(60).start(&lost, &problem, &starts).unwrap();
    steer(&mut batch);
    batch.advance(3).unwrap();
    manymin::probe::destroy(&lost);
    assert!(
        batch.run().is_err() && batch.pause(&[10]).is_err() && batch.set_limits(Limits { iterations: 9, ..Limits::default() }).is_err()
    );
    assert_eq!(batch.paused(), [3, 80], "what could not be done was not done");
    batch.move_to(&gpu).unwrap();
    batch.unpause(&[3, 80]).unwrap();
    assert_same(&expected, &ends(batch), "as if the device had not failed");
}
