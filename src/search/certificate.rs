//! Whether a point is a minimum.

use nalgebra::SymmetricEigen;

use super::minima::Minimum;
use crate::device::Precision;
use crate::error::Result;
use crate::outcome::Run;

/// What is known of a minimum, in f64.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Certificate {
    /// f(x)
    pub value: f64,
    /// `max_i |P(x - g) - x|_i`, which is the largest gradient component where no bound is met.
    pub gradient_max: f64,
    /// The lowest eigenvalue of the Hessian, of its part for the components that no bound holds; infinite if all are held. Above 0, and far above
    /// the rounding of the largest, the point is a strict minimum of those components.
    pub lowest_curvature: f64,
    /// The largest one.
    pub highest_curvature: f64,
}

pub(super) fn certify(run: &Run, minimum: &Minimum) -> Result<Certificate> {
    run.problem.check_cpu("`certify`")?;
    let mut start = run.placement(Precision::F64).start(minimum.lane);
    start.project(&minimum.point);
    let at = run.problem.evaluate(&start.point, &start.parameters)?;
    let hessian = run.problem.hessian(&start.point, &start.parameters)?;
    let step = |i: usize| {
        let (x, g) = (start.point[i], at.gradient[i]);
        match (start.lower.get(i), start.upper.get(i)) {
            (Some(&low), Some(&high)) => (x - g).clamp(low, high) - x,
            _ => -g,
        }
    };
    let steps: Vec<f64> = (0..start.point.len()).map(step).collect();
    let at_side = |i: usize| start.lower.get(i) == Some(&start.point[i]) || start.upper.get(i) == Some(&start.point[i]);
    let free: Vec<usize> = (0..start.point.len()).filter(|&i| !(at_side(i) && steps[i] == 0.0)).collect();
    let part = hessian.select_rows(&free).select_columns(&free);
    let curvatures = SymmetricEigen::new(part).eigenvalues;
    Ok(Certificate {
        value: at.value,
        gradient_max: steps.iter().fold(0.0, |most: f64, step| most.max(step.abs())),
        lowest_curvature: curvatures.iter().copied().fold(f64::INFINITY, f64::min),
        highest_curvature: curvatures.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    })
}
