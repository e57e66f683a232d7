//! Objectives whose value and gradient are written in WGSL by hand.

#[cfg(feature = "gpu")]
mod names;
#[cfg(feature = "gpu")]
mod read;
#[cfg(feature = "gpu")]
pub(crate) mod text;
#[cfg(feature = "gpu")]
mod words;

use super::{Problem, ProblemBuilder};
use crate::error::Result;

impl Problem {
    /// The objective whose value *and gradient* are written in WGSL by hand, for GPUs only: for what a closure can't say, such as
    /// a simulation with state of its own, or a gradient that is known in closed form. All else is as with other problems.
    ///
    /// ```no_run
    /// use manymin::prelude::*;
    ///
    /// // f(x) = sum over i of 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2
    /// let rosenbrock = Problem::verbatim(10, "
    ///     fn square(v: f32) -> f32 { return v * v; }
    ///
    ///     fn objective() -> f32 {
    ///         var value = 0.0;
    ///         for (var i = 0u; i < DIM - 1u; i++) {
    ///             let (rise, rest) = vec2(0.0);
    ///         }
    ///         return value;
    ///     }
    /// ")?;
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn verbatim(dimension: usize, text: &str) -> Result<Self> {
        Self::builder(dimension).verbatim(text)
    }
}

impl ProblemBuilder {
    /// The objective whose value and gradient `text` computes on GPUs; see [`Problem::verbatim`].
    ///
    /// # Errors
    /// As [`Problem::verbatim`].
    #[cfg(feature = "gpu")]
    pub fn verbatim(self, text: &str) -> Result<Problem> {
        self.check()?;
        let about = text::About { dimension: self.dimension, parameters: self.parameters, data: &self.data };
        let verbatim = text::Verbatim::new(text, &about)?;
        Ok(self.problem(super::Objective::Verbatim(verbatim)))
    }

    /// The objective whose value and gradient `text` computes on GPUs: not in this build, which has none.
    ///
    /// # Errors
    /// [`WgslError::NotBuilt`](crate::WgslError::NotBuilt).
    #[cfg(not(feature = "gpu"))]
    pub fn verbatim(self, _text: &str) -> Result<Problem> {
        Err(crate::error::ProblemError::from(crate::error::WgslError::NotBuilt).into())
    }
}
