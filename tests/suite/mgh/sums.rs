//! Problems of any number of variables whose residuals share sums over all of them, and those made of copies of small ones.

use manymin::prelude::*;

/// Rosenbrock's for n = 2.
pub(super) fn extended_rosenbrock(n: usize) -> manymin::Result<Problem> {
    Problem::new(n, |x| {
        x.sum(0..n / 2, |i| {
            let (a, b) = (x.at(2 * i), x.at(2 * i + 1));
            100.0 * (b - a.powi(2)).powi(2) + (1.0 - a).powi(2)
        })
    })
}

/// Powell's for n = 4.
pub(super) fn extended_powell_singular(n: usize) -> manymin::Result<Problem> {
    Problem::new(n, |x| {
        x.sum(0..n / 4, |i| {
            let (a, b, c, d) = (x.at(4 * i), x.at(4 * i + 1), x.at(4 * i + 2), x.at(4 * i + 3));
            (a + 10.0 * b).powi(2) + 5.0 * (c - d).powi(2) + (b - 2.0 * c).powi(4) + 10.0 * (a - d).powi(4)
        })
    })
}

/// A polynomial of n coefficients that is to solve a differential equation at 29 points.
pub(super) fn watson(n: usize) -> manymin::Result<Problem> {
    const POINTS: usize = 29;
    let powers: Vec<f64> = (1..=POINTS).flat_map(|i| (0..n).map(move |j| (i as f64 / POINTS as f64).powi(j as i32))).collect();
    Problem::builder(n).data("powers", &powers).build(|x, c| {
        let power = c.data("powers");
        let equations = x.sum(0..POINTS, |i| {
            let slope = x.sum(1..n, |j| j.number() * x.at(j) * power.at(n * i + j - 1));
            let value = x.sum(0..n, |j| x.at(j) * power.at(n * i + j));
            (slope - value.powi(2) - 1.0).powi(2)
        });
        equations + x[0].powi(2) + (x[1] - x[0].powi(2) - 1.0).powi(2)
    })
}

pub(super) fn penalty_1(n: usize) -> manymin::Result<Problem> {
    Problem::new(n, |x| {
        let squares = x.sum(0..n, |i| x.at(i).powi(2));
        1e-5 * x.sum(0..n, |i| (x.at(i) - 1.0).powi(2)) + (squares - 0.25).powi(2)
    })
}

pub(super) fn penalty_2(n: usize) -> manymin::Result<Problem> {
    let exponential = |i: usize| (i as f64 / 10.0).exp();
    // Of x_i and the one before, i counted from 1.
    let y: Vec<f64> = (1..n).map(|i| exponential(i + 1) + exponential(i)).collect();
    Problem::builder(n).data("y", &y).build(|x, c| {
        let pairs = x.sum(1..n, |i| ((x.at(i) / 10.0).exp() + (x.at(i - 1) / 10.0).exp() - c.data("y").at(i - 1)).powi(2));
        let singles = x.sum(1..n, |i| ((x.at(i) / 10.0).exp() - (-0.1_f64).exp()).powi(2));
        let weighted = x.sum(0..n, |i| (n - i).number() * x.at(i).powi(2));
        (x[0] - 0.2).powi(2) + 1e-5 * (pairs + singles) + (weighted - 1.0).powi(2)
    })
}

pub(super) fn variably_dimensioned(n: usize) -> manymin::Result<Problem> {
    Problem::new(n, |x| {
        let weighted = x.sum(0..n, |i| (i + 1).number() * (x.at(i) - 1.0));
        x.sum(0..n, |i| (x.at(i) - 1.0).powi(2)) + weighted.powi(2) + weighted.powi(4)
    })
}

pub(super) fn trigonometric(n: usize) -> manymin::Result<Problem> {
    Problem::new(n, |x| {
        let cosines = x.sum(0..n, |i| x.at(i).cos());
        x.sum(0..n, |i| (n as f64 - cosines + (i + 1).number() * (1.0 - x.at(i).cos()) - x.at(i).sin()).powi(2))
    })
}

/// The product is written out: it is no sum.
pub(super) fn brown_almost_linear(n: usize) -> manymin::Result<Problem> {
    Problem::new(n, |x| {
        let sum = x.sum(0..n, |i| x.at(i));
        let product = (1..n).fold(x[0], |product, i| product * x[i]);
        x.sum(0..n - 1, |i| (x.at(i) + sum - (n + 1) as f64).powi(2)) + (product - 1.0).powi(2)
    })
}

pub(super) fn linear_full_rank(n: usize, m: usize) -> manymin::Result<Problem> {
    Problem::new(n, |x| {
        let mean = 2.0 / m as f64 * x.sum(0..n, |i| x.at(i));
        x.sum(0..n, |i| (x.at(i) - mean - 1.0).powi(2)) + x.sum(n..m, |_| (-mean - 1.0).powi(2))
    })
}

pub(super) fn linear_rank_1(n: usize, m: usize) -> manymin::Result<Problem> {
    Problem::new(n, |x| {
        let weighted = x.sum(0..n, |j| (j + 1).number() * x.at(j));
        x.sum(1..m + 1, |i| (i.number() * weighted - 1.0).powi(2))
    })
}

/// The first and the last residual are constant, and the first and the last variable are in none.
pub(super) fn linear_rank_1_with_zeros(n: usize, m: usize) -> manymin::Result<Problem> {
    Problem::new(n, |x| {
        let weighted = x.sum(1..n - 1, |j| (j + 1).number() * x.at(j));
        2.0 + x.sum(1..m - 1, |i| (i.number() * weighted - 1.0).powi(2))
    })
}

/// The means of the shifted Chebyshev polynomials over the points are to be their integrals.
pub(super) fn chebyquad(n: usize) -> manymin::Result<Problem> {
    Problem::new(n, |x| {
        let residual = |degree: usize| {
            let mean = x.sum(0..n, |j| chebyshev(degree, x.constant(1.0), 2.0 * x.at(j) - 1.0)) / n as f64;
            let integral = if degree % 2 == 1 { 0.0 } else { -1.0 / ((degree * degree) as f64 - 1.0) };
            (mean - integral).powi(2)
        };
        (2..=n).fold(residual(1), |sum, degree| sum + residual(degree))
    })
}

/// The Chebyshev polynomial of that degree, by its recurrence.
fn chebyshev<'g>(degree: usize, one: Scalar<'g>, t: Scalar<'g>) -> Scalar<'g> {
    (1..degree).fold((one, t), |(before, last), _| (last, 2.0 * t * last - before)).1
}
