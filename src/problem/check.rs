//! A check of the gradient against differences of the value.

use super::Problem;
use crate::error::Result;

/// How the gradient compares with central differences; see [`Problem::check_gradient`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GradientCheck {
    /// The gradient.
    pub gradient: Vec<f64>,
    /// Central differences of the value.
    pub differences: Vec<f64>,
    /// The component where they differ most, by [`error`](GradientCheck::error).
    pub worst: usize,
    /// `|gradient - difference|` at the worst component, relative to the largest of the two, the slopes on either side
    /// (at a minimum both are 0, these are not) and the noise that the difference can't be better than. Below 1e-5 for
    /// a correct gradient of a smooth function.
    pub error: f64,
}

impl Problem {
    /// Compares the gradient at `point` with central differences of four values in f64,
    /// `(8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h` with `h = EPSILON^(1/3) max(1, |x_i|)`, one component
    /// at a time.
    ///
    /// The gradient of a traced objective is derived from its value, so a difference means a kink near the point, a
    /// value that is not finite there, or a defect of this crate.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let problem = Problem::new(2, |x| (x[0] * x[1]).sin() + x[0].exp())?;
    /// assert!(problem.check_gradient(&[0.3, -1.7], &[])?.error < 1e-5);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Problem::evaluate`].
    pub fn check_gradient(&self, point: &[f64], parameters: &[f64]) -> Result<GradientCheck> {
        self.check_lengths(point, parameters)?;
        self.check_cpu("`check_gradient`")?;
        let at = self.evaluate(point, parameters)?;
        let mut machine = self.machine::<f64>();
        let mut x = point.to_vec();
        let mut differences = Vec::with_capacity(x.len());
        let (mut worst, mut error) = (0, 0.0);
        for k in 0..x.len() {
            // Rounded so that the points stand at whole steps from each other.
            let step = f64::EPSILON.cbrt() * point[k].abs().max(1.0);
            let step = (point[k] + step) - point[k];
            // f and the size of its terms at x[k] + step times -2, -1, 1 and 2.
            let around = [-2.0, -1.0, 1.0, 2.0].map(|steps| {
                x[k] = point[k] + steps * step;
                self.evaluate_with(&mut machine, &x, parameters)
            });
            x[k] = point[k];
            let f = |i: usize| around[i].value;
            let difference = (8.0 * (f(2) - f(1)) - (f(3) - f(0))) / (12.0 * step);
            let steepest = [f(1) - at.value, f(2) - at.value].into_iter().fold(0.0, |m: f64, rise| m.max(rise.abs())) / step;
            let scale = around.iter().chain([&at]).fold(0.0, |m: f64, e| m.max(e.scale).max(e.value.abs()));
            let noise = f64::EPSILON * scale / step;
            let size = difference.abs().max(at.gradient[k].abs()).max(steepest).max(1e5 * noise).max(f64::MIN_POSITIVE);
            let relative = (difference - at.gradient[k]).abs() / size;
            // A difference that is not a number counts as the worst.
            if !(relative <= error) {
                (worst, error) = (k, if relative.is_nan() { f64::INFINITY } else { relative });
            }
            differences.push(difference);
        }
        Ok(GradientCheck { gradient: at.gradient, differences, worst, error })
    }
}
