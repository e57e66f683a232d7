//! The values that an objective's closure computes with: they record what is done to them.

use std::cell::RefCell;
use std::marker::PhantomData;

use super::affine::{Affine, Loop, LoopId, within};
use super::graph::{Binary, Graph, Id, Op, Unary};
use crate::error::ProblemError;

/// Loops deeper than this are refused: each level recomputes the one above in the gradient.
const DEEPEST_NEST: usize = 16;
/// More values than this are refused while tracing; an engine may hold less.
pub(super) const MOST_VALUES: usize = 1 << 22;

/// An open loop of the closure being traced.
#[derive(Clone, Copy)]
struct Open {
    scope: u32,
    variable: LoopId,
}

/// What is recorded while the closure runs.
pub(super) struct Tracer {
    state: RefCell<State>,
    dimension: usize,
    parameters: usize,
    data: Vec<(String, usize)>,
}

struct State {
    graph: Graph,
    open: Vec<Open>,
    scopes: u32,
    error: Option<ProblemError>,
}

/// Where an indexed value is read from.
#[derive(Clone, Copy)]
enum Place {
    Point,
    Parameters,
    Data(u32),
}

impl Tracer {
    pub(super) fn new(dimension: usize, parameters: usize, data: Vec<(String, usize)>) -> Self {
        let state = State { graph: Graph::new(), open: Vec::new(), scopes: 0, error: None };
        Self { state: RefCell::new(state), dimension, parameters, data }
    }

    /// The graph and the objective's value in it, or the first mistake made in the closure.
    pub(super) fn finish(&self, result: Scalar<'_>) -> Result<(Graph, Id), ProblemError> {
        let id = self.resolve(result);
        let mut state = self.state.borrow_mut();
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        Ok((std::mem::replace(&mut state.graph, Graph::new()), id))
    }

    fn fail(&self, error: ProblemError) {
        self.state.borrow_mut().error.get_or_insert(error);
    }

    /// The number of a value that must belong to a loop still open.
    fn resolve(&self, value: Scalar<'_>) -> Id {
        if !self.is_open(value.scope) {
            self.fail(ProblemError::LeakedValue);
            return self.state.borrow_mut().graph.constant(1.0);
        }
        match value.repr {
            Repr::Value(id) => id,
            Repr::Coordinate(k) => self.state.borrow_mut().graph.coordinate(Affine::constant(k.into())),
        }
    }

    fn is_open(&self, scope: u32) -> bool {
        scope == 0 || self.state.borrow().open.iter().any(|o| o.scope == scope)
    }

    fn value<'g>(&'g self, scope: u32, make: impl FnOnce(&mut Graph) -> Id) -> Scalar<'g> {
        let mut state = self.state.borrow_mut();
        if state.graph.len() >= MOST_VALUES {
            state.error.get_or_insert(ProblemError::TooLarge { operations: MOST_VALUES, limit: MOST_VALUES });
            let one = state.graph.constant(1.0);
            return Scalar { tracer: self, repr: Repr::Value(one), scope: 0, brand: PhantomData };
        }
        let id = make(&mut state.graph);
        Scalar { tracer: self, repr: Repr::Value(id), scope, brand: PhantomData }
    }

    fn constant(&self, value: f64) -> Scalar<'_> {
        if !value.is_finite() {
            self.fail(ProblemError::NonFiniteConstant { value });
        }
        self.value(0, |g| g.constant(if value.is_finite() { value } else { 1.0 }))
    }

    fn folded<'g>(&'g self, scope: u32, make: impl FnOnce(&mut Graph) -> Id) -> Scalar<'g> {
        let made = self.value(scope, make);
        // An operation on constants alone that did not fold has no finite value.
        if let Repr::Value(id) = made.repr {
            let state = self.state.borrow();
            let op = state.graph.op(id);
            let hopeless =
                matches!(op, Op::Unary(..) | Op::Binary(..) | Op::Power(..)) && op.operands().all(|a| state.graph.as_constant(a).is_some());
            drop(state);
            if hopeless {
                self.fail(ProblemError::NonFiniteConstant { value: f64::NAN });
            }
        }
        made
    }

    fn unary<'g>(&'g self, op: Unary, a: Scalar<'g>) -> Scalar<'g> {
        let id = self.resolve(a);
        self.folded(a.scope, |g| g.unary(op, id))
    }

    fn binary<'g>(&'g self, op: Binary, a: Scalar<'g>, b: Scalar<'g>) -> Scalar<'g> {
        let (x, y) = (self.resolve(a), self.resolve(b));
        self.folded(a.scope.max(b.scope), |g| g.binary(op, x, y))
    }

    fn read<'g>(&'g self, place: Place, index: IndexParts) -> Scalar<'g> {
        let (what, len) = match place {
            Place::Point => ("x", self.dimension),
            Place::Parameters => ("parameters", self.parameters),
            Place::Data(k) => (self.data[k as usize].0.as_str(), self.data[k as usize].1),
        };
        if !self.is_open(index.scope) {
            self.fail(ProblemError::LeakedValue);
            return self.constant(1.0);
        }
        let affine = {
            let state = self.state.borrow();
            let open: Vec<LoopId> = state.open.iter().map(|o| o.variable).collect();
            within(index.affine, len, &open, &state.graph.loops)
        };
        match affine {
            Ok(affine) => self.value(index.scope, |g| match place {
                Place::Point => g.coordinate(affine),
                Place::Parameters => g.parameter(affine),
                Place::Data(k) => g.data(k, affine),
            }),
            Err(index) => {
                self.fail(ProblemError::IndexOutOfRange { what: what.into(), index, len });
                self.constant(1.0)
            }
        }
    }

    fn sum<'g>(&'g self, range: IndexRange<'g>, body: impl FnOnce(Index<'g>) -> Scalar<'g>) -> Scalar<'g> {
        let IndexRange { start, end, .. } = range;
        if !self.is_open(start.scope) || !self.is_open(end.scope) {
            self.fail(ProblemError::LeakedValue);
            return self.constant(1.0);
        }
        let (scope, variable) = {
            let mut state = self.state.borrow_mut();
            if state.open.len() >= DEEPEST_NEST {
                state.error.get_or_insert(ProblemError::NestedTooDeep { limit: DEEPEST_NEST });
                drop(state);
                return self.constant(1.0);
            }
            let level = state.open.len() as u32;
            let variable = state.graph.intern_loop(Loop { level, start: start.affine, end: end.affine });
            state.scopes += 1;
            let scope = state.scopes;
            state.open.push(Open { scope, variable });
            (scope, variable)
        };
        let result = body(Index { tracer: self, affine: Handle::Variable(variable), scope, brand: PhantomData });
        let id = self.resolve(result);
        self.state.borrow_mut().open.pop();
        // The sum depends on what is around it at most through the range and the body's outer values; to call it a
        // value of the loop that encloses it is always right, and all that the leak check needs.
        let outer = self.state.borrow().open.last().map_or(0, |o| o.scope);
        self.value(outer, |g| g.sum(variable, id))
    }
}

/// A traced number: what an objective computes with in place of `f64`.
///
/// It is `Copy` and takes part in arithmetic with its like and with `f64`. It can't be compared with `<` or `==`: an
/// `if` would decide once, while tracing, for all points. Use [`less`](Scalar::less) and [`select`](Condition::select).
///
/// The lifetime `'g` names the one problem being built; a value of another problem does not compile.
#[derive(Clone, Copy)]
pub struct Scalar<'g> {
    tracer: &'g Tracer,
    repr: Repr,
    /// The innermost loop that the value was made in, 0 outside all.
    scope: u32,
    brand: Brand<'g>,
}

/// Makes `'g` invariant, so that the values of two problems can't be brought to one lifetime.
type Brand<'g> = PhantomData<fn(&'g ()) -> &'g ()>;

#[derive(Clone, Copy)]
enum Repr {
    Value(Id),
    /// `x[k]`, entered into the graph only when it is used.
    Coordinate(u32),
}

/// An integer expression in the variables of the enclosing loops: `i`, `3 * i + 1`, `j - i`.
#[derive(Clone, Copy)]
pub struct Index<'g> {
    tracer: &'g Tracer,
    affine: Handle,
    scope: u32,
    brand: Brand<'g>,
}

#[derive(Clone, Copy)]
enum Handle {
    Variable(LoopId),
    /// Entered into the graph by arithmetic on indices.
    Interned(u32),
}

/// A range of indices, half open, for [`Point::sum`]. Made from `0..n`, `..i` and [`Index::to`].
#[derive(Clone)]
pub struct IndexRange<'g> {
    start: IndexParts,
    end: IndexParts,
    brand: Brand<'g>,
}

/// An index taken apart.
#[derive(Clone, Debug)]
pub struct IndexParts {
    affine: Affine,
    scope: u32,
}

mod sealed {
    use super::IndexParts;
    /// What can stand as an index.
    pub trait Sealed {
        /// The index, taken apart.
        fn parts(self) -> IndexParts;
    }
}
pub(super) use sealed::Sealed;

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
    pub(super) fn combine(self, factor: i64, sign: i64, other: IndexParts) -> Self {
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

/// The point x: `x[1]`, `x.at(3 * i + 1)`, and sums over it.
#[derive(Clone, Copy)]
pub struct Point<'g> {
    tracer: &'g Tracer,
    /// One scalar a component.
    components: &'g [Scalar<'g>],
}

impl<'g> Point<'g> {
    /// The scalars that a [`Point`] lends out by reference.
    pub(super) fn components(tracer: &'g Tracer) -> Vec<Scalar<'g>> {
        (0..tracer.dimension).map(|k| Scalar { tracer, repr: Repr::Coordinate(k as u32), scope: 0, brand: PhantomData }).collect()
    }

    pub(super) fn new(tracer: &'g Tracer, components: &'g [Scalar<'g>]) -> Self {
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
            self.tracer.fail(ProblemError::IndexOutOfRange { what: "x".into(), index, len: self.tracer.dimension });
            &self.components[0]
        })
    }
}

/// The lane's parameters and the shared data, the second argument of a closure given to
/// [`ProblemBuilder::build`](super::ProblemBuilder::build).
#[derive(Clone, Copy)]
pub struct Context<'g> {
    tracer: &'g Tracer,
}

impl<'g> Context<'g> {
    pub(super) fn new(tracer: &'g Tracer) -> Self {
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
    pub(super) fn unary(self, op: Unary) -> Self {
        self.tracer.unary(op, self)
    }

    pub(super) fn binary(self, op: Binary, other: impl Operand<'g>) -> Self {
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
    pub(super) truth: Scalar<'g>,
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
