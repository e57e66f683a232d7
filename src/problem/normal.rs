//! Value, gradient and J'J of a sum of squares in one pass: what Gauss-Newton methods take.
//!
//! The derivatives of a residual stand in the loop that the residual stands in, and their products are added up there:
//!
//! ```text
//!     for k:  f += r_k^2,   g[i] += 2 r_k J[k, i],   A[i, j] += J[k, i] J[k, j]
//! ```
//!
//! so that the program has one residual's length, however many there are, and J is held nowhere. A derivative is found by
//! reverse mode where each reads a component of x that is known when the residual's round is (`x[2]`, `x.at(i + 1)`); where a
//! sum inside the residual runs over components, by forward mode along each of them.

use super::affine::{Affine, LoopId};
use super::differentiate::{Scatter, gradient};
use super::graph::{Binary, Graph, Id, Op};
use super::program::{Program, reachable};
use super::squares::{Residual, Squares};
use super::tangent::{Direction, tangents};

/// The derivative of a residual by the component at an index.
type Partial = (Affine, Id);

/// The program of f, its gradient and, in the n^2 outputs behind that, a matrix B with `J'J = B + B'`.
pub(super) fn normal_program(squares: &Squares, value: Id, dimension: usize) -> Program {
    let mut graph = squares.graph.clone();
    let mut scatters = Vec::new();
    for residual in &squares.residuals {
        let partials = partials(&mut graph, residual, dimension);
        let mut build = Builder { graph: &mut graph, nest: &residual.nest, scatters: &mut scatters };
        build.outputs(residual.value, &partials, dimension as i64);
    }
    Program::with_outputs(graph, value, scatters, dimension * (dimension + 1))
}

/// The derivatives of a residual that are not 0, by each component that it reads.
fn partials(graph: &mut Graph, residual: &Residual, dimension: usize) -> Vec<Partial> {
    let by_reverse = by_reverse(graph, residual);
    by_reverse.unwrap_or_else(|| {
        let along = |k: usize| {
            let tangent = tangents(graph, &[residual.value], Direction::Unit(k))[0]?;
            (graph.as_constant(tangent) != Some(0.0)).then(|| (Affine::constant(k as i64), tangent))
        };
        (0..dimension).filter_map(along).collect()
    })
}

/// The derivatives by reverse mode, unless they belong to components that only a loop inside the residual knows.
fn by_reverse(graph: &mut Graph, residual: &Residual) -> Option<Vec<Partial>> {
    // A loop inside that has the variable of one around (they have the same range, and the inner one was traced elsewhere)
    // would catch what reverse mode sends into it.
    let caught = |id: &Id| matches!(graph.op(*id), Op::Sum(variable, _) if residual.nest.contains(&variable));
    if reachable(graph, &[residual.value]).iter().any(caught) {
        return None;
    }
    let mut found: Vec<Partial> = Vec::new();
    for scatter in gradient(graph, residual.value) {
        let mut value = scatter.value;
        for &variable in scatter.nest.iter().rev() {
            if scatter.index.terms.iter().any(|term| term.0 == variable) {
                return None;
            }
            value = graph.sum(variable, value);
        }
        match found.iter_mut().find(|partial| partial.0 == scatter.index) {
            Some(partial) => partial.1 = graph.binary(Binary::Add, partial.1, value),
            None => found.push((scatter.index, value)),
        }
    }
    Some(found)
}

struct Builder<'a> {
    graph: &'a mut Graph,
    nest: &'a [LoopId],
    scatters: &'a mut Vec<Scatter>,
}

impl Builder<'_> {
    fn outputs(&mut self, residual: Id, partials: &[Partial], dimension: i64) {
        let (two, half) = (self.graph.constant(2.0), self.graph.constant(0.5));
        let twice = self.graph.binary(Binary::Mul, two, residual);
        for (index, partial) in partials {
            let value = self.graph.binary(Binary::Mul, twice, *partial);
            self.add(index.clone(), value);
        }
        for (k, (i, of_i)) in partials.iter().enumerate() {
            for (l, (j, of_j)) in partials.iter().enumerate().skip(k) {
                let mut value = self.graph.binary(Binary::Mul, *of_i, *of_j);
                if k == l {
                    value = self.graph.binary(Binary::Mul, half, value);
                }
                self.add(entry(i, j, dimension), value);
            }
        }
    }

    /// `outputs[index] += value` in all rounds of the residual. Where the index is that of all rounds of the innermost loops,
    /// theirs are added up first, as sums are.
    fn add(&mut self, index: Affine, mut value: Id) {
        let mut nest = self.nest.to_vec();
        while let Some(&innermost) = nest.last() {
            if index.terms.iter().any(|term| term.0 == innermost) {
                break;
            }
            value = self.graph.sum(innermost, value);
            nest.pop();
        }
        if self.graph.as_constant(value) != Some(0.0) {
            self.scatters.push(Scatter { nest, index, value });
        }
    }
}

/// The output of `B[i, j]`. Terms with coefficient 0 stay: they say in which loop an index is in range.
fn entry(i: &Affine, j: &Affine, dimension: i64) -> Affine {
    let mut terms: Vec<(LoopId, i64)> = i.terms.iter().map(|&(id, c)| (id, dimension * c)).collect();
    for &(id, c) in &j.terms {
        match terms.iter_mut().find(|term| term.0 == id) {
            Some(term) => term.1 += c,
            None => terms.push((id, c)),
        }
    }
    terms.sort_unstable();
    Affine { constant: dimension + dimension * i.constant + j.constant, terms }
}

#[cfg(test)]
mod tests {
    use crate::problem::Problem;

    /// J'J of the one pass beside that of the Jacobian, and the gradient beside reverse mode's.
    fn check(name: &str, problem: &Problem, point: &[f64]) {
        let n = point.len();
        let mut machine = problem.normal_machine::<f64>().expect("a sum of squares");
        machine.set_lane(0, point, &[]);
        machine.evaluate(1);
        let outputs: Vec<f64> = machine.outputs().iter().map(|row| row[0].get().0[0]).collect();
        let jacobian = problem.jacobian(point, &[]).expect("a sum of squares");
        let expected = jacobian.transpose() * &jacobian;
        let at = problem.evaluate(point, &[]).expect("an evaluation");
        for i in 0..n {
            assert!(
                (outputs[i] - at.gradient[i]).abs() <= 1e-12 * at.gradient.iter().fold(0.0, |m: f64, g| m.max(g.abs())),
                "{name}: g[{i}]"
            );
            for j in 0..n {
                let found = outputs[n + n * i + j] + outputs[n + n * j + i];
                assert!(
                    (found - expected[(i, j)]).abs() <= 1e-12 * expected.amax(),
                    "{name}: ({i}, {j}) is {found} for {}",
                    expected[(i, j)]
                );
            }
        }
        assert_eq!(machine.value()[0].get().0[0].to_bits(), at.value.to_bits(), "{name}: f is that of any other evaluation");
    }

    #[test]
    fn one_pass_gives_the_product_of_the_jacobian_with_itself() {
        let data: Vec<f64> = (0..50).map(|k| (f64::from(k) * 0.37).sin()).collect();
        let builder = |n: usize| Problem::builder(n).data("t", &data);
        let build = |problem: crate::Result<Problem>| problem.expect("the objective is sound");
        let valley =
            build(Problem::new(6, |x| x.sum(0..5, |i| 100.0 * (x.at(i + 1) - x.at(i) * x.at(i)).powi(2) + (1.0 - x.at(i)).powi(2))));
        check("components of the round", &valley, &[0.3, -0.7, 1.2, 0.5, 2.0, -1.0]);
        let twice = build(Problem::new(5, |x| x.sum(0..3, |i| (x.at(i) * x.at(2 * i) - 1.0).powi(2))));
        check("components that coincide in a round", &twice, &[0.3, -0.7, 1.2, 0.5, 2.0]);
        let decay = build(builder(3).build(|x, c| x.sum(0..50, |i| (x[0] * (x[1] * c.data("t").at(i)).exp() - x[2]).powi(2))));
        check("components that are the same in all rounds", &decay, &[0.3, -0.7, 1.2]);
        let sums = build(builder(4).build(|x, c| {
            let t = c.data("t");
            x.sum(0..10, |i| (x.sum(0..4, |k| x.at(k) * t.at(4 * i + k)) + x[1] * t.at(i)).powi(2)) + (x[0] - 2.0).powi(2)
        }));
        check("a sum over components inside", &sums, &[0.3, -0.7, 1.2, 0.4]);
        let inner = build(builder(2).build(|x, c| {
            let t = c.data("t");
            x.sum(0..5, |i| (x.sum(0..8, |k| (x[0] * t.at(8 * i + k)).exp()) - x[1]).powi(2))
        }));
        check("a sum inside that runs over no components", &inner, &[0.3, -0.7]);
        let steps = build(builder(3).build(|x, c| {
            let t = c.data("t");
            x.sum(0..8, |i| (x.fold(0..5, [x[0]], |j, [y]| [y + 0.1 * x[1] * y * t.at(5 * i + j)])[0] - x[2]).powi(2))
        }));
        check("a fold inside that reads no components by its index", &steps, &[0.3, -0.7, 1.2]);
        let horner = build(builder(4).build(|x, c| {
            let t = c.data("t");
            x.sum(0..9, |i| (x.fold(0..4, [0.0], |j, [y]| [y * t.at(i) + x.at(j)])[0] - t.at(i + 9)).powi(2))
        }));
        check("a fold inside over components", &horner, &[0.3, -0.7, 1.2, 0.4]);
        let mean = build(Problem::new(4, |x| {
            let mean = x.sum(0..4, |i| x.at(i) * i.number());
            x.sum(0..4, |i| (x.at(i) * mean - 1.0).powi(2))
        }));
        check("a sum inside over the same range", &mean, &[0.3, -0.7, 1.2, 0.4]);
    }

    #[test]
    fn the_program_does_not_grow_with_the_residuals() {
        let operations = |m: usize| {
            let problem = Problem::builder(2)
                .data("t", &vec![0.5; m])
                .build(|x, c| x.sum(0..m, |i| (x[0] * (x[1] * c.data("t").at(i)).exp() - 1.0).powi(2)))
                .expect("the objective is sound");
            super::normal_program(problem.sum_of_squares().expect("squares"), problem.traced().expect("traced").program.traced, 2)
                .operations
        };
        assert_eq!(operations(10), operations(10_000), "loops stay loops");
    }
}
