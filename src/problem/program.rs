//! The program of an objective: value, gradient and the scale of its rounding, ready to be scheduled.

use std::collections::HashMap;

use super::differentiate::{Scatter, gradient};
use super::graph::{Fold, FoldId, Graph, Id, Op};
use super::noise::scale;
use super::schedule::{Region, schedule};

/// What one evaluation computes.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) graph: Graph,
    /// f(x) as it was traced: with powers, which other programs are derived from.
    pub(crate) traced: Id,
    /// f(x)
    pub(crate) value: Id,
    /// The sum of |leaves| of the outermost additive tree of f, and their number.
    pub(crate) scale: Id,
    pub(crate) terms: f64,
    /// Statements in a tree of regions; the outputs are what they add up.
    pub(crate) root: Region,
    /// How many numbers are added up: the components of the gradient, unless the program gives something else.
    pub(crate) outputs: usize,
    /// The operations of the value alone, and of everything, each counted once, whatever loop it stands in.
    pub(crate) value_operations: usize,
    pub(crate) operations: usize,
}

impl Program {
    /// Differentiates and schedules the objective `value` of `graph`, a function of `dimension` components.
    pub(crate) fn new(mut graph: Graph, value: Id, dimension: usize) -> Self {
        let scatters = gradient(&mut graph, value);
        Self::with_outputs(graph, value, scatters, dimension)
    }

    /// The program that computes `value` and adds up `scatters` in `outputs` numbers.
    pub(super) fn with_outputs(mut graph: Graph, traced: Id, scatters: Vec<Scatter>, outputs: usize) -> Self {
        let (scale, terms) = scale(&mut graph, traced);
        let roots: Vec<Id> = [traced, scale].into_iter().chain(scatters.iter().map(|s| s.value)).collect();
        let expanded = expand_powers(&mut graph, &roots);
        let (value, scale) = (expanded[0], expanded[1]);
        let scatters: Vec<Scatter> = scatters.into_iter().zip(&expanded[2..]).map(|(s, &value)| Scatter { value, ..s }).collect();
        let value_operations = reachable(&graph, &[value]).len();
        let operations = reachable(&graph, &expanded).len() + scatters.len();
        let root = schedule(&graph, &[value, scale], &scatters);
        Self { graph, traced, value, scale, terms, root, outputs, value_operations, operations }
    }
}

/// The values that `roots` need, themselves included, operands first.
pub(super) fn reachable(graph: &Graph, roots: &[Id]) -> Vec<Id> {
    let mut seen = vec![false; graph.len()];
    let mut open = roots.to_vec();
    while let Some(id) = open.pop() {
        if !std::mem::replace(&mut seen[id as usize], true) {
            let op = graph.op(id);
            open.extend(graph.operands(op));
            // A fold is there as a whole: its state if it has run, and its result if that was carried.
            match op {
                Op::State(fold, _) => open.extend(&graph.fold(fold).results),
                Op::Folded(fold, _) => open.extend(&graph.fold(fold).state),
                _ => {}
            }
        }
    }
    (0..graph.len() as Id).filter(|&id| seen[id as usize]).collect()
}

/// `roots` with every power written out as products. Powers stay whole until here, so that their derivatives do too.
fn expand_powers(graph: &mut Graph, roots: &[Id]) -> Vec<Id> {
    let needed = reachable(graph, roots);
    if !needed.iter().any(|&id| matches!(graph.op(id), Op::Power(..))) {
        return roots.to_vec();
    }
    let mut new: Vec<Id> = (0..graph.len() as Id).collect();
    // For folds, whose bodies may change, others that stand for them: begun at the first part of the state, ended at that of the
    // result.
    let mut folds: HashMap<FoldId, FoldId> = HashMap::new();
    for id in needed {
        let of = |id: Id| new[id as usize];
        let op = graph.op(id);
        match op {
            Op::State(fold, 0) => {
                let Fold { variable, reversed, ref initial, ref state, .. } = *graph.fold(fold);
                let (initial, state) = (initial.iter().map(|&a| of(a)).collect(), state.clone());
                let stand_in = graph.begin_over(variable, reversed, initial);
                folds.insert(fold, stand_in);
                state.iter().zip(&graph.fold(stand_in).state).for_each(|(&id, &by)| new[id as usize] = by);
                continue;
            }
            Op::Folded(fold, 0) => {
                let Fold { ref next, ref results, .. } = *graph.fold(fold);
                let (next, results) = (next.iter().map(|&a| of(a)).collect(), results.clone());
                let by = graph.end_over(folds[&fold], next);
                results.iter().zip(by).for_each(|(&id, by)| new[id as usize] = by);
                continue;
            }
            Op::State(..) | Op::Folded(..) => continue,
            _ => {}
        }
        let changed = matches!(op, Op::Power(..)) || graph.operands(op).any(|a| of(a) != a);
        if !changed {
            continue;
        }
        new[id as usize] = match op {
            Op::Unary(op, a) => graph.unary(op, of(a)),
            Op::Binary(op, a, b) => graph.binary(op, of(a), of(b)),
            Op::Power(a, k) => graph.expand_power(of(a), k),
            Op::Select(c, a, b) => graph.select(of(c), of(a), of(b)),
            Op::Sum(variable, a) => graph.sum(variable, of(a)),
            leaf => graph.intern(leaf),
        };
    }
    roots.iter().map(|&id| new[id as usize]).collect()
}
