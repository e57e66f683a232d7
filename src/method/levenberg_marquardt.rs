//! The settings of Levenberg and Marquardt's method.

use serde::{Deserialize, Serialize};

use super::line_search::check;
use crate::error::Result;

/// Levenberg and Marquardt's method, for objectives that are sums of squares, `f = sum over k of r_k^2`: each step minimises
/// the squares of the residuals' tangents, J being their Jacobian, within a region where these are trusted,
///
/// ```text
///     (J'J + lambda D^2) p = -J'r,    lambda such that |D p| = delta, or 0 where that step is shorter
///     gain = (f(x) - f(x + p)) / (|r|^2 - |r + J p|^2)
/// ```
///
/// with D_i the largest norm that column i of J has had, so that units of the components don't matter. delta grows where the
/// gain is above 3/4 and shrinks where it is below 1/4. f, its gradient and J'J come from one pass, which counts as an
/// evaluation, whether its point is accepted or not; a point where one of them is not finite is rejected.
///
/// For fits it takes a fraction of the evaluations of a method that knows gradients alone, and needs no scaling of the
/// parameters. A lane keeps n (n + 3) / 2 numbers besides its vectors, and a step takes some n^3 / 6 operations for each lambda
/// tried.
///
/// What it can't do is refused when a batch starts:
///
/// | what | error | instead |
/// | --- | --- | --- |
/// | a GPU | [`Error::Setting`] of `method` | `Device::cpu(..)`, or [`Lbfgs`] on the GPU |
/// | bounds, and `fixed` components | [`Error::Setting`] of `bounds` | [`Lbfgs`], or any other method |
/// | a line search | [`Error::Setting`] of `line_search` | `first_region` and `least_gain` |
/// | an initial step | [`Error::Setting`] of `initial_step` | `first_region` |
/// | inverse Hessians | [`Error::Setting`] of `inverse_hessian_diagonals` | [`Problem::fit_statistics`] |
/// | what is not seen to be a sum of squares | [`FitError::NotSquares`] | as [`Problem::residual_count`] tells, or [`Lbfgs`] |
/// | more than 256 components | [`FitError::TooLarge`] | [`Lbfgs`] |
///
/// [`Error::Setting`]: crate::Error::Setting
/// [`FitError::NotSquares`]: crate::FitError::NotSquares
/// [`FitError::TooLarge`]: crate::FitError::TooLarge
/// [`Lbfgs`]: crate::Lbfgs
/// [`Problem::fit_statistics`]: crate::Problem::fit_statistics
/// [`Problem::residual_count`]: crate::Problem::residual_count
///
/// # References
/// J. J. Moré: The Levenberg-Marquardt algorithm: implementation and theory, Lecture Notes in Mathematics 630 (1978) 105-116.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevenbergMarquardt {
    /// The radius of the first region, as a multiple of |D x| at the start, above 0; 1 unless set. Less is more careful.
    pub first_region: f64,
    /// The least gain of a step that is taken, 0 to below 1/4; 1e-4 unless set.
    pub least_gain: f64,
    /// The most evaluations for one step, at least 1; 60 unless set.
    pub evaluations: u32,
}

impl Default for LevenbergMarquardt {
    fn default() -> Self {
        Self { first_region: 1.0, least_gain: 1e-4, evaluations: 60 }
    }
}

impl LevenbergMarquardt {
    pub(crate) fn validate(self) -> Result<()> {
        check("first_region", self.first_region, super::line_search::is_step(self.first_region), "above 0, and a number of f32")?;
        check("least_gain", self.least_gain, (0.0..0.25).contains(&self.least_gain), "0 to below 0.25")?;
        check("evaluations", f64::from(self.evaluations), self.evaluations > 0, "at least 1")
    }
}
