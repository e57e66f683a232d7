//! Objectives of every kind, each with an oracle of its own: a plain Rust function over dual numbers.

mod folds;
mod loops;
mod models;
mod operations;
mod singular;

use manymin::prelude::*;
pub(crate) use models::lennard_jones_problem;
use num_dual::{Dual64, DualNum, HyperDual64};

/// What oracles compute with.
pub(crate) trait Number: DualNum<Primitive = f64> + Copy {}
impl<T: DualNum<Primitive = f64> + Copy> Number for T {}

/// An objective's value from a point and parameters.
pub(crate) type Oracle<D> = fn(&[D], &[f64]) -> D;

/// A program, what it should compute, and where to ask.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) problem: Problem,
    pub(crate) oracle: Oracle<Dual64>,
    /// The same, for second derivatives.
    pub(crate) second: Oracle<HyperDual64>,
    /// (point, parameters)
    pub(crate) points: Vec<(Vec<f64>, Vec<f64>)>,
    /// No kink is within a difference's step of the points.
    pub(crate) smooth: bool,
    /// How much a relative error of one operation may grow on its way to the value or a component of the gradient,
    /// beyond what adding up terms explains; see `precision`.
    pub(crate) condition: f64,
}

impl Case {
    /// A smooth program without parameters, with the condition of one that is benign. Its oracle is given twice: one name is
    /// two functions.
    pub(crate) fn new(name: &'static str, problem: manymin::Result<Problem>, oracle: Oracle<Dual64>, second: Oracle<HyperDual64>) -> Self {
        let problem = problem.unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, problem, oracle, second, points: Vec::new(), smooth: true, condition: BENIGN }
    }

    pub(crate) fn at<const N: usize>(self, point: [f64; N]) -> Self {
        self.at_point(point.to_vec(), &[])
    }

    pub(crate) fn at_point(mut self, point: Vec<f64>, parameters: &[f64]) -> Self {
        self.points.push((point, parameters.to_vec()));
        self
    }

    pub(crate) fn kinked(self) -> Self {
        Self { smooth: false, ..self }
    }

    pub(crate) fn condition(self, condition: f64) -> Self {
        Self { condition, ..self }
    }

    /// The oracle's value and gradient, one direction a pass.
    pub(crate) fn expected(&self, point: &[f64], parameters: &[f64]) -> (f64, Vec<f64>) {
        let mut x: Vec<Dual64> = point.iter().map(|&v| Dual64::from(v)).collect();
        let mut value = (self.oracle)(&x, parameters).re;
        let gradient = (0..x.len())
            .map(|k| {
                x[k].eps = 1.0;
                let at = (self.oracle)(&x, parameters);
                x[k].eps = 0.0;
                value = at.re;
                at.eps
            })
            .collect();
        (value, gradient)
    }

    /// The oracle's second derivative by components `i` and `j`.
    pub(crate) fn expected_second(&self, point: &[f64], parameters: &[f64], (i, j): (usize, usize)) -> f64 {
        let mut x: Vec<HyperDual64> = point.iter().map(|&v| HyperDual64::from(v)).collect();
        x[i].eps1 = 1.0;
        x[j].eps2 = 1.0;
        (self.second)(&x, parameters).eps1eps2
    }
}

/// Some dozens of roundings of half a unit each on the way of any one term; terms that cancel are in the scale.
const BENIGN: f64 = 16.0;

/// Every program.
pub(crate) fn all() -> Vec<Case> {
    [operations::all(), singular::all(), loops::all(), folds::all(), models::all()].into_iter().flatten().collect()
}

/// `n` numbers in [-size, size] without a pattern that would hide an error.
pub(crate) fn wave(n: usize, size: f64, phase: f64) -> Vec<f64> {
    (0..n).map(|k| size * (k as f64 * 1.7 + phase).sin()).collect()
}

/// `n` numbers in [low, high].
pub(crate) fn between(n: usize, low: f64, high: f64, phase: f64) -> Vec<f64> {
    wave(n, (high - low) / 2.0, phase).into_iter().map(|v| v + (low + high) / 2.0).collect()
}

/// A function of one number that dual numbers lack, from its value and two derivatives.
pub(crate) fn lift<D: Number>(x: D, [value, slope, bend]: [f64; 3]) -> D {
    let step = x - x.re();
    (step * (0.5 * bend) + slope) * step + value
}

pub(crate) fn erf<D: Number>(x: D) -> D {
    let slope = std::f64::consts::FRAC_2_SQRT_PI * (-x.re() * x.re()).exp();
    lift(x, [libm::erf(x.re()), slope, -2.0 * x.re() * slope])
}

pub(crate) fn square<D: Number>(x: D) -> D {
    x * x
}

pub(crate) fn least<D: Number>(a: D, b: D) -> D {
    if b.re() < a.re() { b } else { a }
}

pub(crate) fn greatest<D: Number>(a: D, b: D) -> D {
    if b.re() > a.re() { b } else { a }
}

#[test]
fn every_program_has_a_name_of_its_own_and_points() {
    let cases = all();
    assert!(cases.len() >= 32, "{} programs", cases.len());
    for (k, case) in cases.iter().enumerate() {
        assert!(!case.points.is_empty(), "{} is asked nowhere", case.name);
        assert!(cases[..k].iter().all(|other| other.name != case.name), "two programs are called {}", case.name);
    }
}
