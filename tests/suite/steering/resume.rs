//! Lanes that go on after a limit, or after the host has stopped them.

use manymin::prelude::*;
use manymin::{Error, FloorPolicy, SteerError};

use super::{ends, now, sweep, ways, whole_and_begun};
use crate::devices::{Bits, assert_same, devices, epsilon, minimizer, rosenbrock, starts_in};

fn within(iterations: u32) -> Limits {
    Limits { iterations, ..Limits::default() }
}

#[test]
fn a_limit_of_iterations_leaves_no_trace_when_it_is_raised() {
    let (problem, starts) = sweep(60);
    for (way, method, device) in ways() {
        let minimizer = Minimizer::new(method).max_iterations(40).pool(25);
        let whole = minimizer.start(&device, &problem, &starts).map(ends).unwrap();
        let mut batch = minimizer.max_iterations(0).start(&device, &problem, &starts).unwrap();
        for (k, limit) in [1, 2, 9, 30, 40].into_iter().enumerate() {
            while batch.active() > 0 {
                if k % 2 == 0 { batch.step() } else { batch.run() }.unwrap();
            }
            let before = batch.totals();
            let counts = batch.clone().finish().unwrap().status_counts();
            let at_limit = counts.get(&Status::IterationLimit).copied().unwrap_or(0);
            let resumed = batch.resume(within(limit)).unwrap();
            assert_eq!((resumed, batch.active()), (at_limit, at_limit), "{way}, limit {limit}");
            assert_eq!(batch.totals(), before, "{way}: nothing is evaluated to go on");
        }
        batch.run().unwrap();
        let mut uninterrupted = Minimizer::new(method).max_iterations(40).start(&device, &problem, &starts).unwrap();
        uninterrupted.run().unwrap();
        assert_eq!(batch.evaluations(), uninterrupted.evaluations(), "{way}: nothing is evaluated twice");
        assert_same(&whole, &ends(batch), &way);
    }
}

#[test]
fn what_stops_at_the_floor_does_so_at_a_limit_too() {
    let (problem, starts) = (rosenbrock(4), starts_in(4, -2.0, 2.0, 40, 3));
    let tolerances = Tolerances { gradient_max: 0.0, floor_policy: FloorPolicy::Stop, ..Tolerances::default() };
    for device in devices() {
        let start = |limit| minimizer().tolerances(tolerances).max_iterations(limit).start(&device, &problem, &starts).unwrap();
        let whole = ends(start(500));
        let mut batch = start(1);
        for limit in 2..80 {
            batch.run().unwrap();
            batch.resume(within(limit)).unwrap();
        }
        batch.run().unwrap();
        batch.resume(within(500)).unwrap();
        assert_same(&whole, &ends(batch), &format!("{device}"));
    }
}

#[test]
fn a_limit_of_evaluations_is_raised_in_the_middle_of_a_search() {
    let (problem, starts) = sweep(60);
    for (way, method, device) in ways() {
        let start =
            |evaluations| Minimizer::new(method).max_evaluations(evaluations).max_iterations(60).start(&device, &problem, &starts).unwrap();
        let whole = ends(start(u32::MAX));
        let (mut same, mut all) = (0, 0);
        for evaluations in [1, 2, 3, 5, 8, 21] {
            let mut batch = start(evaluations);
            batch.run().unwrap();
            let before = batch.clone().finish().unwrap();
            assert!(before.iter().all(|lane| lane.evaluations <= evaluations), "{way}");
            batch.resume(Limits { iterations: 60, evaluations: u32::MAX }).unwrap();
            batch.run().unwrap();
            let outcome = batch.finish().unwrap();
            assert_eq!(outcome.status_counts().get(&Status::EvaluationLimit), None, "{way}");
            let after = Bits::all(&outcome);
            for (lane, bits) in outcome.iter().zip(&after) {
                let was = before.lane(lane.lane);
                // Eight units and one for each of four terms.
                let noise = 12.0 * epsilon(&device) * was.value.abs().max(1.0);
                assert!(lane.evaluations >= was.evaluations && lane.value <= was.value + noise, "{way}: {lane:?} after {was:?}");
                all += 1;
                same += usize::from(*bits == whole[lane.lane]);
            }
            if evaluations == 1 {
                assert_same(&whole, &after, &format!("{way}: after the start's own evaluation"));
            }
        }
        // Those whose search was cut before it had found anything, or just after its end, go on as if nothing had been.
        assert!(3 * same >= all, "{way}: {same} of {all} lanes end as without a limit");
    }
}

#[test]
fn a_stopped_run_goes_on_as_if_it_had_not_been() {
    let (problem, starts) = sweep(60);
    for (way, method, device) in ways() {
        let minimizer = Minimizer::new(method).max_evaluations(50).pool(25);
        let (whole, mut batch) = whole_and_begun(&minimizer, &device, &problem, &starts);
        for k in 0..6 {
            let active = batch.active();
            batch.stop().unwrap();
            assert_eq!(batch.active(), 0, "{way}");
            assert_eq!(batch.clone().finish().unwrap().status_counts().get(&Status::Stopped), Some(&active), "{way}");
            assert_eq!(batch.resume_stopped().unwrap(), active, "{way}");
            if k % 2 == 0 { batch.advance(3) } else { batch.step() }.unwrap();
        }
        assert_same(&whole, &ends(batch), &way);
    }
}

#[test]
fn what_a_monitor_has_stopped_goes_on() {
    let (problem, starts) = (rosenbrock(3), starts_in(3, -2.0, 2.0, 100, 4));
    for device in devices() {
        let (whole, mut batch) = whole_and_begun(&minimizer(), &device, &problem, &starts);
        let mut steps = 0;
        let mut third = |_: &mut Step| {
            steps += 1;
            if steps == 3 { Control::Stop } else { Control::Continue }
        };
        batch.run_with(&mut [&mut third]).unwrap();
        assert_eq!(batch.active(), 0);
        assert!(batch.resume_stopped().unwrap() > 0, "{device}");
        assert_same(&whole, &ends(batch), &format!("{device}"));
    }
}

#[test]
fn a_branch_goes_on_and_the_batch_does_not() {
    let (problem, starts) = (rosenbrock(3), starts_in(3, -2.0, 2.0, 50, 5));
    for device in devices() {
        let whole = minimizer().start(&device, &problem, &starts).map(ends).unwrap();
        let mut batch = minimizer().max_iterations(6).start(&device, &problem, &starts).unwrap();
        batch.run().unwrap();
        let (short, evaluations) = (now(&batch), batch.evaluations());
        let mut branch = batch.clone();
        branch.resume(Limits::default()).unwrap();
        assert_same(&whole, &ends(branch), &format!("{device}: the branch"));
        assert_eq!((batch.active(), batch.evaluations()), (0, evaluations), "{device}");
        assert_same(&short, &now(&batch), &format!("{device}: the batch"));
        batch.resume(Limits::default()).unwrap();
        assert_same(&whole, &ends(batch), &format!("{device}: and later"));
    }
}

#[test]
fn lanes_that_were_handed_out_are_gone_and_their_counts_stay() {
    for device in devices() {
        let mut batch = minimizer().max_iterations(4).start(&device, &rosenbrock(3), &starts_in(3, -2.0, 2.0, 50, 6)).unwrap();
        batch.run().unwrap();
        let (drained, totals) = (batch.drain_finished(), batch.totals());
        assert_eq!(drained.len(), 50);
        assert_eq!(batch.resume(Limits::default()).unwrap(), 0, "{device}");
        assert_eq!((batch.totals(), batch.active()), (totals, 0), "{device}");
    }
}

#[test]
fn what_is_not_to_go_on_is_not_kept() {
    for device in devices() {
        let start = |resumable| {
            let minimizer = minimizer().max_iterations(4).resumable(resumable);
            minimizer.start(&device, &rosenbrock(3), &starts_in(3, -2.0, 2.0, 50, 7)).unwrap()
        };
        let (mut with, mut without) = (start(true), start(false));
        for batch in [&mut with, &mut without] {
            batch.advance(3).unwrap();
            batch.clone().stop().unwrap();
            batch.run().unwrap();
        }
        assert_same(&now(&with), &now(&without), &format!("{device}"));
        assert_eq!(without.resume(Limits::default()), Err(Error::Steer(SteerError::NotResumable)));
        assert_eq!(without.resume_stopped(), Err(Error::Steer(SteerError::NotResumable)));
        assert!(with.resume(Limits::default()).unwrap() > 0);
    }
}
