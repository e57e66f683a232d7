//! Loops: as such, or written out.

use std::ops::Range;

use super::super::super::affine::Affine;
use super::super::super::graph::Id;
use super::super::super::schedule::{LoopNest, Region, Statement};
use super::super::code::{Accumulator, After, Code, First, LoopCode, Operand, Operator, SUM_BLOCK, Second};
use super::{Compiler, NOTHING, Next};

/// The most statements of all rounds of a loop that is written out. That saves the end of each round, which takes as long as
/// several instructions; what is longer would take a cache from the rows.
const WRITTEN_OUT: u64 = 4096;

impl Compiler<'_> {
    pub(super) fn nest(&mut self, nest: &LoopNest) {
        self.overwrite(&[]);
        let range = self.graph.loops[nest.variable as usize].clone();
        let (start, end) = (self.at_round(&range.start), self.at_round(&range.end));
        let cap = range.cap.map(|cap| self.at_round(&cap));
        let long = self.graph.most_trips(nest.variable) > SUM_BLOCK;
        let sums: Vec<Accumulator> =
            nest.sums.iter().map(|_| Accumulator { terms: self.take(), total: long.then(|| self.take()) }).collect();
        let next = self.begin_folds(nest);
        let known_cap = cap.as_ref().map_or(Some(i64::MAX), Affine::as_constant);
        match (start.as_constant(), end.as_constant(), known_cap) {
            (Some(start), Some(end), Some(cap)) if self.size(&nest.body).saturating_mul(end.min(cap).abs_diff(start)) <= WRITTEN_OUT => {
                self.written_out(nest, start..end.min(cap), &sums, &next);
            }
            _ => self.as_loop(nest, [&start, &end], cap.as_ref(), &sums, &next),
        }
        for ((sum, _), rows) in nest.sums.iter().zip(&sums) {
            self.places.insert(*sum, row(rows.total.unwrap_or(rows.terms)));
            self.free.extend(rows.total.map(|_| rows.terms));
        }
        self.end_folds(nest, &next);
        nest.needs.iter().for_each(|&id| self.release(id));
    }

    fn as_loop(&mut self, nest: &LoopNest, [start, end]: [&Affine; 2], cap: Option<&Affine>, sums: &[Accumulator], next: &[Next]) {
        let number = self.loops.len();
        let marker = row(number as u32);
        self.loops.push(LoopCode {
            start: self.offsets.limit(start),
            end: self.offsets.limit(end),
            cap: cap.map(|cap| self.offsets.limit(cap)),
            reversed: nest.reversed,
            steps: Vec::new(),
            patches: Vec::new(),
            sums: sums.to_vec(),
            begin: self.instructions.len(),
            finish: 0,
        });
        self.nests.push(nest.variable);
        self.push(Code::Begin, marker, &[]);
        self.depth += 1;
        self.body(nest, sums, next);
        self.depth -= 1;
        self.loops[number].finish = self.instructions.len();
        self.push(Code::End, marker, &[]);
    }

    /// Round after round, as the machine would run them.
    fn written_out(&mut self, nest: &LoopNest, range: Range<i64>, sums: &[Accumulator], next: &[Next]) {
        sums.iter().flat_map(|sum| [Some(sum.terms), sum.total]).flatten().for_each(|row| self.clear(row));
        let rounds = (range.end - range.start).max(0) as u64;
        let forwards = range.clone();
        let values: &mut dyn Iterator<Item = i64> = if nest.reversed { &mut range.rev() } else { &mut forwards.into_iter() };
        for (value, done) in values.zip(1..) {
            self.rounds.push((nest.variable, value));
            self.body(nest, sums, next);
            self.rounds.pop();
            if done == rounds || u64::is_multiple_of(done, SUM_BLOCK) {
                for (terms, total) in sums.iter().filter_map(|sum| sum.total.map(|total| (sum.terms, total))) {
                    let code = Code::Arithmetic(First::Row, Operator::Add, Second::Row, After::Put);
                    self.push(code, row(total), &[row(total), row(terms)]);
                    self.clear(terms);
                }
            }
        }
    }

    fn body(&mut self, nest: &LoopNest, sums: &[Accumulator], next: &[Next]) {
        let bodies: Vec<(Id, u32)> = nest.sums.iter().zip(sums).map(|((_, body), rows)| (*body, rows.terms)).collect();
        // Inside, the values around the loop have no uses to run out: their rows are read again in the next round.
        let around = std::mem::take(&mut self.uses);
        self.store(nest, next);
        self.region(&nest.body, &[], &bodies, next);
        self.uses = around;
    }

    fn clear(&mut self, terms: u32) {
        let zero = self.number(0.0);
        self.push(Code::Broadcast, row(terms), &[zero]);
    }

    /// Statements in all rounds.
    fn size(&self, region: &Region) -> u64 {
        let size = |statement: &Statement| match statement {
            Statement::Loop(nest) => self.graph.most_trips(nest.variable).saturating_mul(self.size(&nest.body) + self.carried(nest)),
            Statement::Let(_) | Statement::Scatter { .. } => 1,
        };
        region.statements.iter().map(size).fold(0, u64::saturating_add)
    }

    /// An index in the round being compiled of the loops that are written out.
    pub(super) fn at_round(&self, index: &Affine) -> Affine {
        self.rounds.iter().fold(index.clone(), |index, &(variable, value)| index.substitute(variable, &Affine::constant(value)))
    }
}

pub(super) fn row(row: u32) -> Operand {
    Operand { row, ..NOTHING }
}
