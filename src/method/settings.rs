//! What a user sets, with defaults and the checks made before a run.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// When a lane has converged, and what becomes of one that rounding stops.
///
/// After every accepted step, x to x_t, these are tested in this order, and the first that holds ends the lane; P projects on
/// the box, and without bounds changes nothing:
///
/// | test | holds if | status |
/// | --- | --- | --- |
/// | gradient | `max_i abs(P(x_t - g_t) - x_t)_i <= max(gradient_max, gradient_relative max(1, abs(f_t)))` | [`Converged(Gradient)`] |
/// | step | `0 < max_i abs(x_t - x)_i <= max(step_max, step_relative max_i abs(x_t)_i)` | [`Converged(Step)`] |
/// | value | `abs(f - f_t) <= max(value_change, value_relative max(abs(f), abs(f_t)))`, the right side above 0 | [`Converged(Value)`] |
/// | target | `f_t <= target` | [`TargetReached`] |
/// | stagnation | ten steps, all of which lower f by no more than its noise and the gradient by less than a tenth | see below |
/// | floor | `promise <= noise` for the next step, with [`FloorPolicy::Stop`] or if the lane stands still | [`PrecisionFloor`] |
/// | [`Limits`] | as many iterations, or evaluations, as allowed, or more | [`IterationLimit`], [`EvaluationLimit`] |
///
/// A lane that stagnates ends in [`PrecisionFloor`] if `promise <= noise` for its last step, else in [`Stalled`]. With
/// [`ConstantStep`](crate::ConstantStep) a rise by more than noise is no standstill, and a step that is far shorter than the best
/// promises less than is left.
///
/// A lane stands still if its last step was one of those that stagnation counts, and its next is at most `2 EPSILON abs(x_i)` in every
/// component: it could but go about among the neighbours of its point. This is tested under [`FloorPolicy::Classify`], of Newton-like
/// methods by [`SlopeSearch`](crate::SlopeSearch).
///
/// The floor is tested when the next direction is known, and only where that rests on something which the method has learned,
/// such as pairs (s, y). At the start gradient, target and limits are tested alone, and the floor where the method knows
/// enough by then, as [`LevenbergMarquardt`](crate::LevenbergMarquardt) does. [`Limits`] end what would go on by all other tests, in
/// the middle of a search too, so that [`Batch::resume`](crate::Batch::resume) can have it go on. A step of zero, or a search that failed, satisfies
/// none of them.
///
/// # What a step promises
/// `promise` is half of `abs(g.(x_t - x))`, what f would fall by if it were quadratic, for the step at its natural length and in
/// its box: 1 for quasi-Newton methods after the first step, the alpha that the search begins with for that and for methods
/// whose directions have no natural length. Where the last search of one of these has failed, it is `(g.d)^2 / 2` over the
/// curvature along d, as the slopes at the ends of the bracket tell it. For `LevenbergMarquardt` it is what the whole
/// Gauss-Newton step promises, however small the region. A restart along the gradient keeps the promise of the step before.
/// It is what [`Evidence::measured`](crate::Evidence::measured) tells of such ends.
///
/// # The noise of f
/// What rounding may change f by is taken to be `(8 + log2 k) EPSILON max(abs(f), S / 4)`, where f is the sum of k terms, S the
/// sum of their absolute values, both of which the objective's program tells, and EPSILON the distance from 1 to the next
/// number: 1.2e-7 in f32, 2.2e-16 in f64. Beside a promise it is no less than `8 EPSILON sum_i abs(x_i g_i)` over the components
/// that no bound holds, what rounding the point does.
///
/// A term may be rounded by more than that, as the square of a small residual that cancels large numbers. Where a search of a
/// Newton-like method by [`SlopeSearch`](crate::SlopeSearch) fails after it has met a difference of f beside the point that
/// slopes don't explain, it is made anew with that for the noise, and the lane goes on by it, steered by slopes: up to 4,096
/// times what the model says, in all. No lane is at the floor by what was measured so. (With other methods and
/// searches such a difference counts as noise of the failed search, up to 64 times the model.) Besides, where it was and the gradient is
/// more than four times what it changes by next to the point, the gradient tells, and there is no floor: the lane restarts
/// along it, and after the last restart has failed.
///
/// # Whether the floor is one
/// The promise is made by what the lane remembers. In a direction that it has not walked f may fall farther, and where curvatures
/// differ by as much as f32 has digits, neither values nor gradients in f32 tell. So lanes in f32 that come to the floor are
/// checked in f64 when they have ended: see [`Minimizer::certify_floors`](crate::Minimizer::certify_floors). Those from which f falls by more
/// than 100 roundings end in [`PrecisionLoss`], which is no success.
///
/// [`Converged(Gradient)`]: crate::Test::Gradient
/// [`Converged(Step)`]: crate::Test::Step
/// [`Converged(Value)`]: crate::Test::Value
/// [`TargetReached`]: crate::Status::TargetReached
/// [`PrecisionFloor`]: crate::Status::PrecisionFloor
/// [`PrecisionLoss`]: crate::Status::PrecisionLoss
/// [`Stalled`]: crate::Status::Stalled
/// [`IterationLimit`]: crate::Status::IterationLimit
/// [`EvaluationLimit`]: crate::Status::EvaluationLimit
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
            Some(target) if !(target < f64::INFINITY) => {
                Err(Error::Setting { name: "target", value: target.to_string(), must: "a number below infinity" })
            }
            _ => Ok(()),
        }
    }
}

/// What the noise of f may decide: see [`Tolerances`]. What it decides of lanes in f32 is [checked in
/// f64](crate::Minimizer::certify_floors).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u32)]
pub enum FloorPolicy {
    /// It classifies what has come to an end by itself: a lane whose search finds no lower point, or that stagnates, ends in
    /// [`Status::PrecisionFloor`](crate::Status::PrecisionFloor) if the step promised no more than the noise.
    #[default]
    Classify,
    /// It also ends a lane at once when the next step promises no more: fewer evaluations, and a little less accuracy on
    /// ill-conditioned problems.
    Stop,
    /// It decides nothing: such lanes end in [`Status::LineSearchFailed`](crate::Status::LineSearchFailed) or
    /// [`Status::Stalled`](crate::Status::Stalled).
    Off,
}

/// What ends a lane, as the lane keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Demands {
    pub(crate) tolerances: Tolerances,
    pub(crate) limits: Limits,
}

/// How much work a lane may do. A lane ends when it has done as much or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
