//! The graph without what lowering tried and dropped.

use std::collections::HashMap;

use super::super::affine::{Affine, Loop, LoopId};
use super::super::graph::{FoldId, Graph, Id, Op};
use super::super::program::reachable;

/// Copies what a value is made of into a graph of its own.
struct Copying<'a> {
    from: &'a Graph,
    to: Graph,
    values: HashMap<Id, Id>,
    loops: HashMap<LoopId, LoopId>,
    folds: HashMap<FoldId, FoldId>,
}

/// The graph of `value` alone, and `value` in it.
pub(super) fn tidy(from: &Graph, value: Id) -> (Graph, Id) {
    let mut copying = Copying { from, to: Graph::new(), values: HashMap::new(), loops: HashMap::new(), folds: HashMap::new() };
    // Operands come first.
    for id in reachable(from, &[value]) {
        let copy = copying.copy(from.op(id));
        copying.values.insert(id, copy);
    }
    let value = copying.values[&value];
    (copying.to, value)
}

impl Copying<'_> {
    fn copy(&mut self, op: Op) -> Id {
        let of = |id: Id| self.values[&id];
        match op {
            Op::Constant(_) => self.to.intern(op),
            Op::Coordinate(index) => {
                let index = self.affine(&self.from.affine(index).clone());
                self.to.coordinate(index)
            }
            Op::Parameter(index) => {
                let index = self.affine(&self.from.affine(index).clone());
                self.to.parameter(index)
            }
            Op::Data(array, index) => {
                let index = self.affine(&self.from.affine(index).clone());
                self.to.data(array, index)
            }
            Op::Number(index) => {
                let index = self.affine(&self.from.affine(index).clone());
                self.to.number(index)
            }
            Op::Unary(unary, a) => self.to.intern(Op::Unary(unary, of(a))),
            Op::Binary(binary, a, b) => self.to.binary(binary, of(a), of(b)),
            Op::Power(a, exponent) => self.to.power(of(a), exponent),
            Op::Select(c, a, b) => self.to.select(of(c), of(a), of(b)),
            Op::Sum(variable, body) => {
                let body = of(body);
                let variable = self.variable(variable);
                self.to.sum(variable, body)
            }
            Op::State(fold, part) => {
                let fold = self.fold(fold);
                self.to.fold(fold).state[part as usize]
            }
            Op::Folded(fold, part) => {
                let next: Vec<Id> = self.from.fold(fold).next.iter().map(|&id| of(id)).collect();
                let fold = self.fold(fold);
                if self.to.fold(fold).next.is_empty() {
                    self.to.end_over(fold, next);
                }
                self.to.fold(fold).results[part as usize]
            }
        }
    }

    fn fold(&mut self, fold: FoldId) -> FoldId {
        if let Some(&known) = self.folds.get(&fold) {
            return known;
        }
        let old = self.from.fold(fold);
        let initial = old.initial.iter().map(|id| self.values[id]).collect();
        let variable = self.variable(old.variable);
        let new = self.to.begin_over(variable, old.reversed, initial);
        self.folds.insert(fold, new);
        new
    }

    fn variable(&mut self, variable: LoopId) -> LoopId {
        if let Some(&known) = self.loops.get(&variable) {
            return known;
        }
        let old = self.from.loops[variable as usize].clone();
        let (start, end) = (self.affine(&old.start), self.affine(&old.end));
        let cap = old.cap.map(|cap| self.affine(&cap));
        let own = old.own.map(|_| self.to.loops.len() as LoopId);
        let new = self.to.intern_loop(Loop { level: old.level, start, end, cap, own });
        self.loops.insert(variable, new);
        new
    }

    fn affine(&mut self, affine: &Affine) -> Affine {
        let mut terms: Vec<(LoopId, i64)> = affine.terms.iter().map(|&(variable, factor)| (self.variable(variable), factor)).collect();
        terms.sort_unstable();
        Affine { constant: affine.constant, terms }
    }
}
