//! Problems on a grid: each residual has the variables near its own, or weighs all by their places.

use manymin::prelude::*;

/// Where grid point `i` of those between 0 and 1 at distances `h` is.
fn place<'g>(h: f64, i: Index<'g>) -> Scalar<'g> {
    h * (i + 1).number()
}

/// The right-hand side of both equations: (x_i + t_i + 1)^3.
fn cube<'g>(x: Point<'g>, h: f64, i: Index<'g>) -> Scalar<'g> {
    (x.at(i) + place(h, i) + 1.0).powi(3)
}

pub(super) fn discrete_boundary_value(n: usize) -> manymin::Result<Problem> {
    let h = 1.0 / (n + 1) as f64;
    fn own<'g>(x: Point<'g>, h: f64, i: Index<'g>) -> Scalar<'g> {
        2.0 * x.at(i) + 0.5 * h * h * cube(x, h, i)
    }
    Problem::new(n, |x| {
        // Beyond the ends there are zeros.
        let first = x.sum(0..1, |i| (own(x, h, i) - x.at(i + 1)).powi(2));
        let inner = x.sum(1..n - 1, |i| (own(x, h, i) - x.at(i - 1) - x.at(i + 1)).powi(2));
        let last = x.sum(n - 1..n, |i| (own(x, h, i) - x.at(i - 1)).powi(2));
        first + inner + last
    })
}

pub(super) fn discrete_integral_equation(n: usize) -> manymin::Result<Problem> {
    let h = 1.0 / (n + 1) as f64;
    Problem::new(n, |x| {
        x.sum(0..n, |i| {
            let before = x.sum(..i + 1, |j| place(h, j) * cube(x, h, j));
            let after = x.sum((i + 1).to(n), |j| (1.0 - place(h, j)) * cube(x, h, j));
            (x.at(i) + 0.5 * h * ((1.0 - place(h, i)) * before + place(h, i) * after)).powi(2)
        })
    })
}

pub(super) fn broyden_tridiagonal(n: usize) -> manymin::Result<Problem> {
    fn own<'g>(x: Point<'g>, i: Index<'g>) -> Scalar<'g> {
        (3.0 - 2.0 * x.at(i)) * x.at(i) + 1.0
    }
    Problem::new(n, |x| {
        let first = x.sum(0..1, |i| (own(x, i) - 2.0 * x.at(i + 1)).powi(2));
        let inner = x.sum(1..n - 1, |i| (own(x, i) - x.at(i - 1) - 2.0 * x.at(i + 1)).powi(2));
        let last = x.sum(n - 1..n, |i| (own(x, i) - x.at(i - 1)).powi(2));
        first + inner + last
    })
}

/// Each residual has five variables before its own, and one after.
pub(super) fn broyden_banded(n: usize) -> manymin::Result<Problem> {
    const BEFORE: usize = 5;
    fn own<'g>(x: Point<'g>, i: Index<'g>) -> Scalar<'g> {
        x.at(i) * (2.0 + 5.0 * x.at(i).powi(2)) + 1.0
    }
    fn other<'g>(x: Point<'g>, j: Index<'g>) -> Scalar<'g> {
        x.at(j) * (1.0 + x.at(j))
    }
    Problem::new(n, |x| {
        let first = x.sum(0..BEFORE, |i| (own(x, i) - x.sum(..i, |j| other(x, j)) - other(x, i + 1)).powi(2));
        let inner = x.sum(BEFORE..n - 1, |i| (own(x, i) - x.sum((i - BEFORE).to(i), |j| other(x, j)) - other(x, i + 1)).powi(2));
        let last = x.sum(n - 1..n, |i| (own(x, i) - x.sum((i - BEFORE).to(i), |j| other(x, j))).powi(2));
        first + inner + last
    })
}
