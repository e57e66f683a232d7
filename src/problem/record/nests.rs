//! Checks loops and indices that come from a file as tracing checks those that it makes.

use std::collections::BTreeMap;

use crate::problem::affine::{Affine, Loop, LoopId, WALK_LIMIT, outside_within};

/// How many values the indices of one file are walked through, at most: seconds.
const WALKS_OF_A_FILE: u64 = 1 << 28;

/// The loops of a program, and the nests that they stand in.
pub(super) struct Nests<'a> {
    loops: &'a [Loop],
    /// The largest absolute value of each loop variable, or more.
    reach: Vec<i64>,
    left: u64,
}

/// The largest index there may be: sums of a few do not overflow. Loops as long as that do not end.
const FARTHEST: i64 = 1 << 52;

impl<'a> Nests<'a> {
    /// None unless every loop runs over a range of loops before it, around it.
    pub(super) fn new(loops: &'a [Loop], deepest: usize) -> Option<Self> {
        let mut nests = Self { loops, reach: Vec::with_capacity(loops.len()), left: WALKS_OF_A_FILE };
        for range in loops {
            let bounds = || range.bounds();
            let inside = |&(id, factor): &(LoopId, i64)| factor != 0 && nests.level(id).is_some_and(|level| level < range.level);
            let terms = || bounds().flat_map(|bound| &bound.terms);
            if range.level as usize >= deepest || !terms().all(inside) || nests.nest(terms().map(|term| term.0)).is_none() {
                return None;
            }
            let reach = bounds().map(|bound| nests.reach_of(bound)).collect::<Option<Vec<_>>>()?;
            nests.reach.push(reach.into_iter().max().unwrap_or_default());
        }
        Some(nests)
    }

    /// The level of a loop that was checked; none comes before 0.
    fn level(&self, id: LoopId) -> Option<u32> {
        self.loops[..self.reach.len()].get(id as usize).map(|range| range.level)
    }

    /// The loops of `ids` and those that their ranges depend on, outermost first; none if two of them are of one level, which
    /// are never open at once.
    fn nest(&self, ids: impl Iterator<Item = LoopId>) -> Option<Vec<LoopId>> {
        let mut by_level = BTreeMap::new();
        let mut open: Vec<LoopId> = ids.collect();
        while let Some(id) = open.pop() {
            match by_level.insert(self.level(id)?, id) {
                Some(other) if other != id => return None,
                Some(_) => {}
                None => {
                    let range = &self.loops[id as usize];
                    open.extend(range.bounds().flat_map(|bound| &bound.terms).map(|term| term.0));
                }
            }
        }
        Some(by_level.into_values().collect())
    }

    /// No less than the largest absolute value of an index; none if its terms are out of order, or it goes too far.
    fn reach_of(&self, index: &Affine) -> Option<i64> {
        let in_order = index.terms.is_sorted_by(|a, b| a.0 < b.0);
        let size = |value: i64| i64::try_from(value.unsigned_abs()).unwrap_or(i64::MAX);
        let mut reach = size(index.constant);
        for &(id, factor) in &index.terms {
            reach = reach.saturating_add(size(factor).saturating_mul(*self.reach.get(id as usize)?).max(size(factor)));
        }
        (in_order && reach <= FARTHEST).then_some(reach)
    }

    /// Whether an index is one that loops can be open for.
    pub(super) fn is_index(&self, index: &Affine) -> bool {
        self.reach_of(index).is_some() && self.nest(index.terms.iter().map(|term| term.0)).is_some()
    }

    /// Whether an index stays in `0..len` wherever it is read.
    pub(super) fn is_within(&mut self, index: &Affine, len: usize) -> bool {
        let Some(nest) = self.nest(index.terms.iter().map(|term| term.0)) else { return false };
        let most = WALK_LIMIT.min(self.left);
        let mut left = most;
        let outside = outside_within(index, len, &nest, self.loops, &mut left);
        self.left -= most - left;
        outside.is_none()
    }

    /// Whether a loop can have a body that varies with the loops of `depends`: all others are around it.
    pub(super) fn encloses(&self, variable: LoopId, depends: &[LoopId]) -> bool {
        self.level(variable).is_some() && depends.iter().all(|&id| id == variable || self.level(id) < self.level(variable))
    }
}
