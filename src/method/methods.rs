//! The methods there are: each a struct of settings, gathered in one enum.

use super::{ConjugateGradient, Lbfgs, SteepestDescent};
use crate::error::Result;

/// How a lane finds its directions.
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
    /// See [`ConjugateGradient`].
    ConjugateGradient(ConjugateGradient),
    /// See [`SteepestDescent`].
    SteepestDescent(SteepestDescent),
}

impl Method {
    pub(crate) fn validate(self) -> Result<()> {
        match self {
            Self::Lbfgs(lbfgs) => lbfgs.validate(),
            Self::ConjugateGradient(gradients) => gradients.validate(),
            Self::SteepestDescent(SteepestDescent) => Ok(()),
        }
    }

    /// Pairs (s, y) that a lane has room for.
    pub(crate) fn memory(self) -> usize {
        match self {
            Self::Lbfgs(lbfgs) => lbfgs.memory,
            Self::ConjugateGradient(_) | Self::SteepestDescent(_) => 0,
        }
    }

    /// Whether it learns the curvature from pairs (s, y), which are refused where they tell of none. Other methods take from
    /// every step what they need.
    pub(crate) fn is_quasi_newton(self) -> bool {
        matches!(self, Self::Lbfgs(_))
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
