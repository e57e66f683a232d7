//! Objectives whose value and gradient are written in WGSL by hand.

#[cfg(any(feature = "gpu", feature = "wgsl"))]
pub(super) mod complaints;
#[cfg(feature = "gpu")]
mod names;
#[cfg(feature = "gpu")]
mod read;
#[cfg(feature = "gpu")]
pub(crate) mod text;
#[cfg(any(feature = "gpu", feature = "wgsl"))]
pub(super) mod words;

use super::{Problem, ProblemBuilder};
use crate::error::Result;

impl Problem {
    /// The objective whose value *and gradient* are written in WGSL by hand, for GPUs only: for what a closure can't say, such as
    /// loops that end when something is reached, or a gradient that is known in closed form. All else is as with other problems.
    ///
    /// ```no_run
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::verbatim(10, "
    ///     // 100 (b - a^2)^2 + (1 - a)^2 and its derivatives by a and b
    ///     fn valley(a: f32, b: f32) -> vec3<f32> {
    ///         let rise = b - a * a;
    ///         return vec3(100.0 * rise * rise + (1.0 - a) * (1.0 - a), -400.0 * a * rise - 2.0 * (1.0 - a), 200.0 * rise);
    ///     }
    ///
    ///     fn objective() -> f32 {
    ///         var value = 0.0;
    ///         for (var i = 0u; i < DIM - 1u; i++) {
    ///             let here = valley(x_at(i), x_at(i + 1u));
    ///             value += here.x;
    ///             add_gradient(i, here.y);
    ///             add_gradient(i + 1u, here.z);
    ///         }
    ///         return value;
    ///     }
    /// ")?;
    /// let device = Device::gpu()?;
    /// assert!(rosenbrock.check_gradient_on(&device, &[0.5; 10], &[])?.error < 1e-2);
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 10], &[2.0; 10])?, 10_000, 42);
    /// let outcome = Minimizer::new(Lbfgs::default()).minimize(&device, &rosenbrock, &starts)?;
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// The text is a WGSL module with a function `objective`. It may have functions, constants, structs, aliases and `var<private>`
    /// of its own, under any names. What it is provided with:
    ///
    /// | | |
    /// | --- | --- |
    /// | `DIM` | the number of components, a constant; the text may declare it itself, `const DIM = 10u;`, and must then be right |
    /// | `x_at(i)` | component `i` of the point, for `i: u32` from 0 |
    /// | `add_gradient(i, v)` | adds `v` to component `i` of the gradient, which begins as zero |
    /// | `p_at(i)` | parameter `i` of the lane, if the problem has parameters |
    /// | `t_at(i)`, `t_len` | element `i` of the data `t`, and how many it has; so for each data's name |
    ///
    /// Functions rather than arrays: the point of a large problem stays where it is, in the GPU's memory, and is read once where it is
    /// needed; an argument `array<f32, DIM>` would be copied for every call.
    ///
    /// `objective` gives the value, an `f32`. It may give a `vec2<f32>` instead: the value, and the **sum of the absolute values of
    /// the terms** that it adds up, from which the noise of f in single precision is told. Without it |f| is taken for that sum; the
    /// number of terms is taken to be n, or the length of the longest data. Where f is a small remainder of large terms, that is too
    /// little: lanes then end as [`LineSearchFailed`](crate::Status::LineSearchFailed) or [`Stalled`](crate::Status::Stalled) where they would
    /// end at the [`PrecisionFloor`](crate::Status::PrecisionFloor).
    ///
    /// What can be relied on, and what not:
    ///
    /// - Lanes stay independent, whatever the text does: `var<private>` has its first value again before each evaluation, and nothing
    ///   is shared but data. Barriers, bindings of the text's own and kernels are refused.
    /// - An index out of range reads zero and writes nothing, and the value is then not a number: the point is rejected like any other
    ///   that has no value. If it happens at the first start, [`start`](crate::Minimizer::start) fails with
    ///   [`WgslError::OutOfRange`](crate::WgslError::OutOfRange).
    /// - That the gradient is that of the value is for you to see to: [`check_gradient_on`](Problem::check_gradient_on).
    /// - A GPU's driver may reassociate sums, and takes infinities and not-a-number for granted nowhere: a value that is not finite is
    ///   rejected, but don't compute with one.
    /// - Some software drivers (Mesa's llvmpipe) silently end loops after 65,535 iterations. There, lanes are given one round a dispatch,
    ///   and each evaluation checks that enough iterations were left: if not, the value is not a number (nor is that of
    ///   the few lanes that the driver computes at once with it), and if this happens at the first start, `start` fails with
    ///   [`DeviceError::LoopsCutShort`](crate::DeviceError::LoopsCutShort).
    /// - The CPU engine, [`evaluate`](Problem::evaluate), [`check_gradient`](Problem::check_gradient),
    ///   [`certify`](crate::Outcome::certify) and [`polish`](crate::Outcome::polish) have nothing to compute with: they fail with
    ///   [`DeviceError::GpuOnly`](crate::DeviceError::GpuOnly). [`evaluate_on`](Problem::evaluate_on) computes single values. Nor are lanes
    ///   that end at the floor [checked](crate::Minimizer::certify_floors).
    ///
    /// # Errors
    /// [`WgslError`](crate::WgslError) for what is wrong with the text, with the compiler's message and the line in the text;
    /// [`ProblemError::UnknownData`](crate::ProblemError::UnknownData) for data that was not given. In builds without the feature `gpu`
    /// [`WgslError::NotBuilt`](crate::WgslError::NotBuilt).
    pub fn verbatim(dimension: usize, text: &str) -> Result<Self> {
        Self::builder(dimension).verbatim(text)
    }
}

impl ProblemBuilder {
    /// The objective whose value and gradient `text` computes on GPUs; see [`Problem::verbatim`].
    ///
    /// ```no_run
    /// use manymin::prelude::*;
    ///
    /// let (t, y) = ([0.0, 1.0, 2.0], [4.0, 1.5, 0.5]);
    /// let decay = Problem::builder(2).parameters(1).data("t", &t).data("y", &y).verbatim("
    ///     fn objective() -> f32 {
    ///         var value = 0.0;
    ///         for (var i = 0u; i < t_len; i++) {
    ///             let part = p_at(0) * exp(-x_at(1) * t_at(i));
    ///             let miss = x_at(0) * part - y_at(i);
    ///             value += miss * miss;
    ///             add_gradient(0, 2.0 * miss * part);
    ///             add_gradient(1, -2.0 * miss * x_at(0) * part * t_at(i));
    ///         }
    ///         return value;
    ///     }
    /// ")?;
    /// # Ok::<(), manymin::Error>(())
    /// ```
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

#[cfg(all(test, not(feature = "gpu")))]
mod tests {
    use super::*;
    use crate::error::{Error, ProblemError, WgslError};

    #[test]
    fn a_build_without_the_gpu_engine_says_so() {
        let refused = Problem::verbatim(1, "fn objective() -> f32 { return 0.0; }");
        assert_eq!(refused.err(), Some(Error::Problem(ProblemError::Wgsl(WgslError::NotBuilt))));
    }
}
