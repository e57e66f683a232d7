//! How much of the value is rounding: the sum of |leaves| of the objective's outermost additive tree, and their number.
//!
//! Adding N terms in blocks makes an error of about `(8 + log2 N) EPSILON sum |term| / 4`; the state machine takes that
//! for the noise of f. Sums, differences and constant factors belong to the tree; what they combine are its leaves. So is what a
//! fold gives: a leaf, by its size, whatever its rounds add up.

use std::collections::{BTreeSet, HashMap};

use super::graph::{Binary, Graph, Id, Op, Unary};

/// (the sum of |leaves| below `root`, the number of leaves)
pub(crate) fn scale(graph: &mut Graph, root: Id) -> (Id, f64) {
    // From the root down to the leaves, then from the leaves up: operands have lower numbers than what uses them. No
    // recursion, since a sum written as a chain of additions is as deep as it is long.
    let mut tree = BTreeSet::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        if tree.insert(id) {
            open.extend(branches(graph, id));
        }
    }
    let mut known: HashMap<Id, (Id, f64)> = HashMap::new();
    for id in tree {
        let of = |id: Id| known[&id];
        let g = &mut *graph;
        let found = match g.op(id) {
            Op::Binary(Binary::Add | Binary::Sub, a, b) => {
                let ((x, m), (y, n)) = (of(a), of(b));
                (g.binary(Binary::Add, x, y), m + n)
            }
            Op::Unary(Unary::Neg, a) => of(a),
            Op::Sum(variable, body) => {
                let (x, n) = of(body);
                (g.sum(variable, x), n * g.most_trips(variable) as f64)
            }
            Op::Binary(op @ Binary::Mul, factor, a) | Op::Binary(op @ Binary::Div, a, factor) if g.as_constant(factor).is_some() => {
                let (x, n) = of(a);
                let factor = g.unary(Unary::Abs, factor);
                (g.binary(op, x, factor), n)
            }
            _ => (g.unary(Unary::Abs, id), 1.0),
        };
        known.insert(id, found);
    }
    known[&root]
}

/// What the additive tree goes on to below `id`; nothing below a leaf.
fn branches(g: &Graph, id: Id) -> Vec<Id> {
    match g.op(id) {
        Op::Binary(Binary::Add | Binary::Sub, a, b) => vec![a, b],
        Op::Unary(Unary::Neg, a) | Op::Sum(_, a) => vec![a],
        Op::Binary(Binary::Mul, factor, a) | Op::Binary(Binary::Div, a, factor) if g.as_constant(factor).is_some() => vec![a],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::affine::Affine;
    use super::*;

    #[test]
    fn a_sum_of_squares_is_its_own_scale() {
        let mut g = Graph::new();
        let (x, y) = (g.coordinate(Affine::constant(0)), g.coordinate(Affine::constant(1)));
        let (a, b) = (g.binary(Binary::Mul, x, x), g.binary(Binary::Mul, y, y));
        let hundred = g.constant(100.0);
        let a = g.binary(Binary::Mul, hundred, a);
        let f = g.binary(Binary::Add, a, b);
        assert_eq!(scale(&mut g, f), (f, 2.0), "no operation is spent on the scale of a sum of squares");
    }

    #[test]
    fn cancelling_terms_are_counted_by_their_size() {
        let mut g = Graph::new();
        let (x, y) = (g.coordinate(Affine::constant(0)), g.coordinate(Affine::constant(1)));
        let f = g.binary(Binary::Sub, x, y);
        let (size, terms) = scale(&mut g, f);
        let (a, b) = (g.unary(Unary::Abs, x), g.unary(Unary::Abs, y));
        assert_eq!((size, terms), (g.binary(Binary::Add, a, b), 2.0), "|x| + |y|");
    }

    #[test]
    fn what_a_fold_gives_is_one_leaf() {
        let mut g = Graph::new();
        let (x, zero) = (g.coordinate(Affine::constant(0)), g.constant(0.0));
        let open = g.begin_fold(0, Affine::constant(0), Affine::constant(9), &[zero]);
        let next = g.binary(Binary::Add, open.state[0], x);
        let result = g.end_fold(open, vec![next])[0];
        assert_eq!(scale(&mut g, result), (g.unary(Unary::Abs, result), 1.0), "|result|, whatever it has added up");
    }

    #[test]
    fn a_deep_chain_of_shared_sums_is_walked_once() {
        let mut g = Graph::new();
        let (mut a, mut b) = (g.coordinate(Affine::constant(0)), g.coordinate(Affine::constant(1)));
        for _ in 0..200 {
            (a, b) = (b, g.binary(Binary::Add, a, b));
        }
        assert!(scale(&mut g, b).1 > 1e40, "a walk of every path would not end");
    }
}
