//! Objectives that become others under a run: parameters and data.

use manymin::prelude::*;
use nalgebra::DMatrix;

use super::{assert_others_same, ends, now};
use crate::devices::{Bits, devices, epsilon, minimizer, starts_in};

/// sum a_i (x_i - p)^2 with a_i the data.
fn shifted() -> (Problem, Starts) {
    let problem = Problem::builder(4)
        .parameters(1)
        .data("weights", &[1.0, 2.0, 3.0, 4.0])
        .data("unused", &[1.0, 2.0])
        .build(|x, c| {
            let (a, b) = (c.data("weights"), c.data("unused"));
            b.at(0) - b.at(1) + 1.0 + x.sum(0..4, |i| a.at(i) * (x.at(i) - c.parameter(0)).powi(2))
        })
        .unwrap();
    (problem, starts_in(4, -2.0, 2.0, 60, 41).with_parameters(DMatrix::from_element(1, 60, 1.0)))
}

#[test]
fn changed_parameters_reach_the_value() {
    let (problem, starts) = shifted();
    for device in devices() {
        let mut batch = minimizer().pool(25).start(&device, &problem, &starts).unwrap();
        let whole = ends(batch.clone());
        batch.step().unwrap();
        batch.pause(&[3]).unwrap();
        // Under way, paused, queued.
        let lanes = [1, 3, 50];
        let before: Vec<LaneResult> = lanes.iter().map(|&lane| batch.lane(lane).unwrap()).collect();
        for (lane, history) in lanes.into_iter().zip([Memory::Keep, Memory::Clear, Memory::Keep]) {
            batch.set_parameters(lane, &[3.0], history).unwrap();
        }
        batch.unpause(&[3]).unwrap();
        batch.advance(1).unwrap();
        let after = batch.summary(1).unwrap();
        let expected = problem.evaluate(&before[0].last_point, &[3.0]).unwrap();
        // Four terms.
        assert!((after.value - expected.value).abs() <= 16.0 * epsilon(&device) * expected.scale, "{device}: {after:?}, {expected:?}");
        assert!(batch.lane(1).unwrap().value >= after.value, "{device}: the best before was of another objective");
        batch.run().unwrap();
        for lane in lanes {
            let result = batch.lane(lane).unwrap();
            assert!(result.status.is_success() && result.point.iter().all(|x| (x - 3.0).abs() < 1e-4), "{device}: {result:?}");
        }
        assert_others_same(&whole, &now(&batch), &lanes, &format!("{device}"));
        let outcome = batch.finish().unwrap();
        assert!(outcome.certify(50).unwrap().value < 1e-6, "{device}: by its own parameters");
        assert!(outcome.polish(&[1]).unwrap()[0].value < 1e-12, "{device}");
    }
}

#[test]
fn changed_data_reach_every_lane() {
    let (problem, starts) = shifted();
    let weights = [4.0, 3.0, 2.0, 0.5];
    for device in devices() {
        for history in [Memory::Keep, Memory::Clear] {
            let mut batch = minimizer().pool(25).start(&device, &problem, &starts).unwrap();
            batch.step().unwrap();
            batch.pause(&[3]).unwrap();
            let before = batch.clone().finish().unwrap();
            let (mut branch, evaluations) = (batch.clone(), batch.evaluations());
            batch.set_data("weights", &weights, history).unwrap();
            assert_eq!(batch.evaluations(), evaluations, "{device}");
            batch.unpause(&[3]).unwrap();
            batch.advance(1).unwrap();
            let sum = |point: &[f64]| point.iter().zip(weights).map(|(x, a)| a * (x - 1.0).powi(2)).sum::<f64>();
            for lane in (0..20).filter(|&lane| before.statuses()[lane].is_active()) {
                let (now, was) = (batch.summary(lane).unwrap(), before.lane(lane));
                let expected = sum(&was.last_point);
                assert_eq!((now.evaluations, now.iteration), (was.evaluations + 1, was.iterations), "{device}");
                assert!((now.value - expected).abs() <= 16.0 * epsilon(&device) * (expected + 2.0), "{device}: {now:?}, {expected}");
            }
            batch.run().unwrap();
            assert!(batch.finish().unwrap().statuses().iter().all(|status| status.is_success()), "{device}");
            // The branch has the data that it had.
            branch.unpause(&[3]).unwrap();
            let whole = minimizer().pool(25).start(&device, &problem, &starts).map(ends).unwrap();
            crate::devices::assert_same(&whole, &ends(branch), &format!("{device}: the branch"));
        }
    }
}

#[test]
fn what_has_ended_keeps_its_result_and_what_is_resumed_is_evaluated_anew() {
    let (problem, starts) = shifted();
    for device in devices() {
        let mut batch = minimizer().max_iterations(2).start(&device, &problem, &starts).unwrap();
        batch.run().unwrap();
        let before = now(&batch);
        batch.set_data("weights", &[4.0, 3.0, 2.0, 0.5], Memory::Clear).unwrap();
        assert!(before == now(&batch), "{device}");
        let count = batch.resume(Limits::default()).unwrap();
        assert!(count > 0 && batch.active() == count, "{device}");
        batch.run().unwrap();
        let outcome = batch.finish().unwrap();
        assert!(outcome.statuses().iter().all(|status| status.is_success()), "{device}");
        assert!(outcome.iter().all(|lane| lane.point.iter().all(|x| (x - 1.0).abs() < 1e-3)), "{device}");
    }
}

#[test]
fn a_restart_is_by_the_parameters_that_were_last_set() {
    let (problem, starts) = shifted();
    for device in devices() {
        let mut batch = minimizer().start(&device, &problem, &starts).unwrap();
        batch.step().unwrap();
        batch.set_parameters(7, &[2.0], Memory::Clear).unwrap();
        batch.run().unwrap();
        let first = batch.lane(7).unwrap();
        batch.restart(&[7]).unwrap();
        batch.run().unwrap();
        let again = batch.lane(7).unwrap();
        let parameters = DMatrix::from_fn(1, 60, |_, lane| if lane == 7 { 2.0 } else { 1.0 });
        let alone = minimizer().minimize(&device, &problem, &starts.clone().with_parameters(parameters)).unwrap();
        assert_eq!(Bits::of(&again), Bits::of(&alone.lane(7)), "{device}");
        assert!(first.point.iter().all(|x| (x - 2.0).abs() < 1e-3), "{device}");
    }
}
