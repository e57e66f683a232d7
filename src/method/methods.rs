//! The methods there are: each a struct of settings, gathered in one enum.

use serde::{Deserialize, Serialize};

use super::{
    Bfgs, ConjugateGradient, ConstantStep, DeltaBarDelta, FirstStep, Inertia, InitialStep, Lbfgs, LevenbergMarquardt, LineSearch, Momentum,
    MoreThuente, Nesterov, NextStep, SlopeSearch, SteepestDescent,
};
use crate::error::Result;

/// How a lane finds its directions. Each method has a line search and initial steps that suit it, unless others are set:
/// L-BFGS and BFGS [`SlopeSearch`] with a curvature of 0.9, and steps of 1 after the first; conjugate gradients and steepest
/// descent [`MoreThuente`] with a curvature of 0.1, and steps by the ratio of slopes; momentum, Nesterov's gradient and
/// delta-bar-delta [`ConstantStep`]. Levenberg and Marquardt's method takes neither: it finds the length of its steps by itself.
///
/// Each method's settings turn into it, so that [`Minimizer::new`](crate::Minimizer::new) takes them as they are.
///
/// ```
/// use manymin::prelude::*;
///
/// let method = Method::from(Lbfgs { memory: 20 });
/// assert_eq!(method, Method::Lbfgs(Lbfgs { memory: 20 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Method {
    /// See [`Lbfgs`].
    Lbfgs(Lbfgs),
    /// See [`Bfgs`].
    Bfgs(Bfgs),
    /// See [`ConjugateGradient`].
    ConjugateGradient(ConjugateGradient),
    /// See [`SteepestDescent`].
    SteepestDescent(SteepestDescent),
    /// See [`Momentum`].
    Momentum(Momentum),
    /// See [`Nesterov`].
    Nesterov(Nesterov),
    /// See [`DeltaBarDelta`].
    DeltaBarDelta(DeltaBarDelta),
    /// See [`LevenbergMarquardt`].
    LevenbergMarquardt(LevenbergMarquardt),
}

impl Method {
    pub(crate) fn validate(self) -> Result<()> {
        match self {
            Self::Lbfgs(lbfgs) => lbfgs.validate(),
            Self::Bfgs(_) => Ok(()),
            Self::ConjugateGradient(gradients) => gradients.validate(),
            Self::SteepestDescent(SteepestDescent) => Ok(()),
            Self::Momentum(momentum) => Inertia::from(momentum).validate(),
            Self::Nesterov(nesterov) => Inertia::from(nesterov).validate(),
            Self::DeltaBarDelta(delta) => delta.validate(),
            Self::LevenbergMarquardt(settings) => settings.validate(),
        }
    }

    /// Pairs (s, y) that a lane has room for.
    pub(crate) fn memory(self) -> usize {
        match self {
            Self::Lbfgs(lbfgs) => lbfgs.memory,
            Self::Bfgs(_) | Self::ConjugateGradient(_) | Self::SteepestDescent(_) => 0,
            Self::Momentum(_) | Self::Nesterov(_) | Self::DeltaBarDelta(_) | Self::LevenbergMarquardt(_) => 0,
        }
    }

    /// Numbers of the matrix that a lane has, for points of `dimension` components; or of what else it keeps.
    pub(crate) fn matrix(self, dimension: usize) -> usize {
        match self {
            Self::Bfgs(_) => dimension * (dimension + 1) / 2,
            // The gains and the averaged gradient.
            Self::DeltaBarDelta(_) => 2 * dimension,
            // The lower triangle of J'J, and the scales.
            Self::LevenbergMarquardt(_) => dimension * (dimension + 3) / 2,
            Self::Lbfgs(_) | Self::ConjugateGradient(_) | Self::SteepestDescent(_) | Self::Momentum(_) | Self::Nesterov(_) => 0,
        }
    }

    /// The most pairs that a lane can have learned from and not forgotten.
    pub(crate) fn most_pairs(self) -> u32 {
        match self {
            Self::Lbfgs(lbfgs) => lbfgs.memory as u32,
            Self::Bfgs(_) => u32::MAX,
            _ => 1,
        }
    }

    /// Whether it learns the curvature from pairs (s, y), which are refused where they tell of none. Other methods take from
    /// every step what they need.
    pub(crate) fn is_quasi_newton(self) -> bool {
        matches!(self, Self::Lbfgs(_) | Self::Bfgs(_))
    }

    /// The line search that it has unless another is set.
    pub(crate) fn default_line_search(self) -> LineSearch {
        match self {
            // Levenberg and Marquardt's method has none, and asks for none.
            Self::Lbfgs(_) | Self::Bfgs(_) | Self::LevenbergMarquardt(_) => SlopeSearch::default().into(),
            // Directions that build on the last one build on its search.
            Self::ConjugateGradient(_) | Self::SteepestDescent(_) => {
                MoreThuente { curvature: 0.1, approximate_armijo: true, ..MoreThuente::default() }.into()
            }
            // How far they go is their own affair.
            Self::Momentum(_) | Self::Nesterov(_) | Self::DeltaBarDelta(_) => ConstantStep { alpha: 1.0 }.into(),
        }
    }

    /// The initial steps that its searches have unless others are set.
    pub(crate) fn default_initial_step(self) -> InitialStep {
        match self {
            Self::Lbfgs(_) | Self::Bfgs(_) => InitialStep::default(),
            // The whole step.
            Self::LevenbergMarquardt(_) => InitialStep { first: FirstStep::Value(1.0), next: NextStep::Unit },
            Self::ConjugateGradient(_) | Self::SteepestDescent(_) => InitialStep { next: NextStep::SlopeRatio, ..InitialStep::default() },
            Self::Momentum(_) | Self::Nesterov(_) | Self::DeltaBarDelta(_) => {
                InitialStep { first: FirstStep::Value(1.0), next: NextStep::SlopeRatio }
            }
        }
    }

    /// Whether it looks for the length of a step by itself, and takes residuals to do so.
    pub(crate) fn has_regions(self) -> bool {
        matches!(self, Self::LevenbergMarquardt(_))
    }

    /// Whether its directions come with a length of their own, so that a step of 1 is the natural one.
    pub(crate) fn is_newton_like(self) -> bool {
        self.is_quasi_newton() || self.has_regions()
    }
}

impl Default for Method {
    fn default() -> Self {
        Lbfgs::default().into()
    }
}

impl From<Lbfgs> for Method {
    fn from(lbfgs: Lbfgs) -> Self {
        Self::Lbfgs(lbfgs)
    }
}

impl From<Bfgs> for Method {
    fn from(bfgs: Bfgs) -> Self {
        Self::Bfgs(bfgs)
    }
}

impl From<ConjugateGradient> for Method {
    fn from(gradients: ConjugateGradient) -> Self {
        Self::ConjugateGradient(gradients)
    }
}

impl From<SteepestDescent> for Method {
    fn from(steepest: SteepestDescent) -> Self {
        Self::SteepestDescent(steepest)
    }
}

impl From<Momentum> for Method {
    fn from(momentum: Momentum) -> Self {
        Self::Momentum(momentum)
    }
}

impl From<Nesterov> for Method {
    fn from(nesterov: Nesterov) -> Self {
        Self::Nesterov(nesterov)
    }
}

impl From<DeltaBarDelta> for Method {
    fn from(delta: DeltaBarDelta) -> Self {
        Self::DeltaBarDelta(delta)
    }
}

impl From<LevenbergMarquardt> for Method {
    fn from(settings: LevenbergMarquardt) -> Self {
        Self::LevenbergMarquardt(settings)
    }
}
