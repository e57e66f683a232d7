//! Traced numbers and conditions.

use super::super::graph::{Binary, Id, Unary};
use super::{Brand, Tracer};

/// A traced number: what an objective computes with in place of `f64`.
///
/// It is `Copy` and takes part in arithmetic with its like and with `f64`. It can't be compared with `<` or `==`: an
/// `if` would decide once, while tracing, for all points. Use [`less`](Scalar::less) and [`select`](Condition::select).
///
/// The lifetime `'g` names the one problem being built; a value kept for another problem does not compile:
///
/// ```compile_fail
/// # use manymin::prelude::*;
/// let mut kept = None;
/// let first = Problem::new(1, |x| { kept = Some(x[0]); x[0] });
/// let second = Problem::new(1, |x| x[0] + kept.unwrap());
/// ```
#[derive(Clone, Copy)]
pub struct Scalar<'g> {
    pub(super) tracer: &'g Tracer,
    pub(super) repr: Repr,
    /// The innermost loop that the value was made in, 0 outside all.
    pub(super) scope: u32,
    pub(super) brand: Brand<'g>,
}

#[derive(Clone, Copy)]
pub(super) enum Repr {
    Value(Id),
    /// `x[k]`, entered into the graph only when it is used.
    Coordinate(u32),
}

/// What can stand beside a [`Scalar`] in an operation: another one, or an `f64`.
pub trait Operand<'g>: SealedOperand<'g> {}
impl<'g> Operand<'g> for Scalar<'g> {}
impl Operand<'_> for f64 {}

/// Keeps [`Operand`] closed.
pub trait SealedOperand<'g> {
    /// The operand as a traced number of the same problem as `beside`.
    fn beside(self, beside: Scalar<'g>) -> Scalar<'g>;
}

impl<'g> SealedOperand<'g> for Scalar<'g> {
    fn beside(self, _: Scalar<'g>) -> Scalar<'g> {
        self
    }
}

impl<'g> SealedOperand<'g> for f64 {
    fn beside(self, beside: Scalar<'g>) -> Scalar<'g> {
        beside.tracer.constant(self)
    }
}

impl<'g> Scalar<'g> {
    pub(in crate::problem) fn unary(self, op: Unary) -> Self {
        self.tracer.unary(op, self)
    }

    pub(in crate::problem) fn binary(self, op: Binary, other: impl Operand<'g>) -> Self {
        self.tracer.binary(op, self, other.beside(self))
    }

    /// `self^exponent` for an integer exponent.
    pub fn powi(self, exponent: i32) -> Self {
        let id = self.tracer.resolve(self);
        self.tracer.folded(self.scope, |g| g.power(id, exponent))
    }

    fn select(condition: Self, then: Self, otherwise: Self) -> Self {
        let tracer = condition.tracer;
        let (c, a, b) = (tracer.resolve(condition), tracer.resolve(then), tracer.resolve(otherwise));
        tracer.value(condition.scope.max(then.scope).max(otherwise.scope), |g| g.select(c, a, b))
    }
}

/// The outcome of a comparison of traced numbers, to [`select`](Condition::select) by.
///
/// ```
/// # use manymin::prelude::*;
/// let huber = Problem::new(1, |x| {
///     let a = x[0].abs();
///     a.less(1.0).select(0.5 * a * a, a - 0.5)
/// })?;
/// assert_eq!(huber.evaluate(&[3.0], &[])?.gradient, [1.0]);
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Condition<'g> {
    /// 1 where it holds, 0 where not.
    pub(in crate::problem) truth: Scalar<'g>,
}

impl<'g> Condition<'g> {
    /// `then` where the condition holds, else `otherwise`. Both are computed; the derivative of the one not chosen is
    /// zero, also where it would be infinite or not a number.
    pub fn select(self, then: impl Operand<'g>, otherwise: impl Operand<'g>) -> Scalar<'g> {
        Scalar::select(self.truth, then.beside(self.truth), otherwise.beside(self.truth))
    }

    /// Both hold.
    pub fn and(self, other: Self) -> Self {
        Self { truth: self.truth.binary(Binary::Mul, other.truth) }
    }

    /// At least one holds.
    pub fn or(self, other: Self) -> Self {
        Self { truth: self.truth.binary(Binary::Max, other.truth) }
    }
}

impl std::ops::Not for Condition<'_> {
    type Output = Self;

    fn not(self) -> Self {
        Self { truth: self.truth.binary(Binary::Equal, 0.0) }
    }
}

/// `then` where the condition holds, else `otherwise`: [`Condition::select`] as a function.
pub fn select<'g>(condition: Condition<'g>, then: impl Operand<'g>, otherwise: impl Operand<'g>) -> Scalar<'g> {
    condition.select(then, otherwise)
}
