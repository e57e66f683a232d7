//! Settings out of range.

use manymin::Error;
use manymin::prelude::*;

use super::stretched;
use crate::devices::starts_in;

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let momentum = |schedule| Method::from(Momentum { schedule, ..Momentum::default() });
    let cases: [(Method, &str); 18] = [
        (ConjugateGradient { orthogonality: 0.0, ..ConjugateGradient::default() }.into(), "orthogonality"),
        (ConjugateGradient { orthogonality: f64::NAN, ..ConjugateGradient::default() }.into(), "orthogonality"),
        (Momentum { rate: 0.0, ..Momentum::default() }.into(), "rate"),
        (Nesterov { rate: f64::NAN, ..Nesterov::default() }.into(), "rate"),
        (Nesterov { rate: -1.0, ..Nesterov::default() }.into(), "rate"),
        (DeltaBarDelta { rate: f64::INFINITY, ..DeltaBarDelta::default() }.into(), "rate"),
        (momentum(Schedule::Constant(1.5)), "schedule"),
        (momentum(Schedule::Convex { q: -0.1, burn_in: 0 }), "q"),
        (momentum(Schedule::Switch { low: -0.1, high: 0.5, at: 3 }), "low"),
        (momentum(Schedule::Switch { low: 0.1, high: f64::NAN, at: 3 }), "high"),
        (momentum(Schedule::Ramp { low: 0.1, high: 2.0, steps: 9 }), "high"),
        (momentum(Schedule::Ramp { low: 0.1, high: 0.9, steps: 2 }), "steps"),
        (DeltaBarDelta { step_up: StepUp::Times(0.9), ..DeltaBarDelta::default() }.into(), "step_up"),
        (DeltaBarDelta { step_up: StepUp::Plus(0.0), ..DeltaBarDelta::default() }.into(), "step_up"),
        (DeltaBarDelta { step_down: 0.0, ..DeltaBarDelta::default() }.into(), "step_down"),
        (DeltaBarDelta { step_down: 1.1, ..DeltaBarDelta::default() }.into(), "step_down"),
        (DeltaBarDelta { weight: 1.0, ..DeltaBarDelta::default() }.into(), "weight"),
        (DeltaBarDelta { weight: f64::NAN, ..DeltaBarDelta::default() }.into(), "weight"),
    ];
    for (method, name) in cases {
        match Minimizer::new(method).start(&Device::cpu(Precision::F32), &stretched(2), &starts_in(2, -1.0, 1.0, 3, 1)) {
            Err(Error::Setting { name: refused, .. }) => assert_eq!(refused, name, "{method:?}"),
            other => panic!("{method:?}: {:?}", other.map(|batch| batch.active())),
        }
    }
}

#[test]
fn a_method_takes_the_memory_that_it_needs() {
    let bytes = |method: Method| Minimizer::new(method).bytes_per_lane(&Device::cpu(Precision::F64), &stretched(1_000));
    let (lbfgs, gradients) = (bytes(Lbfgs::default().into()), bytes(ConjugateGradient::default().into()));
    assert_eq!(lbfgs - gradients, 8 * (16 * 1_000 + 8), "eight pairs, and their products");
    assert_eq!(bytes(DeltaBarDelta::default().into()) - gradients, 8 * 2 * 1_000, "gains and averages");
}
