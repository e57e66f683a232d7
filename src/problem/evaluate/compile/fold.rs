//! Folds: the rows of their states, and where those are stored.

use super::super::super::affine::Affine;
use super::super::super::graph::{FoldId, Id};
use super::super::super::schedule::LoopNest;
use super::super::code::{After, Code, First, Operand, Operator, Second};
use super::Compiler;
use super::nest::row;

/// What becomes of a part of a state when a round ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    pub(super) value: Id,
    /// The part at the beginning of the round, and the row that it is in all the time.
    state: Id,
    row: u32,
}

impl Compiler<'_> {
    /// What a loop reads of the values around it.
    pub(super) fn read_by(&self, nest: &LoopNest) -> Vec<Id> {
        let initial = nest.folds.iter().flat_map(|run| &self.graph.fold(run.fold).initial);
        nest.needs.iter().chain(initial).copied().collect()
    }

    /// The values that a loop gives.
    pub(super) fn given_by(&self, nest: &LoopNest) -> impl Iterator<Item = Id> {
        let results = nest.folds.iter().flat_map(|run| self.graph.fold(run.fold).results.clone());
        nest.sums.iter().map(|sum| sum.0).chain(results)
    }

    /// How many rows a round of a loop copies.
    pub(super) fn carried(&self, nest: &LoopNest) -> u64 {
        nest.folds.iter().map(|run| self.graph.fold(run.fold).state.len() as u64 * (1 + u64::from(run.stored))).sum()
    }

    /// Gives the states of a loop's folds their rows, and sets them to the initial state.
    pub(super) fn begin_folds(&mut self, nest: &LoopNest) -> Vec<Next> {
        let mut next = Vec::new();
        for run in &nest.folds {
            let fold = self.graph.fold(run.fold);
            for (k, &state) in fold.state.iter().enumerate() {
                let at = self.take();
                let from = self.operand(fold.initial[k]);
                self.copy(row(at), from);
                self.places.insert(state, row(at));
                next.push(Next { value: fold.next[k], state, row: at });
            }
        }
        // No row is free before all are read.
        nest.folds.iter().flat_map(|run| &self.graph.fold(run.fold).initial).for_each(|&id| self.release(id));
        next
    }

    /// The rows of the states are those of the results.
    pub(super) fn end_folds(&mut self, nest: &LoopNest, next: &[Next]) {
        let results = nest.folds.iter().flat_map(|run| &self.graph.fold(run.fold).results);
        for (&id, next) in results.zip(next) {
            self.places.insert(id, row(next.row));
            if self.uses.get(&id) == Some(&0) {
                self.free.push(next.row);
            }
        }
    }

    /// Stores the state at the beginning of a round.
    pub(super) fn store(&mut self, nest: &LoopNest, next: &[Next]) {
        let parts = nest.folds.iter().flat_map(|run| (0..self.graph.fold(run.fold).state.len()).map(move |k| (run, k as u32)));
        for ((run, k), next) in parts.zip(next).filter(|((run, _), _)| run.stored) {
            let to = self.stored(run.fold, k);
            self.copy(to, row(next.row));
        }
    }

    /// Where part `k` of the state of a fold is stored for the round being compiled.
    pub(super) fn stored(&mut self, fold: FoldId, k: u32) -> Operand {
        let variable = self.graph.fold(fold).variable;
        let (rounds, parts) = (self.graph.most_trips(variable) as u32, self.graph.fold(fold).state.len() as u32);
        let base = *self.stores.entry(fold).or_insert_with(|| {
            let base = self.rows;
            self.rows += rounds * parts;
            base
        });
        let round = Affine::variable(variable).plus(-1, &self.graph.loops[variable as usize].start);
        self.place(&round, base + k * rounds)
    }

    /// The states become what is next, all at once.
    pub(super) fn advance(&mut self, next: &[Next]) {
        let mut spare = Vec::new();
        let mut copies = Vec::new();
        for of in next.iter().filter(|next| next.value != next.state) {
            let mut from = self.operand(of.value);
            if next.iter().any(|other| other.state == of.value) {
                let to = self.take();
                self.copy(row(to), from);
                from = row(to);
                spare.push(to);
            }
            copies.push((row(of.row), from));
        }
        copies.into_iter().for_each(|(to, from)| self.copy(to, from));
        self.free.extend(spare);
        next.iter().for_each(|next| self.release(next.value));
    }

    fn copy(&mut self, to: Operand, from: Operand) {
        let one = self.number(1.0);
        self.push(Code::Arithmetic(First::Row, Operator::Mul, Second::Number, After::Put), to, &[from, one]);
    }
}
