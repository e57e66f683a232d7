//! Loops that carry state from round to round.
//!
//! A fold's body is built between [`Graph::begin_fold`] and [`Graph::end_fold`], of values that stand for the state at the
//! beginning of a round. Derivatives run over the loop of the fold that they are of, in more folds of the same variable: they
//! read the states of the first, which stores them. So that those are never many, a long range is cut into blocks: a fold over
//! the blocks, each of which is a fold. Then as many states are stored as there are blocks, and those of one block at a time.
//!
//! # References
//! A. Griewank, A. Walther: Evaluating Derivatives, 2nd ed., SIAM 2008, section 12.2 (multilevel checkpointing).

use std::collections::HashMap;

use super::{DependsId, Graph, Id, Op};
use crate::problem::affine::{Affine, Loop, LoopId, extreme};

/// Names a fold of the graph.
pub(crate) type FoldId = u32;

/// More numbers than this are not stored for the state of one fold: as many as WebGPU's limit for a shader's private variables,
/// 8,192 bytes, holds.
const MOST_STORED: u64 = 2048;
/// Blocks within blocks are no deeper than this.
const MOST_LEVELS: u32 = 6;

/// A recurrence: the state is `initial`, and becomes `next`, which is made of it, in every round of a loop.
#[derive(Clone, Debug)]
pub(crate) struct Fold {
    pub(crate) variable: LoopId,
    /// Its rounds run from the last to the first.
    pub(crate) reversed: bool,
    pub(crate) initial: Vec<Id>,
    /// The values that stand for the state at the beginning of a round.
    pub(crate) state: Vec<Id>,
    /// The state at the end of a round; empty while the body is being built.
    pub(crate) next: Vec<Id>,
    /// The state after the last round; `initial`, if there is never one.
    pub(crate) results: Vec<Id>,
}

impl Fold {
    /// What part `k` of the state is at first, and what it becomes.
    pub(super) fn parts(&self, k: u32) -> impl Iterator<Item = Id> {
        self.initial.get(k as usize).into_iter().chain(self.next.get(k as usize)).copied()
    }
}

/// A fold whose body is being built.
#[derive(Clone, Debug)]
pub(crate) struct OpenFold {
    /// Its loop variables, outermost first: those of the blocks, where the range is cut into blocks, and last the one that runs
    /// through the range, for indices in the body. Each is a level of its own.
    pub(crate) variables: Vec<LoopId>,
    /// The state at the beginning of a round.
    pub(crate) state: Vec<Id>,
    folds: Vec<FoldId>,
}

impl Graph {
    pub(crate) fn fold(&self, fold: FoldId) -> &Fold {
        &self.folds[fold as usize]
    }

    /// How many folds there are.
    pub(in crate::problem) fn folds(&self) -> usize {
        self.folds.len()
    }

    /// A fold, if it has been begun.
    pub(in crate::problem) fn begun(&self, fold: FoldId) -> Option<&Fold> {
        self.folds.get(fold as usize)
    }

    /// How many loops a fold of so many parts is.
    pub(crate) fn fold_levels(&self, start: &Affine, end: &Affine, parts: usize) -> usize {
        blocks(self.rounds(start, end, 1).max(0) as u64, parts as u64).0 as usize
    }

    /// Whether `start..end` is empty at some values of the loops around it; true where that is not known.
    pub(crate) fn may_have_no_rounds(&self, start: &Affine, end: &Affine) -> bool {
        self.rounds(start, end, -1) < 1
    }

    /// The least or the greatest number of rounds of a range.
    fn rounds(&self, start: &Affine, end: &Affine, sign: i64) -> i64 {
        extreme(&end.plus(-1, start), sign, &self.loops)
    }

    /// Begins a fold over `start..end`, inside `level` loops, whose state is `initial` at first.
    pub(crate) fn begin_fold(&mut self, level: u32, start: Affine, end: Affine, initial: &[Id]) -> OpenFold {
        let rounds = self.rounds(&start, &end, 1).max(0) as u64;
        let (levels, length) = blocks(rounds, initial.len() as u64);
        let (mut block, mut from) = (i64::try_from(length.saturating_pow(levels)).unwrap_or(i64::MAX), start);
        let mut variables = Vec::new();
        for depth in 0..levels - 1 {
            block /= length as i64;
            let count = if depth == 0 { rounds.div_ceil(block as u64) } else { length };
            let variable = self.own_loop(Loop::new(level + depth, Affine::constant(0), Affine::constant(count as i64)));
            from = from.plus(block, &Affine::variable(variable));
            variables.push(variable);
        }
        let mut range = Loop::new(level + levels - 1, from.clone(), end.clone());
        if levels > 1 {
            range.end = from.plus(1, &Affine::constant(length as i64));
            range.cap = Some(end);
        }
        variables.push(self.own_loop(range));
        let mut state = initial.to_vec();
        let mut folds = Vec::new();
        for &variable in &variables {
            let fold = self.begin_over(variable, false, state);
            state = self.fold(fold).state.clone();
            folds.push(fold);
        }
        OpenFold { variables, state, folds }
    }

    /// Ends a fold: `next` is the state at the end of a round. Returns the state after the last.
    pub(crate) fn end_fold(&mut self, open: OpenFold, next: Vec<Id>) -> Vec<Id> {
        open.folds.into_iter().rev().fold(next, |next, fold| self.end_over(fold, next))
    }

    /// Begins a fold over a variable that is there.
    pub(in crate::problem) fn begin_over(&mut self, variable: LoopId, reversed: bool, initial: Vec<Id>) -> FoldId {
        let fold = self.folds.len() as FoldId;
        let parts = initial.len() as u32;
        self.folds.push(Fold { variable, reversed, initial, state: Vec::new(), next: Vec::new(), results: Vec::new() });
        self.folds[fold as usize].state = (0..parts).map(|k| self.intern(Op::State(fold, k))).collect();
        fold
    }

    /// Ends a fold that [`begin_over`](Graph::begin_over) began.
    pub(in crate::problem) fn end_over(&mut self, fold: FoldId, next: Vec<Id>) -> Vec<Id> {
        let Fold { variable, ref initial, ref state, .. } = *self.fold(fold);
        let (initial, first, parts) = (initial.clone(), state.first().copied(), state.len() as u32);
        self.folds[fold as usize].next = next;
        if let Some(first) = first {
            self.look_again(first);
        }
        let results = if self.most_trips(variable) == 0 { initial } else { (0..parts).map(|k| self.intern(Op::Folded(fold, k))).collect() };
        self.folds[fold as usize].results.clone_from(&results);
        results
    }

    /// Finds out again what is known of the values from `first` on, now that it is known what their states become. Both the
    /// loops that a value depends on and whether it depends on x can only turn out to be more.
    fn look_again(&mut self, first: Id) {
        let mut changed = true;
        while std::mem::take(&mut changed) {
            // All parts of a fold depend on the same loops, which are found out once each time.
            let mut of_folds = HashMap::new();
            for id in first as usize..self.ops.len() {
                let op = self.ops[id];
                let depends = match op {
                    Op::State(fold, _) => *of_folds.entry((fold, true)).or_insert_with(|| self.depends_of(op)),
                    Op::Folded(fold, _) => *of_folds.entry((fold, false)).or_insert_with(|| self.depends_of(op)),
                    _ => self.depends_of(op),
                };
                let facts = self.facts_with(op, depends);
                changed |= std::mem::replace(&mut self.facts[id], facts) != facts;
            }
        }
    }

    /// The loops that a fold's result depends on, or its state: all that any part of it does.
    pub(super) fn fold_depends(&self, fold: FoldId, inside: bool) -> Vec<LoopId> {
        let Fold { variable, ref initial, ref next, .. } = *self.fold(fold);
        // Many parts depend on the same.
        let mut sets: Vec<DependsId> = initial.iter().chain(next).map(|&a| self.facts[a as usize].depends).collect();
        sets.sort_unstable();
        sets.dedup();
        let mut set = self.range_variables(variable);
        set.extend(sets.into_iter().flat_map(|set| &self.depends[set as usize]).filter(|&&v| v != variable));
        set.extend(inside.then_some(variable));
        set
    }

    /// A loop that is no other.
    fn own_loop(&mut self, range: Loop) -> LoopId {
        let own = Some(self.loops.len() as LoopId);
        self.intern_loop(Loop { own, ..range })
    }
}

/// How many levels of blocks a fold over so many rounds has, the rounds as one of them, and how long each is.
fn blocks(rounds: u64, parts: u64) -> (u32, u64) {
    let length = |levels: u32| {
        let root = (rounds as f64).powf(1.0 / f64::from(levels)) as u64;
        (root.saturating_sub(1)..).find(|l| l.saturating_pow(levels) >= rounds).unwrap_or(rounds).max(1)
    };
    let stored = |levels: u32| length(levels).saturating_mul(parts).saturating_mul(levels.into());
    let levels = (1..MOST_LEVELS).find(|&levels| stored(levels) <= MOST_STORED).unwrap_or(MOST_LEVELS);
    (levels, length(levels))
}

#[cfg(test)]
mod tests {
    use super::super::Binary;
    use super::*;

    #[test]
    fn long_ranges_are_cut_into_blocks_that_cover_them() {
        assert_eq!(blocks(0, 3), (1, 1));
        assert_eq!(blocks(2048, 1), (1, 2048), "as many as are stored");
        assert_eq!(blocks(2049, 1), (2, 46), "46^2 = 2116");
        assert_eq!(blocks(5000, 2), (2, 71));
        assert_eq!(blocks(1_000_000, 4), (3, 100));
        for rounds in [2049, 4096, 9_999, 123_456_789, u64::MAX >> 1] {
            let (levels, length) = blocks(rounds, 1);
            assert!(length.saturating_pow(levels) >= rounds, "{levels} levels of {length} cover {rounds}");
        }
    }

    #[test]
    fn what_is_made_of_the_state_varies_with_all_that_the_state_does() {
        let mut g = Graph::new();
        let outer = g.intern_loop(Loop::new(0, Affine::constant(0), Affine::constant(5)));
        let (x, y) = (g.coordinate(Affine::constant(0)), g.coordinate(Affine::variable(outer)));
        let open = g.begin_fold(1, Affine::constant(0), Affine::constant(9), &[x, y]);
        let (variable, state) = (open.variables[0], open.state.clone());
        let (product, zero) = (g.binary(Binary::Mul, state[0], state[1]), g.constant(0.0));
        let moved = g.binary(Binary::Add, state[0], x);
        let results = g.end_fold(open, vec![product, zero]);
        assert_eq!(g.depends(moved), [outer, variable], "also by way of the other state");
        assert_eq!(g.depends(results[0]), [outer]);
        let constant = g.begin_fold(1, Affine::constant(0), Affine::constant(9), &[zero]);
        let next = g.binary(Binary::Add, constant.state[0], constant.state[0]);
        let results = g.end_fold(constant, vec![next]);
        assert!(g.depends(results[0]).is_empty(), "it leaves the loop around it");
        assert!(!g.active(results[0]), "and does not depend on x");
    }
}
