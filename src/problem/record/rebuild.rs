//! From the steps in a file to a graph: each is taken as if it were traced now.

use super::nests::Nests;
use super::{ProblemBuilder, Steps};
use crate::problem::graph::{Graph, Id, Op};
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
        if graph.intern_loop(range.clone()) as usize != k {
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
            nests.encloses(variable, graph.depends(body)).then(|| graph.sum(variable, body))?
        }
    })
}
