//! Recognises objectives that are sums of squares, `f = sum over k of r_k^2`, and finds the residuals r_k.
//!
//! From the value down: additions and sums are gone through, factors that don't depend on x are taken along as weights, and
//! what is left must be a product in which every factor that depends on x stands an even number of times: `r * r`,
//! `r.powi(2)`, `w * (a * b).powi(2)`, `r * r / (s * s)`. A weight w becomes `sqrt(w)` in the residual, so it must be known not
//! to be negative: a positive constant, an array of data without negative numbers, an exponential, a square.

use std::collections::BTreeMap;
use std::ops::Range;

use super::affine::{Affine, Loop, LoopId};
use super::graph::{Binary, Graph, Id, Op, Unary};

/// More squares than this, each counted once whatever loop it stands in, are not looked through.
const MOST_SQUARES: usize = 4096;
/// Rounds of the loops around the innermost beyond which residuals are not counted: nobody waits for a fit that long.
const MOST_ROUNDS: u64 = 1 << 26;
/// Selections within selections within a square.
const MOST_SELECTIONS: u32 = 16;

/// One residual for every round of the loops of `nest`, outermost first.
#[derive(Clone, Debug)]
pub(super) struct Residual {
    pub(super) nest: Vec<LoopId>,
    pub(super) value: Id,
}

/// An objective as a sum of squares.
#[derive(Clone, Debug)]
pub(super) struct Squares {
    /// The objective's graph, with the residuals in it.
    pub(super) graph: Graph,
    pub(super) residuals: Vec<Residual>,
    /// m, the number of residuals in all rounds.
    pub(super) count: usize,
}

impl Squares {
    /// The residuals of `root`, if it is a sum of squares. `nonnegative` says it of a data array.
    pub(super) fn find(graph: &Graph, root: Id, nonnegative: &dyn Fn(u32) -> bool) -> Option<Self> {
        let mut finder = Finder { graph: graph.clone(), nonnegative, residuals: Vec::new() };
        finder.look_through(root)?;
        let Finder { graph, residuals, .. } = finder;
        let long = |residual: &Residual| {
            let outer = &residual.nest[..residual.nest.len().saturating_sub(1)];
            outer.iter().fold(1_u64, |rounds, &id| rounds.saturating_mul(graph.most_trips(id).max(1))) > MOST_ROUNDS
        };
        if residuals.iter().any(long) {
            return None;
        }
        let mut count = 0_usize;
        for residual in &residuals {
            rounds(&residual.nest, &graph.loops, &mut Vec::new(), &mut |_, inner| {
                count = count.saturating_add((inner.end - inner.start) as usize)
            });
        }
        Some(Self { graph, residuals, count })
    }
}

/// What is done with the values of the outer loops and the range of the innermost.
type Visit<'a> = &'a mut dyn FnMut(&[(LoopId, i64)], Range<i64>);

/// Calls `visit` with the values of the outer loops of `nest` and the range of the innermost, in order; for no loops once, with
/// a range of one.
pub(super) fn rounds(nest: &[LoopId], loops: &[Loop], at: &mut Vec<(LoopId, i64)>, visit: Visit<'_>) {
    let value = |a: &Affine| a.terms.iter().fold(a.constant, |sum, &(id, c)| sum + c * at.iter().find(|v| v.0 == id).map_or(0, |v| v.1));
    let Some((&id, inner)) = nest.split_first() else { return visit(at, 0..1) };
    let range = &loops[id as usize];
    let range = value(&range.start)..value(&range.end);
    if inner.is_empty() {
        return visit(at, range.start..range.end.max(range.start));
    }
    for i in range {
        at.push((id, i));
        rounds(inner, loops, at, visit);
        at.pop();
    }
}

/// Factors, each with how often it stands there; negative where it divides.
type Factors = BTreeMap<Id, i32>;

/// A part of the objective still to be looked through, and what multiplies it.
struct Part {
    id: Id,
    nest: Vec<LoopId>,
    weights: Factors,
}

struct Finder<'a> {
    graph: Graph,
    nonnegative: &'a dyn Fn(u32) -> bool,
    residuals: Vec<Residual>,
}

impl Finder<'_> {
    fn look_through(&mut self, root: Id) -> Option<()> {
        let mut open = vec![Part { id: root, nest: Vec::new(), weights: Factors::new() }];
        while let Some(Part { id, nest, weights }) = open.pop() {
            if open.len() > MOST_SQUARES || self.residuals.len() >= MOST_SQUARES {
                return None;
            }
            match self.graph.op(id) {
                Op::Constant(bits) if f64::from_bits(bits) == 0.0 => {}
                Op::Binary(Binary::Add, a, b) => {
                    open.push(Part { id: b, nest: nest.clone(), weights: weights.clone() });
                    open.push(Part { id: a, nest, weights });
                }
                Op::Sum(variable, body) => {
                    let nest = nest.into_iter().chain([variable]).collect();
                    open.push(Part { id: body, nest, weights });
                }
                _ => {
                    let (sign, mut factors) = self.factors(id)?;
                    if sign < 0 {
                        return None;
                    }
                    let within = self.single(&factors).filter(|&part| part != id);
                    if let Some(part) = within {
                        factors.remove(&part);
                    }
                    for (factor, count) in weights {
                        *factors.entry(factor).or_default() += count;
                    }
                    match within {
                        Some(part) => open.push(Part { id: part, nest, weights: factors }),
                        None => {
                            let value = self.root(factors, 0)?;
                            self.residuals.push(Residual { nest, value });
                        }
                    }
                }
            }
        }
        (!self.residuals.is_empty()).then_some(())
    }

    /// The one factor that depends on x, if there is just one of that kind and it stands there once.
    fn single(&self, factors: &Factors) -> Option<Id> {
        let mut active = factors.iter().filter(|(id, _)| self.graph.active(**id));
        match (active.next(), active.next()) {
            (Some((&id, 1)), None) if matches!(self.graph.op(id), Op::Sum(..) | Op::Binary(Binary::Add, ..)) => Some(id),
            _ => None,
        }
    }

    /// The sign of a product and its factors. A factor that is itself a product is taken apart, shared ones once.
    fn factors(&self, id: Id) -> Option<(i32, Factors)> {
        let mut sign = 1;
        let mut found = Factors::new();
        let mut open = Factors::from([(id, 1)]);
        while let Some((id, count)) = open.pop_last() {
            let mut add = |id: Id, more: i32| -> Option<()> {
                let entry = open.entry(id).or_default();
                *entry = entry.checked_add(more)?;
                Some(())
            };
            match self.graph.op(id) {
                Op::Binary(Binary::Mul, a, b) => {
                    add(a, count)?;
                    add(b, count)?;
                }
                Op::Binary(Binary::Div, a, b) => {
                    add(a, count)?;
                    add(b, count.checked_neg()?)?;
                }
                Op::Power(a, exponent) => add(a, count.checked_mul(exponent)?)?,
                Op::Unary(Unary::Neg, a) => {
                    sign = if count % 2 == 0 { sign } else { -sign };
                    add(a, count)?;
                }
                _ => _ = found.insert(id, count),
            }
        }
        Some((sign, found))
    }

    /// The square root of a product, which is not negative whatever x is; `depth` counts selections gone into.
    fn root(&mut self, mut factors: Factors, depth: u32) -> Option<Id> {
        // A selection between squares is the square of a selection.
        let mut result = None;
        if let Some((&id, 1)) = factors.iter().find(|(id, count)| self.graph.active(**id) && **count == 1) {
            let Op::Select(condition, then, otherwise) = self.graph.op(id) else { return None };
            factors.remove(&id);
            let mut of = |id: Id| {
                if depth >= MOST_SELECTIONS {
                    return None;
                }
                match self.factors(id)? {
                    (1, factors) => self.root(factors, depth + 1),
                    _ => None,
                }
            };
            let (then, otherwise) = (of(then)?, of(otherwise)?);
            result = Some(self.graph.select(condition, then, otherwise));
        }
        let alone = result.is_none() && !factors.keys().any(|&id| self.graph.active(id));
        let mut weight = None;
        for (id, count) in factors {
            let whole = if count % 2 == 0 { count / 2 } else { count };
            let factor = self.graph.power(id, whole);
            if count % 2 == 0 {
                result = Some(self.product(result, factor));
                continue;
            }
            // 0 is a square; other terms that don't depend on x are taken for residuals only if they are written as squares.
            let zero = self.graph.as_constant(id) == Some(0.0) && count > 0;
            if self.graph.active(id) || (alone && !zero) || !self.is_nonnegative(id) {
                return None;
            }
            weight = Some(self.product(weight, factor));
        }
        let Some(weight) = weight else { return result };
        let weight = self.graph.unary(Unary::Sqrt, weight);
        Some(self.product(result, weight))
    }

    fn product(&mut self, so_far: Option<Id>, factor: Id) -> Id {
        so_far.map_or(factor, |so_far| self.graph.binary(Binary::Mul, so_far, factor))
    }

    fn is_nonnegative(&self, id: Id) -> bool {
        match self.graph.op(id) {
            Op::Data(array, _) => (self.nonnegative)(array),
            _ => self.graph.nonnegative(id),
        }
    }
}
