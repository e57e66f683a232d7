//! How a lane stands, or how it ended.

use std::fmt;

/// Which test a lane passed to be called converged; see [`Tolerances`](crate::Tolerances).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Test {
    /// The largest gradient component.
    Gradient,
    /// The largest component of the step.
    Step,
    /// The change of the value.
    Value,
}

/// How a lane stands. A failed search, a zero step or a NaN is never called converged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Status {
    /// Not finished.
    Active,
    /// A tolerance is met.
    Converged(Test),
    /// The value is at or below the target.
    TargetReached,
    /// The lane can't improve in its precision: what the next step promises is less than the rounding of f. See
    /// [`Tolerances`](crate::Tolerances). The promise is that of the remembered steps, which don't tell of all directions: of lanes in f32
    /// it is [checked in f64](crate::Minimizer::certify_floors), and where f can fall farther they end in
    /// [`PrecisionLoss`](Status::PrecisionLoss).
    PrecisionFloor,
    /// Ten steps without progress that rounding does not explain: a kink, or a value and gradient that disagree.
    Stalled,
    /// The limit of iterations.
    IterationLimit,
    /// The limit of evaluations.
    EvaluationLimit,
    /// The limit of time.
    TimeLimit,
    /// No lower point along the quasi-Newton direction nor along the gradient, and rounding does not explain it; or values are
    /// rounded by more than the objective's terms show, and the gradient is not: see [`Tolerances`](crate::Tolerances).
    LineSearchFailed,
    /// The start, or the value there, is not finite.
    NonFiniteStart,
    /// The value at the start is finite and its gradient is not.
    NonFiniteGradient,
    /// The objective falls without end.
    Unbounded,
    /// Stopped by the host.
    Stopped,
    /// Fell into a basin that is known.
    Duplicate,
    /// Constant steps have led to where f or its gradient is not finite, from the last velocity and along the gradient.
    Diverged,
    /// In f32 the lane can't improve by what it knows, as at the [`PrecisionFloor`](Status::PrecisionFloor), but in f64 f falls from its
    /// point by more than rounding explains. See [`Minimizer::certify_floors`](crate::Minimizer::certify_floors).
    PrecisionLoss,
}

/// Every status with its stable number, its snake-case name and what a person should know.
const TABLE: [(Status, &str, &str); 18] = [
    (Status::Active, "active", "not finished"),
    (Status::Converged(Test::Gradient), "converged_gradient", "converged: the gradient is within its tolerance"),
    (Status::Converged(Test::Step), "converged_step", "converged: the step is within its tolerance"),
    (Status::Converged(Test::Value), "converged_value", "converged: the change of the value is within its tolerance"),
    (Status::TargetReached, "target_reached", "the value is at or below the target"),
    (Status::PrecisionFloor, "precision_floor", "as low as the precision allows; polish in f64 for more digits"),
    (Status::Stalled, "stalled", "ten steps without progress: look for a kink in the objective"),
    (Status::IterationLimit, "iteration_limit", "out of iterations: raise the limit"),
    (Status::EvaluationLimit, "evaluation_limit", "out of evaluations: raise the limit"),
    (Status::TimeLimit, "time_limit", "out of time"),
    (Status::LineSearchFailed, "line_search_failed", "no lower point in the direction of descent: check that the objective is smooth"),
    (Status::NonFiniteStart, "non_finite_start", "the start or the value there is infinite or not a number: start elsewhere"),
    (Status::NonFiniteGradient, "non_finite_gradient", "the gradient at the start is infinite or not a number: start elsewhere"),
    (Status::Unbounded, "unbounded", "the objective falls without end: bound it"),
    (Status::Stopped, "stopped", "stopped by the host"),
    (Status::Duplicate, "duplicate", "fell into a basin that is known"),
    (Status::Diverged, "diverged", "the steps lead to where the objective is not finite: take shorter ones"),
    (Status::PrecisionLoss, "precision_loss", "rounding stops the lane above a minimum: polish it, or run in f64"),
];

impl Status {
    /// The number that stands for the status in files and on devices. Numbers are stable.
    pub fn code(self) -> u32 {
        TABLE.iter().position(|row| row.0 == self).unwrap_or_default() as u32
    }

    /// The status of a number.
    pub fn from_code(code: u32) -> Option<Self> {
        TABLE.get(code as usize).map(|row| row.0)
    }

    /// The name in snake case, as in JSON and CSV: `converged_gradient`.
    pub fn name(self) -> &'static str {
        TABLE[self.code() as usize].1
    }

    /// Not finished.
    pub fn is_active(self) -> bool {
        self == Self::Active
    }

    /// Converged, at the target or at the precision floor.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Converged(_) | Self::TargetReached | Self::PrecisionFloor)
    }

    /// Out of iterations, evaluations or time.
    pub fn is_budget(self) -> bool {
        matches!(self, Self::IterationLimit | Self::EvaluationLimit | Self::TimeLimit)
    }

    /// Stopped from outside.
    pub fn is_stopped(self) -> bool {
        matches!(self, Self::Stopped | Self::Duplicate)
    }

    /// Whether a measurement goes with it: see [`Evidence`].
    pub(crate) fn has_evidence(self) -> bool {
        !(self.is_active() || self.is_stopped() || matches!(self, Self::NonFiniteStart | Self::NonFiniteGradient))
    }

    /// Ended with nothing to rely on.
    pub fn is_failure(self) -> bool {
        !(self.is_active() || self.is_success() || self.is_budget() || self.is_stopped())
    }
}

impl fmt::Display for Status {
    /// What a person should know.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(TABLE[self.code() as usize].2)
    }
}

/// By its name, as in JSON and CSV of this crate.
#[cfg(feature = "serde")]
impl serde::Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The measurement that a status rests on: `measured` was compared with `threshold`.
///
/// Converged and target: what was tested, and the tolerance. Precision floor, stalled, line search failed, diverged: what the
/// last step promised, and the noise of f, both as [`Tolerances`](crate::Tolerances) has them. Limits: the count and the limit.
/// Unbounded: the largest component of the point, or a value of minus infinity, and what it must not exceed. Others: NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Evidence {
    /// What was measured.
    pub measured: f64,
    /// What it was compared with.
    pub threshold: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_statuses_are_one_to_one() {
        for code in 0..TABLE.len() as u32 {
            let status = Status::from_code(code).expect("every row has a status");
            assert_eq!(status.code(), code, "{status:?}");
        }
        assert_eq!(Status::from_code(TABLE.len() as u32), None, "no status beyond the table");
    }

    #[test]
    fn every_status_is_of_one_kind() {
        for (status, ..) in TABLE {
            let kinds = [status.is_active(), status.is_success(), status.is_budget(), status.is_stopped(), status.is_failure()];
            assert_eq!(kinds.iter().filter(|&&k| k).count(), 1, "{status:?}");
        }
    }
}
