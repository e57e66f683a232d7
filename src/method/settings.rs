//! What a user sets, with defaults and the checks made before a run.

use crate::error::{Error, Result};

/// When a lane has converged, and what becomes of one that rounding stops.
///
/// After every accepted step, x to x_t, these are tested in this order, and the first that holds ends the lane; P projects on
/// the box, and without bounds changes nothing:
///
/// | test | holds if | status |
/// | --- | --- | --- |
/// | gradient | `max_i abs(P(x_t - g_t) - x_t)_i <= max(gradient_max, gradient_relative max(1, abs(f_t)))` | [`Converged(Gradient)`](crate::Test::Gradient) |
/// | step | `0 < max_i abs(x_t - x)_i <= max(step_max, step_relative max_i abs(x_t)_i)` | [`Converged(Step)`](crate::Test::Step) |
/// | value | `abs(f - f_t) <= max(value_change, value_relative max(abs(f), abs(f_t)))`, the right side above 0 | [`Converged(Value)`](crate::Test::Value) |
/// | target | `f_t <= target` | [`TargetReached`](crate::Status::TargetReached) |
/// | floor | `floor_policy` is [`FloorPolicy::Stop`], and `abs(d.g) / 2 <= noise` for the next quasi-Newton direction d | [`PrecisionFloor`](crate::Status::PrecisionFloor) |
/// | stagnation | ten steps in a row, none of which lowers f by more than its noise or the gradient by a tenth | [`PrecisionFloor`](crate::Status::PrecisionFloor) if `abs(d.g) / 2 <= noise`, else [`Stalled`](crate::Status::Stalled) |
/// | [`Limits`] | as many iterations, or evaluations, as allowed, or more | [`IterationLimit`](crate::Status::IterationLimit), [`EvaluationLimit`](crate::Status::EvaluationLimit) |
///
/// At the start gradient, target and limits are tested alone. A step of zero, or a search that failed, satisfies none of them.
///
/// # The noise of f
/// What rounding may change f by is taken to be `(8 + log2 k) EPSILON max(abs(f), S / 4)`, where f is the sum of k terms, S the
/// sum of their absolute values, both of which the objective's program tells, and EPSILON the distance from 1 to the next
/// number: 1.2e-7 in f32, 2.2e-16 in f64. Where a search has failed or lanes stagnate, it is no less than `8 EPSILON sum_i
/// abs(x_i g_i)`, what rounding the point does.
///
/// A term may be rounded by more than that, as the square of a small residual that cancels large numbers. Where a search of a
/// Newton-like method by [`SlopeSearch`](crate::SlopeSearch) fails after it has met a difference of f beside the point that
/// slopes don't explain, it is made anew with that for the noise, and the lane goes on by it, steered by slopes: up to 4,096
/// times what the model says, in all. No lane is at the floor by what was measured so. Besides, where it was and the gradient is
/// more than four times what it changes by next to the point, the gradient tells, and there is no floor: the lane restarts
/// along it, and after the last restart has failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerances {
    /// The largest component of the projected gradient; 1e-5 unless set. 0 asks for all that the precision gives: lanes then
    /// end in [`Status::PrecisionFloor`](crate::Status::PrecisionFloor).
    pub gradient_max: f64,
    /// The same relative to `max(1, |f|)`; 0, which is off, unless set.
    pub gradient_relative: f64,
    /// The largest component of the step; 0, which is off, unless set.
    pub step_max: f64,
    /// The same relative to the largest component of the point; 0, which is off, unless set.
    pub step_relative: f64,
    /// The change of the value; 0, which is off, unless set.
    pub value_change: f64,
    /// The same relative to the larger of the two values; 0, which is off, unless set.
    pub value_relative: f64,
    /// `f <= target` ends a lane; none unless set.
    pub target: Option<f64>,
    /// What the noise of f may decide; [`FloorPolicy::Classify`] unless set.
    pub floor_policy: FloorPolicy,
}

impl Default for Tolerances {
    fn default() -> Self {
        Self {
            gradient_max: 1e-5,
            gradient_relative: 0.0,
            step_max: 0.0,
            step_relative: 0.0,
            value_change: 0.0,
            value_relative: 0.0,
            target: None,
            floor_policy: FloorPolicy::default(),
        }
    }
}

impl Tolerances {
    pub(crate) fn validate(&self) -> Result<()> {
        let fields = [
            ("gradient_max", self.gradient_max),
            ("gradient_relative", self.gradient_relative),
            ("step_max", self.step_max),
            ("step_relative", self.step_relative),
            ("value_change", self.value_change),
            ("value_relative", self.value_relative),
        ];
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

/// What the noise of f may decide: see [`Tolerances`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum FloorPolicy {
    /// It classifies what has come to an end by itself: a lane whose search finds no lower point, or that stagnates, ends in
    /// [`Status::PrecisionFloor`](crate::Status::PrecisionFloor) if the step promised no more than the noise.
    #[default]
    Classify,
    /// It also ends a lane at once when the next step promises no more: fewer evaluations, and a little less accuracy on
    /// ill-conditioned problems.
    Stop,
    /// It decides nothing: such lanes end in [`Status::LineSearchFailed`](crate::Status::LineSearchFailed) or [`Status::Stalled`](crate::Status::Stalled).
    Off,
}

/// What ends a lane, as the lane keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Demands {
    pub(crate) tolerances: Tolerances,
    pub(crate) limits: Limits,
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
