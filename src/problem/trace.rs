//! The values that an objective's closure computes with: they record what is done to them.

mod index;
mod point;
mod scalar;

use std::cell::RefCell;
use std::marker::PhantomData;

use super::affine::{Affine, Loop, LoopId, within};
use super::graph::{Binary, Graph, Id, Op, Unary};
use crate::error::{ProblemError, differing};
pub(super) use index::Sealed;
use index::{Handle, IndexParts};
pub use index::{Index, IndexRange, IntoIndex};
pub use point::{Array, Context, Point};
use scalar::Repr;
pub(super) use scalar::SealedOperand;
pub use scalar::{Condition, Operand, Scalar, select};

/// What is traced tells of itself no more than what it is: the rest is the tracer's.
macro_rules! tell_names {
    ($($name:ident)*) => {
        $(impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })*
    };
}

tell_names!(Index IndexRange Point Context Array Scalar Condition);

/// Loops deeper than this are refused: each level recomputes the one above in the gradient.
pub(super) const DEEPEST_NEST: usize = 16;
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
            state.error.get_or_insert(ProblemError::TooLarge { limit: MOST_VALUES });
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
            let hopeless = matches!(op, Op::Unary(..) | Op::Binary(..) | Op::Power(..))
                && state.graph.operands(op).all(|a| state.graph.as_constant(a).is_some());
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
                let lengths = if matches!(place, Place::Data(_)) { differing(&self.data) } else { Vec::new() };
                self.fail(ProblemError::IndexOutOfRange { what: what.into(), index, len, lengths });
                self.constant(1.0)
            }
        }
    }

    /// Whether a loop over `range` can be opened, in so many levels.
    fn may_open(&self, range: &IndexRange<'_>, levels: usize) -> bool {
        if !self.is_open(range.start.scope) || !self.is_open(range.end.scope) {
            self.fail(ProblemError::LeakedValue);
            return false;
        }
        if self.state.borrow().open.len() + levels > DEEPEST_NEST {
            self.fail(ProblemError::NestedTooDeep { limit: DEEPEST_NEST });
            return false;
        }
        true
    }

    /// Runs the closure of a loop whose variables, outermost first, `begin` makes at a level.
    fn within_loop<'g, T, R>(
        &'g self,
        begin: impl FnOnce(&mut Graph, u32) -> (Vec<LoopId>, T),
        body: impl FnOnce(Index<'g>, u32, T) -> R,
    ) -> R {
        let (scope, index, around, begun) = {
            let State { graph, open, scopes, .. } = &mut *self.state.borrow_mut();
            let around = open.len();
            let (variables, begun) = begin(graph, around as u32);
            *scopes += 1;
            open.extend(variables.iter().map(|&variable| Open { scope: *scopes, variable }));
            (*scopes, variables[variables.len() - 1], around, begun)
        };
        let result = body(Index { tracer: self, affine: Handle::Variable(index), scope, brand: PhantomData }, scope, begun);
        self.state.borrow_mut().open.truncate(around);
        result
    }

    /// What a loop gives depends on what is around it at most through the range and the body's outer values; to call it a
    /// value of the loop that encloses it is always right, and all that the leak check needs.
    fn around(&self) -> u32 {
        self.state.borrow().open.last().map_or(0, |o| o.scope)
    }

    fn sum<'g>(&'g self, range: IndexRange<'g>, body: impl FnOnce(Index<'g>) -> Scalar<'g>) -> Scalar<'g> {
        if !self.may_open(&range, 1) {
            return self.constant(1.0);
        }
        let begin = |graph: &mut Graph, level: u32| {
            let variable = graph.intern_loop(Loop::new(level, range.start.affine, range.end.affine));
            (vec![variable], variable)
        };
        let (variable, id) = self.within_loop(begin, |i, _, variable| (variable, self.resolve(body(i))));
        self.value(self.around(), |g| g.sum(variable, id))
    }

    fn fold<'g, const K: usize>(
        &'g self,
        range: IndexRange<'g>,
        initial: [Scalar<'g>; K],
        body: impl FnOnce(Index<'g>, [Scalar<'g>; K]) -> [Scalar<'g>; K],
    ) -> [Scalar<'g>; K] {
        let start = initial.map(|value| self.resolve(value));
        let levels = self.state.borrow().graph.fold_levels(&range.start.affine, &range.end.affine, K);
        if !self.may_open(&range, levels) {
            return initial;
        }
        let begin = |graph: &mut Graph, level: u32| {
            let begun = graph.begin_fold(level, range.start.affine, range.end.affine, &start);
            (begun.variables.clone(), begun)
        };
        let (begun, next) = self.within_loop(begin, |i, scope, begun| {
            let state = std::array::from_fn(|k| self.value(scope, |_| begun.state[k]));
            let next = body(i, state);
            (begun, next.map(|value| self.resolve(value)))
        });
        let results = self.state.borrow_mut().graph.end_fold(begun, next.to_vec());
        let around = self.around();
        std::array::from_fn(|k| self.value(around, |_| results[k]))
    }

    /// The `op`, least or greatest, of what `body` gives: the first in the first round, then that or the one of the round.
    fn extreme<'g>(&'g self, op: Binary, range: IndexRange<'g>, body: impl FnOnce(Index<'g>) -> Scalar<'g>) -> Scalar<'g> {
        let IndexParts { affine: start, scope } = range.start.clone();
        if self.state.borrow().graph.may_have_no_rounds(&start, &range.end.affine) {
            self.fail(ProblemError::EmptyRange { what: if op == Binary::Max { "maximum" } else { "minimum" } });
        }
        let zero = self.constant(0.0);
        let [value] = self.fold(range, [zero], |i, [so_far]| {
            let term = body(i);
            let first = i.combine(1, -1, IndexParts { affine: start, scope }).number().binary(Binary::Equal, 0.0);
            [Condition { truth: first }.select(term, so_far.binary(op, term))]
        });
        value
    }
}

/// Makes `'g` invariant, so that the values of two problems can't be brought to one lifetime.
type Brand<'g> = PhantomData<fn(&'g ()) -> &'g ()>;
