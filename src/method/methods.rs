//! The methods there are: each a struct of settings, gathered in one enum.

use super::{Bfgs, InitialStep, Lbfgs, LineSearch, SlopeSearch};
use crate::error::Result;

/// How a lane finds its directions. Each method has a line search and initial steps that suit it, unless others are set:
/// L-BFGS and BFGS [`SlopeSearch`] with a curvature of 0.9, and steps of 1 after the first.
///
/// Each method's settings turn into it, so that [`Minimizer::new`](crate::Minimizer::new) takes them as they are.
///
/// ```
/// use manymin::prelude::*;
///
/// let method = Method::from(Lbfgs { memory: 20 });
/// assert_eq!(method, Method::Lbfgs(Lbfgs { memory: 20 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Method {
    /// See [`Lbfgs`].
    Lbfgs(Lbfgs),
    /// See [`Bfgs`].
    Bfgs(Bfgs),
}

impl Method {
    pub(crate) fn validate(self) -> Result<()> {
        match self {
            Self::Lbfgs(lbfgs) => lbfgs.validate(),
            Self::Bfgs(_) => Ok(()),
        }
    }

    /// Pairs (s, y) that a lane has room for.
    pub(crate) fn memory(self) -> usize {
        match self {
            Self::Lbfgs(lbfgs) => lbfgs.memory,
            Self::Bfgs(_) => 0,
        }
    }

    /// Numbers of the matrix that a lane has, for points of `dimension` components.
    pub(crate) fn matrix(self, dimension: usize) -> usize {
        match self {
            Self::Lbfgs(_) => 0,
            Self::Bfgs(_) => dimension * (dimension + 1) / 2,
        }
    }

    /// The most pairs that a lane can have learned from and not forgotten.
    pub(crate) fn most_pairs(self) -> u32 {
        match self {
            Self::Lbfgs(lbfgs) => lbfgs.memory as u32,
            Self::Bfgs(_) => u32::MAX,
        }
    }

    /// The line search that it has unless another is set.
    pub(crate) fn default_line_search(self) -> LineSearch {
        match self {
            Self::Lbfgs(_) | Self::Bfgs(_) => SlopeSearch::default().into(),
        }
    }

    /// The initial steps that its searches have unless others are set.
    pub(crate) fn default_initial_step(self) -> InitialStep {
        match self {
            Self::Lbfgs(_) | Self::Bfgs(_) => InitialStep::default(),
        }
    }

    /// Whether its directions come with a length of their own, so that a step of 1 is the natural one.
    pub(crate) fn is_newton_like(self) -> bool {
        match self {
            Self::Lbfgs(_) | Self::Bfgs(_) => true,
        }
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
