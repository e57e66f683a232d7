//! From the steps in a file to a graph: each is taken as if it were traced now.

use super::nests::Nests;
use super::{Carried, ProblemBuilder, Steps};
use crate::problem::graph::{FoldId, Graph, Id, Op};
use crate::problem::trace::{DEEPEST_NEST, MOST_VALUES};

/// What one operation of a closure may enter into the graph besides itself, when tracing has come to its limit.
const MOST_AT_ONCE: usize = 1 << 10;

/// The graph of `steps`, and the objective's value in it; or what is wrong with them.
///
/// Operations enter the graph through the functions that tracing calls, which simplify. What has been simplified stays as it
/// is, so that every operation gets the number that it had; anything else that a file may hold becomes what tracing would have
/// made of it.
pub(super) fn graph(steps: &Steps<'_>, about: &ProblemBuilder) -> Result<(Graph, Id), String> {
    if steps.ops.len() > MOST_VALUES + MOST_AT_ONCE {
        return Err(format!("it has {} operations, more than the {MOST_VALUES} that are taken", steps.ops.len()));
    }
    let mut nests = Nests::new(&steps.loops, DEEPEST_NEST).ok_or("a loop runs over a range that there is not around it")?;
    let mut graph = Graph::new();
    for (k, range) in steps.loops.iter().enumerate() {
        if range.own.is_some_and(|own| own as usize != k) || graph.intern_loop(range.clone()) as usize != k {
            return Err(format!("loop {k} is given twice"));
        }
    }
    for (k, index) in steps.affines.iter().enumerate() {
        if !nests.is_index(index) {
            return Err(format!("index {k} is made of loops that are never open at once, or goes too far"));
        }
        if graph.intern_affine(index.clone()) as usize != k {
            return Err(format!("index {k} is given twice"));
        }
    }
    let mut new: Vec<Id> = Vec::with_capacity(steps.ops.len());
    for (k, &op) in steps.ops.iter().enumerate() {
        let made = step(&mut graph, &mut nests, op, &new, steps, about).ok_or_else(|| format!("operation {k}, {op:?}, can't be"))?;
        new.push(made);
    }
    // Folds without a round have nothing that follows from them.
    for fold in 0..graph.folds() as FoldId {
        if graph.begun(fold).is_some_and(|begun| begun.next.is_empty()) {
            end(&mut graph, &nests, fold, &new, steps).ok_or_else(|| format!("fold {fold} does not end"))?;
        }
    }
    let value = new.get(steps.value as usize).copied().ok_or("the objective is none of its operations")?;
    if !graph.depends(value).is_empty() {
        return Err("the objective varies in a loop".into());
    }
    Ok((graph, value))
}

/// Enters `op`, whose operands are those of `new`; none if it is not one that is traced.
fn step(graph: &mut Graph, nests: &mut Nests<'_>, op: Op, new: &[Id], steps: &Steps<'_>, about: &ProblemBuilder) -> Option<Id> {
    let of = |id: Id| new.get(id as usize).copied();
    let index = |id: u32| steps.affines.get(id as usize).cloned();
    Some(match op {
        Op::Constant(bits) => {
            let value = f64::from_bits(bits);
            value.is_finite().then(|| graph.constant(value))?
        }
        Op::Coordinate(at) => {
            let at = index(at).filter(|at| nests.is_within(at, about.dimension))?;
            graph.coordinate(at)
        }
        Op::Parameter(at) => {
            let at = index(at).filter(|at| nests.is_within(at, about.parameters))?;
            graph.parameter(at)
        }
        Op::Data(array, at) => {
            let len = about.data.get(array as usize)?.1.len();
            let at = index(at).filter(|at| nests.is_within(at, len))?;
            graph.data(array, at)
        }
        Op::Number(at) => {
            let at = index(at)?;
            graph.number(at)
        }
        Op::Unary(op, a) => graph.unary(op, of(a)?),
        Op::Binary(op, a, b) => graph.binary(op, of(a)?, of(b)?),
        Op::Power(a, exponent) => graph.power(of(a)?, exponent),
        Op::Select(condition, a, b) => graph.select(of(condition)?, of(a)?, of(b)?),
        Op::Sum(variable, body) => {
            let body = of(body)?;
            // The loop of a fold is that of no sum.
            let shared = steps.loops.get(variable as usize)?.own.is_none();
            (shared && nests.encloses(variable, graph.depends(body))).then(|| graph.sum(variable, body))?
        }
        Op::State(fold, k) => {
            if graph.folds() == fold as usize && k == 0 {
                begin(graph, nests, fold, new, steps)?;
            }
            *graph.begun(fold)?.state.get(k as usize)?
        }
        Op::Folded(fold, k) => {
            if graph.begun(fold)?.next.is_empty() {
                end(graph, nests, fold, new, steps)?;
            }
            *graph.begun(fold)?.results.get(k as usize)?
        }
    })
}

/// Numbers of a state that are stored while a fold is differentiated: what tracing cuts into blocks stays far below it.
const MOST_STORED: u64 = 1 << 20;

/// Begins a fold as tracing does: over a loop that is its own, around which its first state is made.
fn begin(graph: &mut Graph, nests: &Nests<'_>, fold: FoldId, new: &[Id], steps: &Steps<'_>) -> Option<()> {
    let Carried { variable, initial, .. } = steps.folds.get(fold as usize)?;
    let range = steps.loops.get(*variable as usize)?;
    let earlier = steps.folds[..fold as usize].iter().any(|other| other.variable == *variable);
    let stored = graph.most_trips(*variable).checked_mul(initial.len() as u64)?;
    if range.own != Some(*variable) || earlier || stored > MOST_STORED {
        return None;
    }
    let initial: Vec<Id> = initial.iter().map(|&id| new.get(id as usize).copied()).collect::<Option<_>>()?;
    let outside = |&id: &Id| nests.encloses(*variable, graph.depends(id)) && !graph.depends(id).contains(variable);
    if !initial.iter().all(outside) {
        return None;
    }
    graph.begin_over(*variable, false, initial);
    Some(())
}

/// Ends a fold: its next state is made of values inside its loop.
fn end(graph: &mut Graph, nests: &Nests<'_>, fold: FoldId, new: &[Id], steps: &Steps<'_>) -> Option<()> {
    let Carried { variable, next, .. } = steps.folds.get(fold as usize)?;
    let next: Vec<Id> = next.iter().map(|&id| new.get(id as usize).copied()).collect::<Option<_>>()?;
    let whole = next.len() == graph.begun(fold)?.state.len();
    if !whole || !next.iter().all(|&id| nests.encloses(*variable, graph.depends(id))) {
        return None;
    }
    graph.end_over(fold, next);
    Some(())
}
