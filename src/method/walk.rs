//! How a lane makes its steps, all settled: what an engine is told.

use super::{ConstantStep, FirstStep, InitialStep, LineSearch, Method, NextStep, Pairs};
use crate::error::{Error, Result};

/// A method with the line search and the initial steps that it is to have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Walk {
    pub(crate) method: Method,
    pub(crate) line_search: LineSearch,
    pub(crate) initial_step: InitialStep,
    pub(crate) pairs: Pairs,
}

impl Walk {
    /// Whether f may rise with a step by more than rounding.
    pub(crate) fn may_rise(&self) -> bool {
        matches!(self.line_search, LineSearch::Constant(_))
    }

    /// Whether a failed search is made anew when it has measured more noise than the model of it says: slopes go on to tell
    /// where values don't, and the search is steered by them.
    pub(crate) fn measures_noise(&self) -> bool {
        matches!(self.line_search, LineSearch::Slopes(_)) && self.method.is_newton_like() && !self.method.has_regions()
    }

    /// Whether directions are taken as they are, descending or not: nothing but the method's own rule says how far to go.
    pub(crate) fn is_free(&self) -> bool {
        self.may_rise() && !self.method.is_quasi_newton()
    }

    /// What is not set is the method's own.
    pub(crate) fn new(method: Method, line_search: Option<LineSearch>, initial_step: Option<InitialStep>, pairs: Pairs) -> Result<Self> {
        method.validate()?;
        for (name, set) in [("line_search", line_search.is_some()), ("initial_step", initial_step.is_some())] {
            if method.has_regions() && set {
                let must = "left unset with `LevenbergMarquardt`, which finds the length of its steps by itself";
                return Err(Error::Setting { name, value: "set".into(), must });
            }
        }
        let line_search = line_search.unwrap_or_else(|| method.default_line_search());
        line_search.validate()?;
        let initial_step = match (line_search, initial_step) {
            (LineSearch::Constant(_), Some(step)) => {
                let (value, must) = (format!("{step:?}"), "left unset with `ConstantStep`, which tries no other step");
                return Err(Error::Setting { name: "initial_step", value, must });
            }
            (LineSearch::Constant(ConstantStep { alpha }), None) => {
                InitialStep { first: FirstStep::Value(alpha), next: NextStep::Value(alpha) }
            }
            (_, step) => step.unwrap_or_else(|| method.default_initial_step()),
        };
        initial_step.validate()?;
        pairs.validate()?;
        Ok(Self { method, line_search, initial_step, pairs })
    }
}

impl From<Method> for Walk {
    /// The method as it likes it best.
    fn from(method: Method) -> Self {
        let (line_search, initial_step) = (method.default_line_search(), method.default_initial_step());
        Self { method, line_search, initial_step, pairs: Pairs::default() }
    }
}
