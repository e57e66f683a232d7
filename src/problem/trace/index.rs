//! Indices made of loop variables, and ranges of them.

use std::marker::PhantomData;

use super::super::affine::{Affine, LoopId};
use super::{Brand, Scalar, Tracer};
use crate::error::ProblemError;

/// An integer expression in the variables of the enclosing loops: `i`, `3 * i + 1`, `j - i`.
#[derive(Clone, Copy)]
pub struct Index<'g> {
    pub(super) tracer: &'g Tracer,
    pub(super) affine: Handle,
    pub(super) scope: u32,
    pub(super) brand: Brand<'g>,
}

#[derive(Clone, Copy)]
pub(super) enum Handle {
    Variable(LoopId),
    /// Entered into the graph by arithmetic on indices.
    Interned(u32),
}

/// A range of indices, half open, for [`Point::sum`](super::Point::sum) and the other loops. Made from `0..n`, `..i` and
/// [`Index::to`].
#[derive(Clone)]
pub struct IndexRange<'g> {
    pub(super) start: IndexParts,
    pub(super) end: IndexParts,
    brand: Brand<'g>,
}

/// An index taken apart.
#[derive(Clone, Debug)]
pub struct IndexParts {
    pub(super) affine: Affine,
    pub(super) scope: u32,
}

mod sealed {
    use super::IndexParts;
    /// What can stand as an index.
    pub trait Sealed {
        /// The index, taken apart.
        fn parts(self) -> IndexParts;
    }
}
pub(in crate::problem) use sealed::Sealed;

/// What can index a point, parameters or data: a `usize`, or an [`Index`] made of loop variables.
pub trait IntoIndex<'g>: sealed::Sealed {}
impl IntoIndex<'_> for usize {}
impl<'g> IntoIndex<'g> for Index<'g> {}

impl Sealed for usize {
    fn parts(self) -> IndexParts {
        IndexParts { affine: Affine::constant(i64::try_from(self).unwrap_or(i64::MAX)), scope: 0 }
    }
}

impl Sealed for Index<'_> {
    fn parts(self) -> IndexParts {
        let affine = match self.affine {
            Handle::Variable(id) => Affine::variable(id),
            Handle::Interned(id) => self.tracer.state.borrow().graph.affine(id).clone(),
        };
        IndexParts { affine, scope: self.scope }
    }
}

impl<'g> Index<'g> {
    /// The half-open range from this index up to `end`.
    pub fn to(self, end: impl IntoIndex<'g>) -> IndexRange<'g> {
        IndexRange { start: self.parts(), end: end.parts(), brand: PhantomData }
    }

    /// The index as a number to compute with.
    pub fn number(self) -> Scalar<'g> {
        let IndexParts { affine, scope } = self.parts();
        if !self.tracer.is_open(scope) {
            self.tracer.fail(ProblemError::LeakedValue);
            return self.tracer.constant(1.0);
        }
        self.tracer.value(scope, |g| g.number(affine))
    }

    /// `factor * self + sign * other`
    pub(in crate::problem) fn combine(self, factor: i64, sign: i64, other: IndexParts) -> Self {
        let IndexParts { affine, scope } = self.parts();
        // The result has the scope of one of the two, which would hide that the other's loop has ended.
        if !self.tracer.is_open(scope) || !self.tracer.is_open(other.scope) {
            self.tracer.fail(ProblemError::LeakedValue);
        }
        let affine = Affine::constant(0).plus(factor, &affine).plus(sign, &other.affine);
        let id = self.tracer.state.borrow_mut().graph.intern_affine(affine);
        Self { affine: Handle::Interned(id), scope: scope.max(other.scope), ..self }
    }
}

impl From<std::ops::Range<usize>> for IndexRange<'_> {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self { start: range.start.parts(), end: range.end.parts(), brand: PhantomData }
    }
}

impl<'g> From<std::ops::Range<Index<'g>>> for IndexRange<'g> {
    fn from(range: std::ops::Range<Index<'g>>) -> Self {
        range.start.to(range.end)
    }
}

impl<'g> From<std::ops::RangeTo<Index<'g>>> for IndexRange<'g> {
    fn from(range: std::ops::RangeTo<Index<'g>>) -> Self {
        Self { start: 0.parts(), end: range.end.parts(), brand: PhantomData }
    }
}
