//! The values that an objective's closure computes with: they record what is done to them.

mod index;
mod point;
mod scalar;

use std::cell::RefCell;
use std::marker::PhantomData;

use super::affine::{Affine, Loop, LoopId, within};
use super::graph::{Binary, Graph, Id, Op, Unary};
use crate::error::ProblemError;
pub(super) use index::Sealed;
use index::{Handle, IndexParts};
pub use index::{Index, IndexRange, IntoIndex};
pub use point::{Array, Context, Point};
use scalar::Repr;
pub(super) use scalar::SealedOperand;
pub use scalar::{Condition, Operand, Scalar, select};

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

/// Makes `'g` invariant, so that the values of two problems can't be brought to one lifetime.
type Brand<'g> = PhantomData<fn(&'g ()) -> &'g ()>;
