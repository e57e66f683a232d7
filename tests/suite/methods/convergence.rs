//! Each method reaches minima within so many steps, on every device.

use manymin::prelude::*;

use super::{distance, stretched};
use crate::devices::{devices, rosenbrock, starts_in};

const LANES: usize = 60;

/// All lanes end as successes, and take so many steps on average.
fn converges(method: impl Into<Method>, problem: &Problem, mean: f64, minimum: f64, near: f64, what: &str) {
    let (n, method) = (problem.dimension(), method.into());
    for device in devices() {
        let starts = starts_in(n, -2.0, 2.0, LANES, 8);
        let minimizer = Minimizer::new(method).max_iterations(5_000).tolerances(Tolerances { gradient_max: 1e-3, ..Tolerances::default() });
        let outcome = minimizer.minimize(&device, problem, &starts).unwrap();
        let (steps, counts) = (outcome.iterations() as f64 / LANES as f64, outcome.status_counts());
        println!("{what} on {device}: {steps} steps, {} evaluations", outcome.evaluations() as f64 / LANES as f64);
        assert!(outcome.statuses().iter().all(|status| status.is_success()), "{what} on {device}: {counts:?}");
        assert!(steps <= mean, "{what} on {device}: {steps} steps");
        for lane in outcome.iter() {
            assert!(distance(&lane.point, &vec![minimum; n]) <= near, "{what} on {device}: {:?}", lane.point);
        }
    }
}

#[test]
fn conjugate_gradients_solve_quadratics_in_about_as_many_steps_as_components() {
    for update in [CgUpdate::PolakRibierePlus, CgUpdate::HestenesStiefel, CgUpdate::HagerZhang] {
        converges(ConjugateGradient { update, ..ConjugateGradient::default() }, &stretched(10), 30.0, 0.0, 2e-3, &format!("{update:?}"));
    }
    for update in [CgUpdate::FletcherReeves, CgUpdate::DaiYuan] {
        let settings = ConjugateGradient { update, every: 10, ..ConjugateGradient::default() };
        converges(settings, &stretched(10), 60.0, 0.0, 2e-3, &format!("{update:?}"));
    }
}

#[test]
fn conjugate_gradients_follow_the_valley() {
    for update in [CgUpdate::PolakRibierePlus, CgUpdate::HagerZhang] {
        converges(ConjugateGradient { update, ..ConjugateGradient::default() }, &rosenbrock(2), 60.0, 1.0, 1e-2, &format!("{update:?}"));
    }
}

#[test]
fn plainer_methods_are_slower() {
    let rate = 1.0 / 100.0;
    converges(SteepestDescent, &stretched(10), 400.0, 0.0, 2e-3, "steepest descent");
    converges(Momentum { rate, ..Momentum::default() }, &stretched(10), 300.0, 0.0, 2e-3, "momentum");
    let restart = Some(Restart::Gradient);
    converges(Nesterov { rate, restart, ..Nesterov::default() }, &stretched(10), 200.0, 0.0, 2e-3, "Nesterov");
    converges(DeltaBarDelta { rate: 1e-3, ..DeltaBarDelta::default() }, &stretched(10), 200.0, 0.0, 2e-3, "delta-bar-delta");
}

#[test]
fn every_method_takes_a_line_search() {
    let search = SlopeSearch::default();
    for (name, method) in super::methods() {
        for device in devices() {
            let outcome = Minimizer::new(method)
                .line_search(search)
                .max_iterations(3_000)
                .tolerances(Tolerances { gradient_max: 1e-3, ..Tolerances::default() })
                .minimize(&device, &stretched(5), &starts_in(5, -2.0, 2.0, 30, 9))
                .unwrap();
            let counts = outcome.status_counts();
            assert!(outcome.statuses().iter().all(|status| status.is_success()), "{name} on {device}: {counts:?}");
            for lane in outcome.iter() {
                assert!(lane.last_value <= lane.value + 1e-5, "{name} on {device}: a search goes down");
            }
        }
    }
}
