//! How lanes end whose values may rise.

use manymin::prelude::*;

use super::stretched;
use crate::devices::{bowl, devices, rosenbrock, single, starts_in};

/// Methods whose steps are ten times too long.
fn too_long() -> [Method; 4] {
    let rate = 10.0;
    [
        Momentum { rate, ..Momentum::default() }.into(),
        Nesterov { rate, ..Nesterov::default() }.into(),
        Momentum { rate, restart: Some(Restart::Value), ..Momentum::default() }.into(),
        DeltaBarDelta { rate, step_down: 1.0, ..DeltaBarDelta::default() }.into(),
    ]
}

#[test]
fn steps_too_long_diverge_and_the_start_stays_the_best_point() {
    for device in devices() {
        for method in too_long() {
            let starts = starts_in(3, 0.5, 2.0, 40, 4);
            let outcome = Minimizer::new(method).max_iterations(10_000).minimize(&device, &bowl(3), &starts).unwrap();
            for lane in outcome.iter() {
                assert_eq!(lane.status, Status::Diverged, "{device}, {method:?}: {lane:?}");
                assert!(lane.status.is_failure() && lane.last_value > 1e10, "{device}, {method:?}");
                let start = starts.point(lane.lane);
                let off = lane.point.iter().zip(&start).any(|(a, b)| (a - b).abs() > 1e-6);
                assert!(!off, "{device}, {method:?}: {:?} is not the start {start:?}", lane.point);
            }
        }
        for method in [Method::from(SteepestDescent), ConjugateGradient::default().into()] {
            let minimizer = Minimizer::new(method).line_search(ConstantStep { alpha: 10.0 }).max_iterations(10_000);
            let lane = single(minimizer, &device, &bowl(3), &[1.0, -2.0, 0.5]);
            assert_eq!(lane.status, Status::Diverged, "{device}, {method:?}");
        }
    }
}

#[test]
fn a_run_that_rises_and_falls_is_not_stagnant() {
    // Under-damped: f has a new low every 30 steps or so.
    let method = Momentum { rate: 1e-4, schedule: Schedule::Constant(0.99), ..Momentum::default() };
    for device in devices() {
        let tolerances = Tolerances { gradient_max: 1e-4, ..Tolerances::default() };
        let minimizer = Minimizer::new(method).tolerances(tolerances).max_iterations(10_000);
        let outcome = minimizer.minimize(&device, &stretched(5), &starts_in(5, -2.0, 2.0, 40, 6)).unwrap();
        let counts = outcome.status_counts();
        assert!(outcome.statuses().iter().all(|status| *status == Status::Converged(Test::Gradient)), "{device}: {counts:?}");
    }
}

#[test]
fn the_best_point_is_kept_while_a_lane_goes_on() {
    let method = Momentum { schedule: Schedule::Constant(0.95), ..Momentum::default() };
    for device in devices() {
        let lane = single(Minimizer::new(method).max_iterations(2), &device, &rosenbrock(2), &[-1.2, 1.0]);
        assert!((lane.value - 5.35).abs() < 0.01 && (lane.last_value - 25.54).abs() < 0.02, "{device}: {lane:?}");
        assert_eq!(lane.status, Status::IterationLimit, "{device}");
    }
}

#[test]
fn a_minimum_is_the_end_in_any_precision() {
    // Nothing is asked of the gradient: lanes go as low as their precision lets them.
    let problem = Problem::new(3, |x| 1.0 + x.sum(0..3, |i| (1.0 + i.number()) * (x.at(i) - 0.3).powi(2))).unwrap();
    for device in devices() {
        for (name, method) in super::methods() {
            let method = match method {
                Method::Momentum(momentum) => Momentum { rate: 0.05, ..momentum }.into(),
                Method::Nesterov(nesterov) => Nesterov { rate: 0.05, ..nesterov }.into(),
                Method::DeltaBarDelta(delta) => DeltaBarDelta { rate: 0.05, ..delta }.into(),
                other => other,
            };
            let tolerances = Tolerances { gradient_max: 0.0, ..Tolerances::default() };
            let minimizer = Minimizer::new(method).tolerances(tolerances).max_iterations(5_000);
            let outcome = minimizer.minimize(&device, &problem, &starts_in(3, -1.0, 1.0, 30, 7)).unwrap();
            let counts = outcome.status_counts();
            println!("{name} on {device}: {} steps, {counts:?}", outcome.iterations() / 30);
            assert!(outcome.statuses().iter().all(|status| status.is_success()), "{name} on {device}: {counts:?}");
            assert!(outcome.values().iter().all(|value| (value - 1.0).abs() < 1e-5), "{name} on {device}");
        }
    }
}
