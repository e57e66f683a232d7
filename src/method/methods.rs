//! The methods there are: each a struct of settings, gathered in one enum.

use super::Lbfgs;
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
}

impl Method {
    pub(crate) fn validate(self) -> Result<()> {
        match self {
            Self::Lbfgs(lbfgs) => lbfgs.validate(),
        }
    }

    /// Pairs (s, y) that a lane has room for.
    pub(crate) fn memory(self) -> usize {
        match self {
            Self::Lbfgs(lbfgs) => lbfgs.memory,
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
