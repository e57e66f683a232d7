//! Reverse-mode differentiation that keeps loops as loops and needs no tape.
//!
//! The adjoint of `s = sum over i of b(i)` is one more loop over i: it computes what it needs of b(i) again and sends
//! `ds b'(i)` to whatever b reads. What does not depend on i receives a sum over i; a component `x[a i + c]` receives a
//! [`Scatter`] inside the loop. Where the adjoint of s needs no result of the loop, the scheduler puts both into one.
//!
//! The adjoint of a fold is a fold over the same loop, backwards, of the adjoints of its state: it reads the state of each round,
//! which the fold has stored, and computes what it needs of the body again.
//!
//! # References
//! A. Griewank, A. Walther: Evaluating Derivatives, 2nd ed., SIAM 2008. R. Schenck, O. Rønning, T. Henriksen,
//! C. E. Oancea: AD for an Array Language with Nested Parallelism, SC 2022 (recomputation in place of a tape).

use std::collections::BTreeMap;

use super::affine::{Affine, LoopId};
use super::graph::{Binary, FoldId, Graph, Id, Op, Unary};

/// `gradient[index] += value`, once for every round of the loops of `nest`, outermost first.
#[derive(Clone, Debug)]
pub(crate) struct Scatter {
    pub(crate) nest: Vec<LoopId>,
    pub(crate) index: Affine,
    pub(crate) value: Id,
}

/// Where an adjoint may be 0 whatever x is, so that what it is multiplied by may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Idle {
    Never,
    /// In the last rounds of a fold, if a part of its state is not used after it. What is computed there is of the size of what
    /// is used; only where it has no slope can 0 times that be something else.
    Last,
    /// It came through a branch of a select, or out of a loop that may be empty, and is zero where the branch is not
    /// taken or the loop has no rounds.
    Branch,
}

/// The derivative of the result with respect to one value.
#[derive(Clone, Copy)]
struct Adjoint {
    value: Id,
    idle: Idle,
}

type Adjoints = BTreeMap<Id, Adjoint>;

/// The gradient of `root` with respect to x, as scatters into it.
pub(crate) fn gradient(graph: &mut Graph, root: Id) -> Vec<Scatter> {
    let one = graph.constant(1.0);
    let mut reverse = Reverse { graph, scatters: Vec::new() };
    reverse.run(&mut Vec::new(), BTreeMap::from([(root, Adjoint { value: one, idle: Idle::Never })]));
    reverse.scatters
}

/// Folds in more loops than these are taken to be idle at times.
const MOST_GUESSES: usize = 4;

struct Reverse<'a> {
    graph: &'a mut Graph,
    scatters: Vec<Scatter>,
}

impl Reverse<'_> {
    /// Propagates `pending` through the values that vary in the innermost loop of `nest`, last defined first, and
    /// returns what the values around that loop receive in each of its rounds, and what the states receive that it carries.
    fn run(&mut self, nest: &mut Vec<LoopId>, mut pending: Adjoints) -> (Adjoints, Adjoints) {
        let innermost = nest.last().copied();
        let (mut outer, mut states) = (Adjoints::new(), Adjoints::new());
        while let Some((id, adjoint)) = pending.pop_last() {
            if !self.graph.active(id) {
                continue;
            }
            if innermost.is_some_and(|v| !self.graph.depends(id).contains(&v)) {
                outer.insert(id, adjoint);
                continue;
            }
            match self.graph.op(id) {
                Op::Coordinate(index) => {
                    let index = self.graph.affine(index).clone();
                    self.scatters.push(Scatter { nest: nest.clone(), index, value: adjoint.value });
                }
                Op::Sum(variable, body) => {
                    nest.push(variable);
                    let (received, _) = self.run(nest, BTreeMap::from([(body, adjoint)]));
                    nest.pop();
                    self.sums(variable, received, &mut pending);
                }
                Op::State(..) => _ = states.insert(id, adjoint),
                Op::Folded(fold, _) => {
                    // What uses a part of the result has a higher number than any part of it.
                    let mut results = BTreeMap::from([(id, adjoint)]);
                    let of_fold = |id: Id| matches!(self.graph.op(id), Op::Folded(of, _) if of == fold);
                    while let Some(part) = pending.last_entry().filter(|part| of_fold(*part.key())) {
                        let (id, adjoint) = part.remove_entry();
                        results.insert(id, adjoint);
                    }
                    self.fold(nest, fold, &results, &mut pending);
                }
                _ => self.local(id, adjoint, &mut pending),
            }
        }
        (outer, states)
    }

    /// Adds up what values around a loop receive in each of its rounds.
    fn sums(&mut self, variable: LoopId, received: Adjoints, pending: &mut Adjoints) {
        let empty = if self.graph.may_be_empty(variable) { Idle::Branch } else { Idle::Never };
        for (to, part) in received {
            let value = self.graph.sum(variable, part.value);
            self.add(pending, to, Adjoint { value, idle: part.idle.max(empty) });
        }
    }

    /// The rounds of a fold backwards: a fold of the adjoints of its state.
    fn fold(&mut self, nest: &mut Vec<LoopId>, fold: FoldId, results: &Adjoints, pending: &mut Adjoints) {
        let fold = self.graph.fold(fold).clone();
        let parts: Vec<usize> = (0..fold.state.len()).filter(|&k| self.graph.active(fold.state[k])).collect();
        let zero = self.graph.constant(0.0);
        let nothing = Adjoint { value: zero, idle: Idle::Last };
        let last: Vec<Adjoint> = parts.iter().map(|&k| results.get(&fold.results[k]).copied().unwrap_or(nothing)).collect();
        // What is inside this fold is gone through again for every guess at what may be 0: deep in a nest the cautious one comes first.
        let least = if nest.len() < MOST_GUESSES { Idle::Never } else { Idle::Branch };
        let mut idle: Vec<Idle> = last.iter().map(|adjoint| adjoint.idle.max(least)).collect();
        loop {
            let scatters = self.scatters.len();
            let backwards = self.graph.begin_over(fold.variable, !fold.reversed, last.iter().map(|adjoint| adjoint.value).collect());
            let adjoints = self.graph.fold(backwards).state.clone();
            let mut inside = Adjoints::new();
            for ((&k, &value), &idle) in parts.iter().zip(&adjoints).zip(&idle) {
                self.add(&mut inside, fold.next[k], Adjoint { value, idle });
            }
            nest.push(fold.variable);
            let (outer, states) = self.run(nest, inside);
            nest.pop();
            let received: Vec<Adjoint> = parts.iter().map(|&k| states.get(&fold.state[k]).copied().unwrap_or(nothing)).collect();
            // What comes back from a round goes into the one before.
            let found: Vec<Idle> = idle.iter().zip(&received).map(|(&idle, part)| idle.max(part.idle)).collect();
            if found != idle {
                self.scatters.truncate(scatters);
                idle = found;
                continue;
            }
            let first = self.graph.end_over(backwards, received.iter().map(|part| part.value).collect());
            for ((&k, value), idle) in parts.iter().zip(first).zip(idle) {
                self.add(pending, fold.initial[k], Adjoint { value, idle });
            }
            return self.sums(fold.variable, outer, pending);
        }
    }

    fn add(&mut self, adjoints: &mut Adjoints, to: Id, part: Adjoint) {
        let sum = match adjoints.get(&to) {
            Some(so_far) => Adjoint { value: self.graph.binary(Binary::Add, so_far.value, part.value), idle: so_far.idle.max(part.idle) },
            None => part,
        };
        adjoints.insert(to, sum);
    }

    /// Sends `a`, the adjoint of operation `id`, on to its operands.
    fn local(&mut self, id: Id, a: Adjoint, pending: &mut Adjoints) {
        let guarded = match a.idle {
            Idle::Never => false,
            Idle::Last => has_poles(self.graph.op(id)),
            Idle::Branch => true,
        };
        for (to, value, choice) in contributions(self.graph, id, a.value) {
            if !self.graph.active(to) {
                continue;
            }
            // In a branch not taken, or an empty loop, the adjoint is 0, and 0 times an infinite derivative would poison the sum.
            let value = if guarded && !choice { self.zero_where_zero(a.value, value) } else { value };
            let idle = if choice { Idle::Branch } else { a.idle };
            self.add(pending, to, Adjoint { value, idle });
        }
    }

    fn zero_where_zero(&mut self, adjoint: Id, value: Id) -> Id {
        if adjoint == value {
            return value;
        }
        let zero = self.graph.constant(0.0);
        let idle = self.graph.binary(Binary::Equal, adjoint, zero);
        self.graph.select(idle, zero, value)
    }
}

/// Whether a derivative of the operation may be infinite, or not a number, where its operands are finite and so is its value.
fn has_poles(op: Op) -> bool {
    match op {
        Op::Unary(op, _) => matches!(op, Unary::Sqrt | Unary::Ln | Unary::Log2 | Unary::Tan | Unary::Asin | Unary::Acos),
        Op::Binary(op, ..) => matches!(op, Binary::Div | Binary::Pow | Binary::Atan2 | Binary::Hypot),
        Op::Power(_, exponent) => exponent < 0,
        _ => false,
    }
}

/// (operand, `a` times the partial derivative of `id` by it, whether that is a choice between `a` and 0), which is linear in `a`:
/// what the operands receive from the adjoint of `id`, and what `id` receives from the tangent of an operand.
pub(super) fn contributions(g: &mut Graph, id: Id, a: Id) -> Vec<(Id, Id, bool)> {
    match g.op(id) {
        Op::Constant(_)
        | Op::Coordinate(_)
        | Op::Parameter(_)
        | Op::Data(..)
        | Op::Number(_)
        | Op::Sum(..)
        | Op::State(..)
        | Op::Folded(..) => Vec::new(),
        Op::Unary(Unary::Neg, u) => vec![(u, g.unary(Unary::Neg, a), false)],
        Op::Unary(Unary::Abs, u) => {
            let zero = g.constant(0.0);
            let below = g.binary(Binary::Less, u, zero);
            let minus = g.unary(Unary::Neg, a);
            vec![(u, g.select(below, minus, a), false)]
        }
        Op::Unary(op, u) => {
            let value = unary_adjoint(g, op, id, u, a);
            vec![(u, value, false)]
        }
        Op::Power(u, k) => {
            // u^(k - 1), of which a negative power has the reciprocal at hand.
            let power = if k < 0 { g.binary(Binary::Div, id, u) } else { g.power(u, k - 1) };
            let factor = g.constant(f64::from(k));
            let slope = g.binary(Binary::Mul, factor, power);
            vec![(u, g.binary(Binary::Mul, a, slope), false)]
        }
        Op::Select(c, u, v) => {
            let zero = g.constant(0.0);
            vec![(u, g.select(c, a, zero), true), (v, g.select(c, zero, a), true)]
        }
        Op::Binary(op, u, v) => binary_adjoint(g, op, id, (u, v), a),
    }
}

/// `a` times the derivative of `op` at `u`, whose value is `id`.
fn unary_adjoint(g: &mut Graph, op: Unary, id: Id, u: Id, a: Id) -> Id {
    let one = g.constant(1.0);
    match op {
        Unary::Neg | Unary::Abs | Unary::Floor => unreachable!("handled by the caller, or never active"),
        Unary::Exp => g.binary(Binary::Mul, a, id),
        Unary::Sqrt => {
            let half = g.constant(0.5);
            let scaled = g.binary(Binary::Mul, half, a);
            g.binary(Binary::Div, scaled, id)
        }
        Unary::Ln => g.binary(Binary::Div, a, u),
        Unary::Log2 => {
            let factor = g.constant(std::f64::consts::LOG2_E);
            let scaled = g.binary(Binary::Mul, factor, a);
            g.binary(Binary::Div, scaled, u)
        }
        Unary::Sin => {
            let slope = g.unary(Unary::Cos, u);
            g.binary(Binary::Mul, a, slope)
        }
        Unary::Cos => {
            let sine = g.unary(Unary::Sin, u);
            let product = g.binary(Binary::Mul, a, sine);
            g.unary(Unary::Neg, product)
        }
        Unary::Sinh => {
            let slope = g.unary(Unary::Cosh, u);
            g.binary(Binary::Mul, a, slope)
        }
        Unary::Cosh => {
            let slope = g.unary(Unary::Sinh, u);
            g.binary(Binary::Mul, a, slope)
        }
        Unary::Tan => {
            let square = g.binary(Binary::Mul, id, id);
            let slope = g.binary(Binary::Add, one, square);
            g.binary(Binary::Mul, a, slope)
        }
        Unary::Tanh => {
            // 1 - t^2 as (1 - t)(1 + t), which keeps its digits where t is near 1.
            let (below, above) = (g.binary(Binary::Sub, one, id), g.binary(Binary::Add, one, id));
            let slope = g.binary(Binary::Mul, below, above);
            g.binary(Binary::Mul, a, slope)
        }
        Unary::Asin | Unary::Acos => {
            let (below, above) = (g.binary(Binary::Sub, one, u), g.binary(Binary::Add, one, u));
            let product = g.binary(Binary::Mul, below, above);
            let root = g.unary(Unary::Sqrt, product);
            let quotient = g.binary(Binary::Div, a, root);
            if op == Unary::Acos { g.unary(Unary::Neg, quotient) } else { quotient }
        }
        Unary::Atan => {
            let square = g.binary(Binary::Mul, u, u);
            let sum = g.binary(Binary::Add, one, square);
            g.binary(Binary::Div, a, sum)
        }
        Unary::Erf => {
            let square = g.binary(Binary::Mul, u, u);
            let minus = g.unary(Unary::Neg, square);
            let bell = g.unary(Unary::Exp, minus);
            let factor = g.constant(std::f64::consts::FRAC_2_SQRT_PI);
            let slope = g.binary(Binary::Mul, factor, bell);
            g.binary(Binary::Mul, a, slope)
        }
    }
}

fn binary_adjoint(g: &mut Graph, op: Binary, id: Id, (u, v): (Id, Id), a: Id) -> Vec<(Id, Id, bool)> {
    let zero = g.constant(0.0);
    let (to_u, to_v) = (g.active(u), g.active(v));
    match op {
        Binary::Less | Binary::LessEqual | Binary::Equal => Vec::new(),
        Binary::Add => vec![(u, a, false), (v, a, false)],
        Binary::Sub => vec![(u, a, false), (v, g.unary(Unary::Neg, a), false)],
        Binary::Mul if u == v => {
            let two = g.constant(2.0);
            let slope = g.binary(Binary::Mul, two, u);
            vec![(u, g.binary(Binary::Mul, a, slope), false)]
        }
        Binary::Mul => {
            let mut parts = Vec::new();
            if to_u {
                parts.push((u, g.binary(Binary::Mul, a, v), false));
            }
            if to_v {
                parts.push((v, g.binary(Binary::Mul, a, u), false));
            }
            parts
        }
        Binary::Div => {
            let quotient = g.binary(Binary::Div, a, v);
            let product = g.binary(Binary::Mul, quotient, id);
            vec![(u, quotient, false), (v, g.unary(Unary::Neg, product), false)]
        }
        Binary::Min | Binary::Max => {
            let second = if op == Binary::Min { g.binary(Binary::Less, v, u) } else { g.binary(Binary::Less, u, v) };
            vec![(u, g.select(second, zero, a), true), (v, g.select(second, a, zero), true)]
        }
        Binary::Pow => {
            let mut parts = Vec::new();
            if to_u {
                let one = g.constant(1.0);
                let less = g.binary(Binary::Sub, v, one);
                let power = g.binary(Binary::Pow, u, less);
                let slope = g.binary(Binary::Mul, v, power);
                parts.push((u, g.binary(Binary::Mul, a, slope), false));
            }
            if to_v {
                let logarithm = g.unary(Unary::Ln, u);
                let slope = g.binary(Binary::Mul, id, logarithm);
                parts.push((v, g.binary(Binary::Mul, a, slope), false));
            }
            parts
        }
        Binary::Atan2 => {
            // u / h^2 as (u / h) / h: h^2 overflows where h does not.
            let h = g.binary(Binary::Hypot, u, v);
            let scaled = g.binary(Binary::Div, a, h);
            let (sine, cosine) = (g.binary(Binary::Div, u, h), g.binary(Binary::Div, v, h));
            let from_v = g.binary(Binary::Mul, scaled, sine);
            vec![(u, g.binary(Binary::Mul, scaled, cosine), false), (v, g.unary(Unary::Neg, from_v), false)]
        }
        Binary::Hypot => {
            let origin = g.binary(Binary::Equal, id, zero);
            [u, v]
                .into_iter()
                .map(|to| {
                    let cosine = g.binary(Binary::Div, to, id);
                    let value = g.binary(Binary::Mul, a, cosine);
                    (to, g.select(origin, zero, value), false)
                })
                .collect()
        }
    }
}
