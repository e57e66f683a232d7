//! What a user sets, with defaults and the checks made before a run.

use crate::error::{Error, Result};

/// When a lane has converged. Tested after every accepted step, in this order, each `<=`.
///
/// A step that is zero or a search that failed never satisfies a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerances {
    /// `max_i |P(x - g) - x|_i <= gradient_max`, which is `max |g_i|` where no bound is met; 1e-5 unless set. 0 asks for
    /// all that the precision gives: lanes then end in [`Status::PrecisionFloor`](crate::Status::PrecisionFloor).
    pub gradient_max: f64,
    /// `max_i |x_t - x|_i <= step_max`; 0, which is off, unless set.
    pub step_max: f64,
    /// `|f - f_t| <= value_change`; 0, which is off, unless set.
    pub value_change: f64,
    /// `f <= target` ends a lane with [`Status::TargetReached`](crate::Status::TargetReached); none unless set.
    pub target: Option<f64>,
}

impl Default for Tolerances {
    fn default() -> Self {
        Self { gradient_max: 1e-5, step_max: 0.0, value_change: 0.0, target: None }
    }
}

impl Tolerances {
    pub(crate) fn validate(&self) -> Result<()> {
        let fields = [("gradient_max", self.gradient_max), ("step_max", self.step_max), ("value_change", self.value_change)];
        for (name, value) in fields {
            if !(value >= 0.0) {
                return Err(Error::Setting { name, value: value.to_string(), must: "a number not below 0" });
            }
        }
        match self.target {
            Some(target) if target.is_nan() => Err(Error::Setting { name: "target", value: target.to_string(), must: "a number" }),
            _ => Ok(()),
        }
    }
}

/// How much work a lane may do. A lane ends when it has done as much or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Accepted steps; 500 unless set.
    pub iterations: u32,
    /// Evaluations of value and gradient, the start's included; unlimited unless set.
    pub evaluations: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { iterations: 500, evaluations: u32::MAX }
    }
}

impl Limits {
    pub(crate) fn validate(self) -> Result<()> {
        if self.evaluations == 0 {
            return Err(Error::Setting { name: "evaluations", value: "0".into(), must: "at least 1: the start's own evaluation counts" });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::{Lbfgs, Method};

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        let name = |result: Result<()>| match result {
            Err(Error::Setting { name, .. }) => name,
            other => panic!("expected a setting's error, got {other:?}"),
        };
        assert_eq!(name(Method::from(Lbfgs { memory: 0 }).validate()), "memory");
        assert_eq!(name(Tolerances { gradient_max: -1.0, ..Tolerances::default() }.validate()), "gradient_max");
        assert_eq!(name(Tolerances { step_max: f64::NAN, ..Tolerances::default() }.validate()), "step_max");
        assert_eq!(name(Tolerances { target: Some(f64::NAN), ..Tolerances::default() }.validate()), "target");
        assert_eq!(name(Limits { evaluations: 0, ..Limits::default() }.validate()), "evaluations");
    }
}
