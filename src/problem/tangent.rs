//! Forward-mode differentiation: for a direction v, the derivative of values along it, `d/dt u(x + t v)` at t = 0.
//!
//! Each value gets one tangent, made of the tangents of its operands and their partial derivatives; that of a sum is the sum of
//! its body's tangent, over the same loop. Applied to what reverse mode scatters into the gradient, it gives the Hessian
//! times v: the derivative of `gradient[k] += a` along v is `(H v)[k] += a'`.
//!
//! # References
//! A. Griewank, A. Walther: Evaluating Derivatives, 2nd ed., SIAM 2008, section 5.1 (forward over reverse).

use std::collections::HashMap;

use super::affine::Affine;
use super::differentiate::contributions;
use super::graph::{Binary, Graph, Id, Op};
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
    let mut forward = Forward { graph, direction, known: HashMap::new() };
    // Operands have lower numbers than what uses them.
    for id in reachable(forward.graph, roots) {
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
}

impl Forward<'_> {
    fn tangent(&mut self, id: Id) -> Option<Id> {
        match self.graph.op(id) {
            Op::Coordinate(index) => Some(self.component(self.graph.affine(index).clone())),
            Op::Sum(variable, body) => self.known.get(&body).copied().map(|body| self.graph.sum(variable, body)),
            Op::Select(condition, then, otherwise) => self.choice(condition, then, otherwise),
            // The chosen operand's, rather than a sum of choices.
            Op::Binary(op @ (Binary::Min | Binary::Max), u, v) => {
                let (less, more) = if op == Binary::Min { (v, u) } else { (u, v) };
                let second = self.graph.binary(Binary::Less, less, more);
                self.choice(second, v, u)
            }
            op => {
                let mut operands: Vec<Id> = op.operands().collect();
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
