//! What a loop carries from round to round, number by number: what it adds up is a sum, what it never changes stays.

use std::collections::HashMap;

use super::super::affine::{Affine, LoopId};
use super::super::graph::{Binary, Graph, Id, Op};
use super::loops::Plan;
use super::lower::Lowering;
use super::value::{Key, Lowered, Pointer, Relation, Step, Test, Value};

/// One scalar of a variable that a loop changes.
pub(super) struct Leaf {
    pub(super) key: Key,
    pub(super) path: Vec<usize>,
    /// Its value before the loop.
    pub(super) initial: Value,
}

/// What a loop does with a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fate {
    /// It is not asked for after the loop, or not known there.
    Forgotten,
    /// It is what it was.
    Stays,
    /// It is what it was, and others are made of it.
    Frozen,
    /// What is added to it in every round.
    Sum(Id),
    /// It is the same after every round.
    Set(Id),
    /// It is carried from round to round.
    Folded,
}

/// Which values are made of which parts of the state.
pub(super) struct Reach {
    first: Id,
    /// How many words of bits each value has.
    words: usize,
    bits: Vec<u64>,
}

impl Reach {
    /// Of everything made after `state`, which are leaves of the graph.
    pub(super) fn new(graph: &Graph, state: &[Id]) -> Self {
        let first = state.iter().copied().min().unwrap_or(graph.len() as Id);
        let words = state.len().div_ceil(64).max(1);
        let mut reach = Self { first, words, bits: vec![0; (graph.len() - first as usize) * words] };
        for (k, &id) in state.iter().enumerate() {
            let at = reach.at(id);
            reach.bits[at + k / 64] |= 1 << (k % 64);
        }
        for id in first..graph.len() as Id {
            for operand in graph.operands(graph.op(id)).filter(|&operand| operand >= first) {
                let (to, from) = (reach.at(id), reach.at(operand));
                for word in 0..words {
                    reach.bits[to + word] |= reach.bits[from + word];
                }
            }
        }
        reach
    }

    fn at(&self, id: Id) -> usize {
        (id - self.first) as usize * self.words
    }

    fn of(&self, id: Id) -> &[u64] {
        match id < self.first || self.at(id) >= self.bits.len() {
            true => &[],
            false => &self.bits[self.at(id)..self.at(id) + self.words],
        }
    }

    /// Whether `id` is made of part `k` of the state.
    fn has(&self, id: Id, k: usize) -> bool {
        self.of(id).get(k / 64).is_some_and(|word| word >> (k % 64) & 1 == 1)
    }

    fn has_any(&self, id: Id) -> bool {
        self.of(id).iter().any(|word| *word != 0)
    }
}

impl Lowering<'_> {
    /// The scalars of a variable's value; what is not known is left out.
    pub(super) fn leaves(&mut self, key: Key, value: &Value, path: &mut Vec<usize>, into: &mut Vec<Leaf>) -> Lowered<()> {
        self.charge(1)?;
        match value {
            Value::Unknown(_) | Value::Pointer(_) => {}
            Value::Parts(_) | Value::Zeros(_) | Value::View(_) => {
                for (k, part) in self.parts(value)?.iter().enumerate() {
                    path.push(k);
                    self.leaves(key, part, path, into)?;
                    path.pop();
                }
            }
            scalar => into.push(Leaf { key, path: path.clone(), initial: scalar.clone() }),
        }
        Ok(())
    }

    /// Puts a scalar into its variable.
    pub(super) fn put(&mut self, leaf: &Leaf, value: Value) -> Lowered<()> {
        let path = leaf.path.iter().map(|&k| Step::Part(k)).collect();
        self.store(&Pointer::Variable(leaf.key, path), &value)
    }

    /// The scalar that a variable has in the place of a leaf; none if that is not known.
    pub(super) fn taken(&mut self, leaf: &Leaf) -> Lowered<Option<Id>> {
        let mut value = self.environment.get(&leaf.key).cloned().unwrap_or(Value::truth(false));
        for &k in &leaf.path {
            if let Value::Unknown(_) = value {
                return Ok(None);
            }
            value = self.element(&value, &Affine::constant(k as i64))?;
        }
        Ok(self.scalar(&value).ok())
    }

    /// Sorts the leaves by what the loop does with them.
    pub(super) fn fates(
        &mut self,
        plan: &Plan<'_>,
        variable: LoopId,
        leaves: &[Leaf],
        state: &[Id],
        next: &[Option<Id>],
    ) -> Lowered<Vec<Fate>> {
        let reach = Reach::new(&self.graph, state);
        let mut open: Vec<usize> = (0..leaves.len()).filter(|&k| is_live(plan, leaves[k].key)).collect();
        let mut needed = vec![false; leaves.len()];
        let mut by_others = vec![false; leaves.len()];
        while let Some(k) = open.pop() {
            if std::mem::replace(&mut needed[k], true) {
                continue;
            }
            let Some(next) = next[k] else { continue };
            for other in (0..leaves.len()).filter(|&other| other != k && reach.has(next, other)) {
                by_others[other] = true;
                open.push(other);
            }
        }
        let mut fates = Vec::new();
        for k in 0..leaves.len() {
            fates.push(match next[k] {
                _ if !needed[k] => Fate::Forgotten,
                Some(next) if next == state[k] => {
                    if by_others[k] {
                        Fate::Frozen
                    } else {
                        Fate::Stays
                    }
                }
                None if by_others[k] => return self.unknown("a variable of a loop, in its next round"),
                None => Fate::Forgotten,
                Some(_) if by_others[k] => Fate::Folded,
                Some(next) => match self.added(next, state[k], &reach, &mut HashMap::new()) {
                    Some(term) => Fate::Sum(term),
                    None if !reach.has_any(next) && !self.graph.depends(next).contains(&variable) => Fate::Set(next),
                    None => Fate::Folded,
                },
            });
        }
        Ok(fates)
    }

    /// What a leaf is after the loop, unless it is folded.
    pub(super) fn fated(&mut self, variable: LoopId, leaf: &Leaf, initial: Id, fate: &Fate) -> Lowered<Value> {
        Ok(match *fate {
            Fate::Forgotten => Value::Unknown("a variable of a loop, after it"),
            Fate::Stays | Fate::Frozen | Fate::Folded => leaf.initial.clone(),
            Fate::Sum(term) => {
                let sum = self.graph.sum(variable, term);
                let total = self.binary(Binary::Add, initial, sum)?;
                self.scalar_like(&leaf.initial, total)
            }
            Fate::Set(next) => {
                let range = &self.graph.loops[variable as usize];
                let any = self.decided(Relation { difference: range.start.plus(-1, &range.end), test: Test::Negative });
                let any = self.truth_number(&any);
                let id = self.graph.select(any, next, initial);
                self.scalar_like(&leaf.initial, id)
            }
        })
    }

    /// What is added to `state` in `next`, if that is all that happens to it.
    fn added(&mut self, next: Id, state: Id, reach: &Reach, known: &mut HashMap<Id, Option<Id>>) -> Option<Id> {
        if next == state {
            return Some(self.graph.constant(0.0));
        }
        if let Some(known) = known.get(&next) {
            return *known;
        }
        let term = match self.graph.op(next) {
            Op::Binary(Binary::Add, a, b) => {
                let (with, without) = if reach.has_any(a) { (a, b) } else { (b, a) };
                let rest = if reach.has_any(without) { None } else { self.added(with, state, reach, known) };
                rest.map(|rest| self.graph.binary(Binary::Add, rest, without))
            }
            Op::Binary(Binary::Sub, a, b) if !reach.has_any(b) => {
                self.added(a, state, reach, known).map(|rest| self.graph.binary(Binary::Sub, rest, b))
            }
            Op::Select(condition, a, b) if !reach.has_any(condition) => {
                let then = self.added(a, state, reach, known);
                let otherwise = then.and_then(|_| self.added(b, state, reach, known));
                then.zip(otherwise).map(|(then, otherwise)| self.graph.select(condition, then, otherwise))
            }
            _ => None,
        };
        known.insert(next, term);
        term
    }
}

/// Whether a variable is asked for after the loop.
fn is_live(plan: &Plan<'_>, key: Key) -> bool {
    match key {
        // Variables of other functions are reached by pointers.
        Key::Local(frame, local) => frame != plan.frame || plan.facts.live.contains(&local),
        _ => true,
    }
}
