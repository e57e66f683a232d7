//! What this crate makes of a row: a thousand lanes without bounds, or a search in the box, with one setting for all functions.

use manymin::prelude::*;
use manymin::{BasinHopping, Found, Search};

use super::functions::function;
use super::scipy::Row;

/// The level of all tests together that lanes come to the lowest minimum less often than SciPy.
pub(crate) const LEVEL: f64 = 0.01;

/// How many lanes from uniform starts come to the lowest minimum, each by itself and without bounds, and the evaluations of all.
pub(crate) fn lanes_alone(row: &Row) -> (u32, u64) {
    let starts = Starts::uniform(&row.bounds(), row.starts as usize, 42);
    let problem = function(&row.name, row.dimension).problem;
    let outcome = Minimizer::new(Lbfgs::default())
        .minimize(&Device::cpu(Precision::F64), &problem, &starts)
        .unwrap_or_else(|error| panic!("{}: {error}", row.name));
    let successes = outcome.values().iter().filter(|value| **value <= row.target()).count();
    (successes as u32, outcome.evaluations())
}

/// The chance of so few successes or fewer in one sample of `n` beside another, if both come with the same probability: the two-proportion
/// z-test, one-sided.
pub(crate) fn chance_of_fewer(ours: u32, theirs: u32, n: u32) -> f64 {
    let [ours, theirs, n] = [ours, theirs, n].map(f64::from);
    let together = (ours + theirs) / (2.0 * n);
    let deviation = (2.0 * together * (1.0 - together) / n).sqrt();
    // Where all or none succeeded there is nothing to tell them apart.
    let z = if deviation > 0.0 { (ours - theirs) / n / deviation } else { 0.0 };
    libm::erfc(-z / std::f64::consts::SQRT_2) / 2.0
}

/// Searches the box of the row for its lowest minimum with no more gradients than SciPy took in all: basin hopping that goes down only, from the
/// best 16 of 256 starts.
pub(crate) fn search(row: &Row, seed: u64) -> Found {
    let bounds = row.bounds();
    Search::new(Minimizer::new(Lbfgs::default()).bounds(&bounds))
        .screen(1.0 / 16.0)
        .hopping(BasinHopping { hops: 10_000, temperature: 0.0, seed, ..BasinHopping::default() })
        .target(row.target())
        .evaluations(row.gradients)
        // Polishing would go on beyond the evaluations that are counted.
        .polish(0)
        .run(&Device::cpu(Precision::F64), &function(&row.name, row.dimension).problem, &Starts::sobol(&bounds, 256, seed))
        .unwrap_or_else(|error| panic!("{}: {error}", row.name))
}

/// Whether the lowest minimum was found with so few gradients.
pub(crate) fn is_found(row: &Row, found: &Found) -> bool {
    let lowest = found.best.as_ref().is_some_and(|best| best.value <= row.target());
    lowest && found.totals.evaluations <= row.gradients
}
