//! Momentum step by step, and what restarts do.

use manymin::prelude::*;

use super::stretched;
use crate::devices::{devices, epsilon, single, starts_at};

/// mu of the first steps of a lane, as its summary tells.
fn told(device: &Device, method: impl Into<Method>, steps: usize) -> Vec<f64> {
    let start: &[f64] = &[1.0, -1.0, 0.5];
    let minimizer = Minimizer::new(method).tolerances(Tolerances { gradient_max: 0.0, ..Tolerances::default() });
    let mut batch = minimizer.start(device, &stretched(3), &starts_at(&[start])).unwrap();
    let mut step = || {
        batch.step().unwrap();
        batch.summaries().unwrap()[0].mu
    };
    (0..steps).map(|_| step()).collect()
}

#[test]
fn the_summary_tells_the_momentum_of_each_step() {
    // mu of step t by its formula, from t = 1.
    let convex = |q: f64, steps: usize| {
        let mut theta = 1.0_f64;
        let mut step = || {
            // theta_t as the positive root of theta^2 + (theta_{t-1}^2 - q) theta - theta_{t-1}^2.
            let (b, c) = (theta * theta - q, -theta * theta);
            let next = (-b + (b * b - 4.0 * c).sqrt()) / 2.0;
            let mu = theta * (1.0 - theta) / (theta * theta + next);
            theta = next;
            mu
        };
        (0..steps).map(|_| step()).collect::<Vec<f64>>()
    };
    let from =
        |first: f64, f: &dyn Fn(f64) -> f64| -> Vec<f64> { std::iter::once(first).chain((2..=12).map(|t| f(f64::from(t)))).collect() };
    let lagged: Vec<f64> = [0.0; 3].into_iter().chain(convex(0.1, 9)).collect();
    let cases: [(Schedule, bool, Vec<f64>); 8] = [
        (Schedule::Constant(0.7), false, from(0.0, &|_| 0.7)),
        (Schedule::Constant(0.7), true, from(0.7, &|_| 0.7)),
        (Schedule::Convex { q: 0.0, burn_in: 0 }, false, convex(0.0, 12)),
        (Schedule::Convex { q: 0.1, burn_in: 4 }, false, lagged),
        (Schedule::Approximate { burn_in: 0 }, false, from(0.0, &|t| 1.0 - 3.0 / (t + 5.0))),
        (Schedule::Approximate { burn_in: 3 }, true, from(0.0, &|t| if t <= 3.0 { 0.0 } else { 1.0 - 3.0 / (t - 3.0 + 5.0) })),
        (Schedule::Switch { low: 0.2, high: 0.6, at: 5 }, true, from(0.2, &|t| if t < 5.0 { 0.2 } else { 0.6 })),
        (Schedule::Ramp { low: 0.1, high: 0.8, steps: 9 }, false, from(0.0, &|t| 0.1 + 0.7 * ((t - 2.0) / 7.0).min(1.0))),
    ];
    for device in devices() {
        for (schedule, first, expected) in &cases {
            let (schedule, first) = (*schedule, *first);
            for mu in [
                told(&device, Momentum { schedule, first, ..Momentum::default() }, 12),
                told(&device, Nesterov { schedule, first, ..Nesterov::default() }, 12),
            ] {
                let off = mu.iter().zip(expected).any(|(a, b)| (a - b).abs() > 8.0 * epsilon(&device));
                assert!(!off, "{device}, {schedule:?}: {mu:?}, not {expected:?}");
            }
        }
        assert_eq!(told(&device, ConjugateGradient::default(), 2), [0.0; 2], "{device}: no momentum");
    }
}

#[test]
fn a_weighted_first_step_is_shorter_and_nesterovs_longer() {
    for device in devices() {
        let start: &[f64] = &[1.0, 0.0, 0.0];
        let moved = |method: Method| 1.0 - single(Minimizer::new(method).max_iterations(1), &device, &stretched(3), start).last_point[0];
        let (rate, schedule) = (0.125, Schedule::Constant(0.5));
        let near = 4.0 * epsilon(&device);
        let momentum = Momentum { rate, schedule, first: true, ..Momentum::default() };
        assert!((moved(momentum.into()) - 0.125).abs() <= near, "{device}: there is no velocity yet");
        assert!((moved(Momentum { weighted: true, ..momentum }.into()) - 0.0625).abs() <= near, "{device}");
        assert!((moved(Nesterov { rate, schedule, first: true, ..Nesterov::default() }.into()) - 0.1875).abs() <= near, "{device}");
    }
}

#[test]
fn restarts_end_the_oscillations_of_a_momentum_too_large() {
    // Condition 400: momentum grows beyond what it wants.
    let (problem, start) = (stretched(20), [1.0; 20]);
    for device in devices() {
        let lane = |restart| {
            let method = Nesterov { rate: 1.0 / 400.0, restart, restart_wait: 5, ..Nesterov::default() };
            let tolerances = Tolerances { gradient_max: 1e-4, ..Tolerances::default() };
            single(Minimizer::new(method).tolerances(tolerances).max_iterations(3_000), &device, &problem, &start)
        };
        let without = lane(None);
        assert_eq!(without.restarts, 0, "{device}");
        for restart in [Restart::Value, Restart::Gradient, Restart::Speed] {
            let with = lane(Some(restart));
            assert_eq!(with.status, Status::Converged(Test::Gradient), "{device}, {restart:?}");
            assert!(with.restarts > 0, "{device}, {restart:?}");
            println!("{device}, {restart:?}: {} steps, {} restarts; {} without", with.iterations, with.restarts, without.iterations);
            assert!(2 * with.iterations <= without.iterations, "{device}, {restart:?}: {} and {}", with.iterations, without.iterations);
        }
    }
}
