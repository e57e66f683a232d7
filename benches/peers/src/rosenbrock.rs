//! The objective: Rosenbrock's function, `sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2`.

use manymin::Problem;

use crate::{Result, SLACK, TOLERANCE};

/// The components of a point.
pub(crate) const DIMENSION: usize = 10;

/// As manymin takes it; the gradient is derived.
pub(crate) fn problem() -> Result<Problem> {
    Ok(Problem::new(DIMENSION, |x| {
        x.sum(0..DIMENSION - 1, |i| 100.0 * (x.at(i + 1) - x.at(i) * x.at(i)).powi(2) + (1.0 - x.at(i)).powi(2))
    })?)
}

/// The value, written by hand.
pub(crate) fn value(x: &[f64]) -> f64 {
    x.windows(2)
        .map(|pair| {
            let (valley, slope) = (pair[1] - pair[0] * pair[0], 1.0 - pair[0]);
            100.0 * valley * valley + slope * slope
        })
        .sum()
}

/// The gradient, written by hand.
pub(crate) fn gradient(x: &[f64]) -> Vec<f64> {
    let mut gradient = vec![0.0; x.len()];
    for i in 1..x.len() {
        let valley = x[i] - x[i - 1] * x[i - 1];
        gradient[i - 1] -= 400.0 * x[i - 1] * valley + 2.0 * (1.0 - x[i - 1]);
        gradient[i] += 200.0 * valley;
    }
    gradient
}

/// The largest component of a vector, by absolute value; NaN if one is NaN.
pub(crate) fn max_norm(vector: &[f64]) -> f64 {
    vector.iter().fold(0.0, |largest: f64, v| if largest.is_nan() || v.abs() <= largest { largest } else { v.abs() })
}

/// The share of points at which the gradient is small. A NaN is not.
pub(crate) fn share_minimised(points: impl ExactSizeIterator<Item = Vec<f64>>) -> f64 {
    let lanes = points.len();
    let minimised = points.filter(|point| max_norm(&gradient(point)) <= SLACK * TOLERANCE).count();
    minimised as f64 / lanes as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_spellings_agree() {
        let point: Vec<f64> = (0..DIMENSION).map(|i| 1.5 - 0.3 * i as f64).collect();
        let derived = problem().and_then(|problem| Ok(problem.evaluate(&point, &[])?)).expect("a problem of that dimension");
        assert!((derived.value - value(&point)).abs() <= 1e-12 * derived.value);
        for (by_hand, derived) in gradient(&point).into_iter().zip(derived.gradient) {
            assert!((by_hand - derived).abs() <= 1e-12 * derived.abs().max(1.0), "{by_hand} and {derived}");
        }
    }

    #[test]
    fn a_nan_is_not_small() {
        assert!(max_norm(&[0.0, f64::NAN, 1.0]).is_nan());
        assert_eq!(share_minimised([vec![1.0; DIMENSION], vec![f64::NAN; DIMENSION]].into_iter()), 0.5);
    }
}
