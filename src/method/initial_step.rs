//! Where a line search begins.

use serde::{Deserialize, Serialize};

use super::line_search::{check, is_step};
use crate::error::Result;

/// The step that a line search tries first, as a multiple of the direction d; g is the gradient, g.d the slope.
///
/// Unless set it is as the method likes it best: see [`Method`](crate::Method). A [`ConstantStep`](crate::ConstantStep) is
/// its own initial step.
///
/// # References
/// J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), section 3.5. C. E. Rasmussen: minimize.m (2006).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InitialStep {
    /// Of the first search; [`FirstStep::Scaled`] unless set.
    pub first: FirstStep,
    /// Of the others; [`NextStep::Unit`] unless set.
    pub next: NextStep,
}

/// The step that the first search of a lane tries first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FirstStep {
    /// No farther than 1: `d = -g / |g|` with the 2-norm, and the step is `min(1, max |g_i|)`.
    #[default]
    Scaled,
    /// `1 / (1 - g.d)` along `d = -g`; for quasi-Newton methods at most 1, and 1 % more below that.
    Rasmussen,
    /// A number, along `d = -g`.
    Value(f64),
}

/// The step that later searches of a lane try first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum NextStep {
    /// 1.
    #[default]
    Unit,
    /// The minimum of the parabola that has the slope g.d, and would lower f as the last step did:
    /// `2 (f_k - f_{k-1}) / g.d`; for quasi-Newton methods at most 1, and 1 % more below that. 1 where the last step did not
    /// lower f.
    Quadratic,
    /// As far as the last step was expected to change f, to first order: its alpha times its slope, by the slope `g.d`; for
    /// quasi-Newton methods at most 1, and 1 % more below that.
    SlopeRatio,
    /// A number.
    Value(f64),
}

impl InitialStep {
    pub(crate) fn validate(self) -> Result<()> {
        const MUST: &str = "above 0, and a number of f32";
        if let FirstStep::Value(alpha) = self.first {
            check("first", alpha, is_step(alpha), MUST)?;
        }
        if let NextStep::Value(alpha) = self.next {
            check("next", alpha, is_step(alpha), MUST)?;
        }
        Ok(())
    }
}
