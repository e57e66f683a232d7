//! Lanes in boxes: the minima of other programs, no jams, nothing evaluated outside, and every misuse by its name.

mod edges;
mod inside;
mod methods;
mod minima;
mod misuse;
mod problems;
mod same;
mod stress;

use manymin::prelude::*;

/// Bounds of all components alike.
fn cube(n: usize, low: f64, high: f64) -> Bounds {
    Bounds::new(&vec![low; n], &vec![high; n]).unwrap()
}

/// Whether a point lies in [low, high] to the bit.
fn is_inside(point: &[f64], low: &[f64], high: &[f64]) -> bool {
    point.iter().zip(low).zip(high).all(|((x, low), high)| x >= low && x <= high)
}
