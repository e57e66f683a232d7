//! Forward-mode differentiation: for a direction v, the derivative of values along it, `d/dt u(x + t v)` at t = 0.
//!
//! Each value gets one tangent, made of the tangents of its operands and their partial derivatives; that of a sum is the sum of
//! its body's tangent, over the same loop, and that of a fold's state is the state of a fold over the same loop. Applied to what reverse mode scatters into the gradient, it gives the Hessian
//! times v: the derivative of `gradient[k] += a` along v is `(H v)[k] += a'`.
//!
//! # References
//! A. Griewank, A. Walther: Evaluating Derivatives, 2nd ed., SIAM 2008, section 5.1 (forward over reverse).

use std::collections::HashMap;

use super::affine::Affine;
use super::differentiate::contributions;
use super::graph::{Binary, Fold, FoldId, Graph, Id, Op};
use super::program::reachable;

/// The direction v.
#[derive(Clone, Copy, Debug)]
pub(super) enum Direction {
    /// `v[k]` is parameter `first + k` of the lane.
    Parameters {
        /// Where v begins.
        first: usize,
    },
    /// A unit vector.
    Unit(usize),
}

/// The tangents of `roots`; none where a root does not depend on x.
pub(super) fn tangents(graph: &mut Graph, roots: &[Id], direction: Direction) -> Vec<Option<Id>> {
    let mut forward = Forward { graph, direction, known: HashMap::new(), folds: HashMap::new() };
    // Operands have lower numbers than what uses them.
    for id in reachable(forward.graph, roots) {
        match forward.graph.op(id) {
            Op::State(fold, 0) => forward.begin(fold),
            Op::Folded(fold, 0) => forward.end(fold),
            _ => {}
        }
        if forward.graph.active(id)
            && let Some(tangent) = forward.tangent(id)
        {
            forward.known.insert(id, tangent);
        }
    }
    roots.iter().map(|root| forward.known.get(root).copied()).collect()
}

struct Forward<'a> {
    graph: &'a mut Graph,
    direction: Direction,
    known: HashMap<Id, Id>,
    /// The fold of each fold's tangents.
    folds: HashMap<FoldId, FoldId>,
}

impl Forward<'_> {
    /// Begins the fold of the tangents of a fold's state, over the same loop: it reads that state.
    fn begin(&mut self, fold: FoldId) {
        let Fold { variable, reversed, ref initial, ref state, .. } = *self.graph.fold(fold);
        let (initial, state) = (self.active(initial, state), self.active(state, state));
        let initial = self.along(&initial);
        let tangents = self.graph.begin_over(variable, reversed, initial);
        self.known.extend(state.into_iter().zip(self.graph.fold(tangents).state.iter().copied()));
        self.folds.insert(fold, tangents);
    }

    fn end(&mut self, fold: FoldId) {
        let Fold { ref next, ref state, ref results, .. } = *self.graph.fold(fold);
        let (next, results) = (self.active(next, state), self.active(results, state));
        let next = self.along(&next);
        let along = self.graph.end_over(self.folds[&fold], next);
        self.known.extend(results.into_iter().zip(along));
    }

    /// Those of `parts` whose part of the state depends on x.
    fn active(&self, parts: &[Id], state: &[Id]) -> Vec<Id> {
        parts.iter().zip(state).filter(|(_, state)| self.graph.active(**state)).map(|(part, _)| *part).collect()
    }

    /// The tangents of values, 0 where there is none.
    fn along(&mut self, values: &[Id]) -> Vec<Id> {
        let zero = self.graph.constant(0.0);
        values.iter().map(|value| self.known.get(value).copied().unwrap_or(zero)).collect()
    }

    fn tangent(&mut self, id: Id) -> Option<Id> {
        match self.graph.op(id) {
            Op::Coordinate(index) => Some(self.component(self.graph.affine(index).clone())),
            Op::State(..) | Op::Folded(..) => self.known.get(&id).copied(),
            Op::Sum(variable, body) => self.known.get(&body).copied().map(|body| self.graph.sum(variable, body)),
            Op::Select(condition, then, otherwise) => self.choice(condition, then, otherwise),
            // The chosen operand's, rather than a sum of choices.
            Op::Binary(op @ (Binary::Min | Binary::Max), u, v) => {
                let (less, more) = if op == Binary::Min { (v, u) } else { (u, v) };
                let second = self.graph.binary(Binary::Less, less, more);
                self.choice(second, v, u)
            }
            op => {
                let mut operands: Vec<Id> = self.graph.operands(op).collect();
                operands.dedup();
                let mut total = None;
                for operand in operands {
                    let Some(&tangent) = self.known.get(&operand) else { continue };
                    for (_, part, _) in contributions(self.graph, id, tangent).into_iter().filter(|part| part.0 == operand) {
                        total = Some(total.map_or(part, |total| self.graph.binary(Binary::Add, total, part)));
                    }
                }
                total
            }
        }
    }

    /// `v[index]`
    fn component(&mut self, mut index: Affine) -> Id {
        match self.direction {
            Direction::Parameters { first } => {
                index.constant = index.constant.saturating_add(first as i64);
                self.graph.parameter(index)
            }
            Direction::Unit(k) => {
                let (index, k) = (self.graph.number(index), self.graph.constant(k as f64));
                self.graph.binary(Binary::Equal, index, k)
            }
        }
    }

    fn choice(&mut self, condition: Id, then: Id, otherwise: Id) -> Option<Id> {
        let tangents = (self.known.get(&then).copied(), self.known.get(&otherwise).copied());
        if tangents == (None, None) {
            return None;
        }
        let zero = self.graph.constant(0.0);
        let condition = if then == zero { self.also_along(condition) } else { condition };
        Some(self.graph.select(condition, tangents.0.unwrap_or(zero), tangents.1.unwrap_or(zero)))
    }

    /// Reverse mode writes "0 where the adjoint a is 0, else a times the slope", since in a branch not taken the slope may be
    /// infinite. There a is 0 whatever x is; where it is 0 at this x alone, `a' slope` is left of the derivative. So the
    /// condition becomes that a' is 0, too.
    fn also_along(&mut self, condition: Id) -> Id {
        let zero = self.graph.constant(0.0);
        let Op::Binary(Binary::Equal, a, b) = self.graph.op(condition) else { return condition };
        let tangent = match (a == zero, b == zero) {
            (true, false) => self.known.get(&b),
            (false, true) => self.known.get(&a),
            _ => None,
        };
        let Some(&tangent) = tangent else { return condition };
        let still = self.graph.binary(Binary::Equal, tangent, zero);
        self.graph.binary(Binary::Mul, condition, still)
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::Unary;
    use super::*;

    #[test]
    fn a_unit_direction_folds_to_a_partial_derivative() {
        let mut g = Graph::new();
        let (x, y) = (g.coordinate(Affine::constant(0)), g.coordinate(Affine::constant(1)));
        let product = g.binary(Binary::Mul, x, y);
        let found = tangents(&mut g, &[product, x], Direction::Unit(0));
        assert_eq!(found[1], Some(g.constant(1.0)), "dx/dx");
        let sine = g.unary(Unary::Sin, y);
        assert_eq!(tangents(&mut g, &[sine], Direction::Parameters { first: 3 }).len(), 1, "one tangent a root");
    }

    #[test]
    fn what_does_not_depend_on_the_point_has_no_tangent() {
        let mut g = Graph::new();
        let (x, p) = (g.coordinate(Affine::constant(0)), g.parameter(Affine::constant(0)));
        let floor = g.unary(Unary::Floor, x);
        let below = g.binary(Binary::Less, x, p);
        assert_eq!(tangents(&mut g, &[p, floor, below], Direction::Parameters { first: 1 }), [None; 3], "constant almost everywhere");
    }
}
