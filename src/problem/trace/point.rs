//! What an objective reads: the point, the lane's parameters and the shared data.

use std::marker::PhantomData;

use super::super::graph::Binary;
use super::scalar::Repr;
use super::{Index, IndexRange, IntoIndex, Operand, Place, Scalar, Tracer};
use crate::error::ProblemError;

/// The point x: `x[1]`, `x.at(3 * i + 1)`, and sums over it.
#[derive(Clone, Copy)]
pub struct Point<'g> {
    tracer: &'g Tracer,
    /// One scalar a component.
    components: &'g [Scalar<'g>],
}

impl<'g> Point<'g> {
    /// The scalars that a [`Point`] lends out by reference.
    pub(in crate::problem) fn components(tracer: &'g Tracer) -> Vec<Scalar<'g>> {
        (0..tracer.dimension).map(|k| Scalar { tracer, repr: Repr::Coordinate(k as u32), scope: 0, brand: PhantomData }).collect()
    }

    pub(in crate::problem) fn new(tracer: &'g Tracer, components: &'g [Scalar<'g>]) -> Self {
        Self { tracer, components }
    }

    /// The number of components, n.
    #[expect(clippy::len_without_is_empty, reason = "a point is never empty")]
    pub fn len(self) -> usize {
        self.tracer.dimension
    }

    /// Component `index`, which may be made of loop variables.
    pub fn at(self, index: impl IntoIndex<'g>) -> Scalar<'g> {
        self.tracer.read(Place::Point, index.parts())
    }

    /// The sum of `body(i)` over a range of indices: a loop in the program, never unrolled.
    ///
    /// Terms are added in blocks of 32, then the blocks, in order. An empty range gives 0.
    ///
    /// ```
    /// # use manymin::prelude::*;
    /// let squares = Problem::new(5, |x| x.sum(0..5, |i| x.at(i) * x.at(i)))?;
    /// assert_eq!(squares.evaluate(&[1.0, 2.0, 3.0, 4.0, 5.0], &[])?.value, 55.0);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn sum(self, range: impl Into<IndexRange<'g>>, body: impl FnOnce(Index<'g>) -> Scalar<'g>) -> Scalar<'g> {
        self.tracer.sum(range.into(), body)
    }

    /// A recurrence: the state after all rounds of `state = body(i, state)` over a range of indices, in their order, from
    /// `initial` on. It is a loop in the program, never unrolled; an empty range gives `initial`.
    ///
    /// `body` gets the state at the beginning of the round and returns that at its end, as an array of traced numbers of the
    /// same length. It may read x, data and parameters by `i`, and contain sums and folds. The derivative runs the rounds
    /// backwards; for that, states are stored, where there are many those of every so many rounds, between which they are
    /// computed again.
    ///
    /// Of what can be written as a sum, write a [`sum`](Point::sum): it takes no memory and rounds less.
    ///
    /// ```
    /// # use manymin::prelude::*;
    /// // A hundred steps of Euler's method for y' = -k y, y(0) = 1, and where they end.
    /// let end = Problem::new(1, |x| {
    ///     let [y] = x.fold(0..100, [1.0], |_, [y]| [y - 0.01 * x[0] * y]);
    ///     y
    /// })?;
    /// let at = end.evaluate(&[2.0], &[])?;
    /// assert!((at.value - 0.98_f64.powi(100)).abs() < 1e-15);
    /// assert!((at.gradient[0] + 0.98_f64.powi(99)).abs() < 1e-15);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # References
    /// A. Griewank, A. Walther: Evaluating Derivatives, 2nd ed., SIAM 2008, chapter 12 (checkpointing).
    pub fn fold<const K: usize>(
        self,
        range: impl Into<IndexRange<'g>>,
        initial: [impl Operand<'g>; K],
        body: impl FnOnce(Index<'g>, [Scalar<'g>; K]) -> [Scalar<'g>; K],
    ) -> [Scalar<'g>; K] {
        let beside = self.components[0];
        self.tracer.fold(range.into(), initial.map(|value| value.beside(beside)), body)
    }

    /// The product of `body(i)` over a range of indices, multiplied from left to right; 1 for an empty range. Its derivative
    /// is right also where factors are 0.
    ///
    /// ```
    /// # use manymin::prelude::*;
    /// let product = Problem::new(4, |x| x.product(0..4, |i| x.at(i)))?;
    /// let at = product.evaluate(&[1.0, 2.0, 0.0, 4.0], &[])?;
    /// assert_eq!((at.value, at.gradient), (0.0, vec![0.0, 0.0, 8.0, 0.0]));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn product(self, range: impl Into<IndexRange<'g>>, body: impl FnOnce(Index<'g>) -> Scalar<'g>) -> Scalar<'g> {
        let [product] = self.fold(range, [1.0], |i, [product]| [product * body(i)]);
        product
    }

    /// The greatest of `body(i)` over a range of indices. Of equal ones the derivative is that of the first. A value that is
    /// not a number is passed over, unless it is the first.
    ///
    /// A range that may be empty, at any values of the loops around it, comes back from `build` as an error.
    ///
    /// ```
    /// # use manymin::prelude::*;
    /// let worst = Problem::new(3, |x| x.maximum(0..3, |i| x.at(i) * x.at(i)))?;
    /// let at = worst.evaluate(&[1.0, -3.0, 2.0], &[])?;
    /// assert_eq!((at.value, at.gradient), (9.0, vec![0.0, -6.0, 0.0]));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn maximum(self, range: impl Into<IndexRange<'g>>, body: impl FnOnce(Index<'g>) -> Scalar<'g>) -> Scalar<'g> {
        self.tracer.extreme(Binary::Max, range.into(), body)
    }

    /// The least of `body(i)`, as [`maximum`](Point::maximum) is the greatest.
    pub fn minimum(self, range: impl Into<IndexRange<'g>>, body: impl FnOnce(Index<'g>) -> Scalar<'g>) -> Scalar<'g> {
        self.tracer.extreme(Binary::Min, range.into(), body)
    }

    /// `value` as a traced number.
    pub fn constant(self, value: f64) -> Scalar<'g> {
        self.tracer.constant(value)
    }
}

impl<'g> std::ops::Index<usize> for Point<'g> {
    type Output = Scalar<'g>;

    /// Component `k`. Out of range it is recorded, and comes back from `build` as an error.
    fn index(&self, k: usize) -> &Scalar<'g> {
        self.components.get(k).unwrap_or_else(|| {
            let index = i64::try_from(k).unwrap_or(i64::MAX);
            let (what, len) = ("x".into(), self.tracer.dimension);
            self.tracer.fail(ProblemError::IndexOutOfRange { what, index, len, lengths: Vec::new() });
            &self.components[0]
        })
    }
}

/// The lane's parameters and the shared data, the second argument of a closure given to
/// [`ProblemBuilder::build`](crate::problem::ProblemBuilder::build).
#[derive(Clone, Copy)]
pub struct Context<'g> {
    tracer: &'g Tracer,
}

impl<'g> Context<'g> {
    pub(in crate::problem) fn new(tracer: &'g Tracer) -> Self {
        Self { tracer }
    }

    /// Parameter `index` of the lane.
    pub fn parameter(self, index: impl IntoIndex<'g>) -> Scalar<'g> {
        self.tracer.read(Place::Parameters, index.parts())
    }

    /// All parameters of the lane, as an array.
    pub fn parameters(self) -> Array<'g> {
        Array { tracer: self.tracer, place: Place::Parameters, len: self.tracer.parameters }
    }

    /// The shared array of that name. A name that was not given is recorded, and comes back from `build` as an error.
    pub fn data(self, name: &str) -> Array<'g> {
        match self.tracer.data.iter().position(|(known, _)| known == name) {
            Some(k) => Array { tracer: self.tracer, place: Place::Data(k as u32), len: self.tracer.data[k].1 },
            None => {
                let known = self.tracer.data.iter().map(|d| d.0.clone()).collect();
                self.tracer.fail(ProblemError::UnknownData { name: name.into(), known });
                Array { tracer: self.tracer, place: Place::Parameters, len: 0 }
            }
        }
    }

    /// As [`Point::sum`].
    pub fn sum(self, range: impl Into<IndexRange<'g>>, body: impl FnOnce(Index<'g>) -> Scalar<'g>) -> Scalar<'g> {
        self.tracer.sum(range.into(), body)
    }

    /// `value` as a traced number.
    pub fn constant(self, value: f64) -> Scalar<'g> {
        self.tracer.constant(value)
    }
}

/// Numbers that an objective reads by index: a shared data array, or the lane's parameters.
#[derive(Clone, Copy)]
pub struct Array<'g> {
    tracer: &'g Tracer,
    place: Place,
    len: usize,
}

impl<'g> Array<'g> {
    /// The number of elements.
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Element `index`, which may be made of loop variables.
    pub fn at(self, index: impl IntoIndex<'g>) -> Scalar<'g> {
        self.tracer.read(self.place, index.parts())
    }
}
