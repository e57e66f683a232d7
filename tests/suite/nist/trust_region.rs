//! Levenberg and Marquardt's method for one lane in f64, as plain as it can be written: what can be reached on these problems.
//!
//! ```text
//!     (J'J + lambda D^2) p = -J'r     with lambda such that |D p| = delta, or 0 where the Gauss-Newton step is shorter
//!     D_i = the largest norm that column i of J has had
//! ```
//!
//! # References
//! J. J. Moré: The Levenberg-Marquardt algorithm: implementation and theory, Lecture Notes in Mathematics 630 (1978) 105-116.

use manymin::prelude::*;
use nalgebra::{DMatrix, DVector};

/// The first region is as far as the start is from the origin, by the norm |D x|.
const FIRST: f64 = 1.0;
/// The least part of the decrease promised that a step must bring.
const LEAST_GAIN: f64 = 1e-4;
/// More passes than any problem here takes that is solved at all.
const MOST_PASSES: usize = 3_000;

/// How a run ended.
pub(super) struct Ended {
    pub(super) value: f64,
    /// Passes: each gives f, its gradient and J'J, and counts as an evaluation whether its point is taken or not.
    pub(super) evaluations: usize,
}

/// f, J'r and J'J at a point.
struct Pass {
    value: f64,
    slope: DVector<f64>,
    normal: DMatrix<f64>,
}

impl Pass {
    fn at(problem: &Problem, x: &DVector<f64>) -> Self {
        let r = DVector::from_vec(problem.residuals(x.as_slice(), &[]).unwrap());
        let j = problem.jacobian(x.as_slice(), &[]).unwrap();
        Self { value: r.norm_squared(), slope: j.tr_mul(&r), normal: j.tr_mul(&j) }
    }

    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.slope.iter().chain(self.normal.iter()).all(|v| v.is_finite())
    }
}

/// (S + lambda)^-1 b, and q' (S + lambda)^-1 q for that result q.
fn solve(s: &DMatrix<f64>, b: &DVector<f64>, lambda: f64) -> Option<(DVector<f64>, f64)> {
    let factor = (s + DMatrix::identity(b.len(), b.len()) * lambda).cholesky()?;
    let q = factor.solve(b);
    let bend = q.dot(&factor.solve(&q));
    Some((q, bend))
}

/// The step in a region of radius delta, to a tenth, and its lambda: Newton's method on 1 / |q(lambda)|, kept in a bracket.
fn step(s: &DMatrix<f64>, b: &DVector<f64>, delta: f64) -> (DVector<f64>, f64) {
    let (mut lambda, mut low, mut high) = (0.0, 0.0, b.norm() / delta);
    for _ in 0..60 {
        match solve(s, b, lambda) {
            Some((q, _)) if lambda == 0.0 && q.norm() <= 1.1 * delta => return (q, 0.0),
            Some((q, bend)) => {
                let norm = q.norm();
                if (norm - delta).abs() <= 0.1 * delta {
                    return (q, lambda);
                }
                if norm > delta {
                    low = lambda
                } else {
                    high = lambda
                }
                let next = lambda + norm * norm / bend * (norm - delta) / delta;
                lambda = if next > low && next < high { next } else { (low.max(1e-3 * high) * high).sqrt() };
            }
            // Singular to rounding.
            None => {
                low = lambda;
                lambda = if lambda == 0.0 { f64::EPSILON } else { (low.max(1e-6 * high) * high).sqrt().max(10.0 * lambda) };
            }
        }
    }
    (solve(s, b, high).map_or_else(|| b / high, |found| found.0), high)
}

/// From `start` until a step promises no more than rounding, or moves nothing.
pub(super) fn minimize(problem: &Problem, start: &[f64]) -> Ended {
    let mut x = DVector::from_column_slice(start);
    let mut at = Pass::at(problem, &x);
    let mut evaluations = 1;
    let mut d = at.normal.diagonal().map(|square| if square > 0.0 { square.sqrt() } else { 1.0 });
    let mut delta = FIRST * x.component_mul(&d).norm();
    if delta == 0.0 {
        delta = FIRST;
    }
    let mut first = true;
    while evaluations < MOST_PASSES {
        let s = at.normal.map_with_location(|i, j, v| v / (d[i] * d[j]));
        let (q, lambda) = step(&s, &-at.slope.component_div(&d), delta);
        let (p, length) = (q.component_div(&d), q.norm());
        // f - f(p) by the model: -(2 J'r.p + p' J'J p).
        let promised = -at.slope.dot(&p) + lambda * length * length;
        let trial = &x + &p;
        if trial == x || promised <= f64::EPSILON * at.value {
            break;
        }
        let there = Pass::at(problem, &trial);
        evaluations += 1;
        if first {
            delta = delta.min(length);
        }
        let usable = there.is_finite();
        let gain = (at.value - there.value) / promised;
        if usable && gain > 0.25 {
            if lambda == 0.0 || gain > 0.75 {
                delta = delta.max(2.0 * length);
            }
        } else {
            // Where the parabola through f, its slope and f there has its minimum, if there is any sense in that.
            let slope = at.slope.dot(&p);
            let shrink = if usable && there.value < 100.0 * at.value { slope / (2.0 * slope - (there.value - at.value)) } else { 0.1 };
            delta = shrink.clamp(0.1, 0.5) * delta.min(10.0 * length);
        }
        if usable && gain > LEAST_GAIN {
            first = false;
            (x, at) = (trial, there);
            d = d.zip_map(&at.normal.diagonal(), |d, square| d.max(square.sqrt()));
        }
    }
    Ended { value: at.value, evaluations }
}
