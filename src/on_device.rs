//! Objectives by themselves, where lanes would compute them.

use crate::device::{Device, Precision};
#[cfg(feature = "gpu")]
use crate::engine::gpu::evaluator::Evaluator;
use crate::error::Result;
use crate::problem::{Evaluation, GradientCheck, Problem};

/// Differences are taken with so many steps, from a quarter of the component (or of 1, if that is more), each half of the one before.
#[cfg(feature = "gpu")]
const STEPS: usize = 12;
/// Loop iterations that an evaluation by itself leaves, on drivers that cut loops short: enough to notice that they did.
#[cfg(feature = "gpu")]
const RESERVE: u64 = 64;

impl Problem {
    /// Value and gradient at a point as `device` computes them: on a GPU in f32, by the same WGSL as its lanes.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let bowl = Problem::new(2, |x| x[0] * x[0] + x[1] * x[1])?;
    /// assert_eq!(bowl.evaluate_on(&Device::auto()?, &[1.0, 2.0], &[])?.gradient, [2.0, 4.0]);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`evaluate`](Problem::evaluate); a device that fails; for [verbatim](Problem::verbatim) WGSL an index out of range.
    pub fn evaluate_on(&self, device: &Device, point: &[f64], parameters: &[f64]) -> Result<Evaluation> {
        match (device.context(), device.precision()) {
            #[cfg(feature = "gpu")]
            (Some(gpu), _) => {
                self.check_lengths(point, parameters)?;
                let point: Vec<f32> = point.iter().map(|value| *value as f32).collect();
                let mut evaluations = Evaluator::new(gpu, self, parameters, 1, RESERVE)?.evaluate(&point)?;
                Ok(evaluations.swap_remove(0))
            }
            #[cfg(not(feature = "gpu"))]
            (Some(gpu), _) => match **gpu {},
            (None, Precision::F32) => self.evaluate_f32(point, parameters),
            (None, Precision::F64) => self.evaluate(point, parameters),
        }
    }

    /// Compares the gradient that `device` computes at `point` with differences of the values that it computes: the check for
    /// [verbatim](Problem::verbatim) WGSL, whose gradient is written by hand. On the CPU it is
    /// [`check_gradient`](Problem::check_gradient), in f64.
    ///
    /// A GPU has f32, so differences of neighbouring values are mostly noise. They are taken over twelve steps, each half of the
    /// one before, and extrapolated (Ridders, Adv. Eng. Software 4 (1982) 75-76) as far as the noise of f lets the estimate of
    /// the error fall. [`GradientCheck::error`] is relative to a thousand times that estimate at least: below 1e-2 for a correct
    /// gradient of a smooth function, about 1 for a component that is missing or has the wrong sign. Where f is a small remainder of
    /// large terms, let the text tell their size (see [`Problem::verbatim`]); mistakes below the noise can't be seen.
    ///
    /// ```no_run
    /// use manymin::prelude::*;
    ///
    /// let wrong = Problem::verbatim(1, "fn objective() -> f32 { add_gradient(0, x_at(0)); return x_at(0) * x_at(0); }")?;
    /// assert!(wrong.check_gradient_on(&Device::gpu()?, &[1.5], &[])?.error > 0.4);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`evaluate_on`](Problem::evaluate_on).
    pub fn check_gradient_on(&self, device: &Device, point: &[f64], parameters: &[f64]) -> Result<GradientCheck> {
        match device.context() {
            #[cfg(feature = "gpu")]
            Some(gpu) => {
                self.check_lengths(point, parameters)?;
                let evaluator = Evaluator::new(gpu, self, parameters, 1 + 2 * STEPS * point.len(), RESERVE)?;
                differences(evaluator, point)
            }
            #[cfg(not(feature = "gpu"))]
            Some(gpu) => match **gpu {},
            None => self.check_gradient(point, parameters),
        }
    }
}

#[cfg(feature = "gpu")]
fn differences(mut evaluator: Evaluator<'_>, point: &[f64]) -> Result<GradientCheck> {
    let point: Vec<f32> = point.iter().map(|value| *value as f32).collect();
    let at = evaluator.evaluate(&point)?.swap_remove(0);
    let mut check = GradientCheck { gradient: at.gradient, differences: Vec::new(), worst: 0, error: 0.0 };
    for (k, &component) in point.iter().enumerate() {
        // A power of two: the points around stand at whole steps.
        let largest = 0.25 * component.abs().max(1.0).log2().floor().exp2();
        let steps: Vec<f32> = (0..STEPS).map(|j| largest * 0.5_f32.powi(j as i32)).collect();
        let around: Vec<f32> = steps
            .iter()
            .flat_map(|step| [component - step, component + step])
            .flat_map(|moved| {
                let mut other = point.clone();
                other[k] = moved;
                other
            })
            .collect();
        let values = evaluator.evaluate(&around)?;
        let scale = |e: &Evaluation| e.value.abs().max(e.scale);
        let slopes: Vec<(f64, f64)> = values
            .chunks(2)
            .zip(&steps)
            .map(|(pair, step)| {
                let across = f64::from(component + step) - f64::from(component - step);
                let noise = f64::from(f32::EPSILON) * scale(&pair[0]).max(scale(&pair[1])) / across;
                ((pair[1].value - pair[0].value) / across, noise)
            })
            .collect();
        let (difference, uncertainty) = extrapolate(&slopes);
        let gradient = check.gradient[k];
        let size = difference.abs().max(gradient.abs()).max(1e3 * uncertainty).max(f64::MIN_POSITIVE);
        let relative = (difference - gradient).abs() / size;
        // What is not a number counts as the worst.
        if !(relative <= check.error) {
            (check.worst, check.error) = (k, if relative.is_nan() { f64::INFINITY } else { relative });
        }
        check.differences.push(difference);
    }
    Ok(check)
}

/// The slope for a step of 0 and an estimate of its error, from slopes with steps that halve, and their noise.
#[cfg(feature = "gpu")]
fn extrapolate(slopes: &[(f64, f64)]) -> (f64, f64) {
    let mut best = (f64::NAN, f64::INFINITY);
    let mut row: Vec<f64> = Vec::new();
    for &(slope, noise) in slopes {
        if !(slope.is_finite() && noise.is_finite()) {
            // Too far out: begin anew.
            row.clear();
            continue;
        }
        let mut next = vec![slope];
        let mut factor = 1.0;
        for (m, before) in row.iter().enumerate() {
            factor *= 4.0;
            let value = next[m] + (next[m] - before) / (factor - 1.0);
            let error = (value - next[m]).abs().max((value - before).abs()) + noise;
            if error < best.1 {
                best = (value, error);
            }
            next.push(value);
        }
        row = next;
    }
    best
}

#[cfg(all(test, feature = "gpu"))]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_extrapolated_as_far_as_their_noise_allows() {
        let exact = |h: f64| ((1.0 + h).exp() - (1.0 - h).exp()) / (2.0 * h);
        let steps = || (0..12).map(|j| 0.25 * 0.5_f64.powi(j));
        let (slope, error) = extrapolate(&steps().map(|h| (exact(h), 1e-15 / h)).collect::<Vec<_>>());
        assert!((slope - 1.0_f64.exp()).abs() < 1e-12 && error < 1e-11, "{slope} {error}");
        let rounded = |h: f64| (f64::from((1.0 + h).exp() as f32) - f64::from((1.0 - h).exp() as f32)) / (2.0 * h);
        let (slope, error) = extrapolate(&steps().map(|h| (rounded(h), 3e-7 / h)).collect::<Vec<_>>());
        assert!((slope - 1.0_f64.exp()).abs() < error && error < 1e-4, "{slope} {error}");
        let halves: Vec<(f64, f64)> = steps().map(|h| (if h > 0.1 { f64::NAN } else { exact(h) }, 1e-15 / h)).collect();
        assert!((extrapolate(&halves).0 - 1.0_f64.exp()).abs() < 1e-10, "what is not finite is left out");
        assert!(extrapolate(&[(f64::NAN, 0.0); 12]).0.is_nan());
    }
}
