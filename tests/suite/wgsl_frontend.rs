//! Objectives in WGSL that become programs: what they compute, and what is said of those that can't.

mod carried;
mod flow;
mod mutated;
mod numbers;
#[cfg(feature = "gpu")]
mod on_device;
mod problems;
mod random;
mod refused;

use manymin::prelude::*;

/// What a text must compute: its value at a point with parameters.
type Oracle = fn(&[f64], &[f64]) -> f64;

/// The program and the oracle round differently: a few dozen operations of 1e-16 each, relative to the largest term.
const AGREEMENT: f64 = 1e-12;

/// What `check_gradient` promises for a correct gradient of a smooth function.
const DIFFERENCES: f64 = 1e-5;

fn built(text: &str) -> Problem {
    Problem::from_wgsl(text).unwrap_or_else(|error| panic!("{error}\nin\n{text}"))
}

/// Points in [-2, 2]^n that nothing in the texts has a kink at.
fn points(n: usize) -> impl Iterator<Item = Vec<f64>> {
    (0..4).map(move |k| (0..n).map(|i| 2.0 * ((1.7 * i as f64 + 2.3 * f64::from(k) + 0.4).sin())).collect())
}

/// The value of `text` is that of `oracle`, and its gradient that of its value.
fn agrees(text: &str, oracle: Oracle) {
    assert_agrees(&built(text), text, oracle);
}

fn assert_agrees(problem: &Problem, text: &str, oracle: Oracle) {
    let parameters: Vec<f64> = (0..problem.parameters()).map(|k| 0.5 + k as f64).collect();
    for x in points(problem.dimension()) {
        let at = problem.evaluate(&x, &parameters).unwrap();
        let value = oracle(&x, &parameters);
        let size = at.scale.max(value.abs()).max(1.0);
        assert!((at.value - value).abs() <= AGREEMENT * size, "{} for {value} at {x:?} in\n{text}", at.value);
        let check = problem.check_gradient(&x, &parameters).unwrap();
        assert!(check.error < DIFFERENCES, "{check:?} at {x:?} in\n{text}");
    }
}

/// `agrees` for a body of `objective` with a point of three components and two parameters.
fn body_agrees(body: &str, oracle: Oracle) {
    agrees(&format!("fn objective(x: array<f32, 3>, p: array<f32, 2>) -> f32 {{\n{body}\n}}"), oracle);
}

/// Panics unless the program is a valid shader, after the least that an engine puts around it.
fn valid_shader(name: &str, problem: &Problem) {
    crate::shader_text::validate(name, problem);
}
