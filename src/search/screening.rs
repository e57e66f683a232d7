//! The best of many starts, by their values alone.

use std::collections::BinaryHeap;

use super::collect::Numbers;
use super::task::{Chosen, Task};
use crate::error::Result;
use crate::method::Limits;
use crate::starts::Starts;

/// Lanes that are evaluated before their results are looked through.
const PORTION: usize = 1 << 20;

/// The numbers of the best `share` of all starts, by value and then by number; one at least.
pub(super) fn best(task: &mut Task<'_, '_>, share: f64) -> Result<Numbers> {
    let starts = task.starts;
    let wanted = ((share * starts.lanes() as f64).ceil() as usize).clamp(1, starts.lanes());
    let mut best: BinaryHeap<(Rank, usize)> = BinaryHeap::with_capacity(wanted + 1);
    let all = Numbers::All(starts.lanes());
    for first in (0..starts.lanes()).step_by(PORTION) {
        let numbers = all.part(first..(first + PORTION).min(starts.lanes()));
        let part = Chosen { starts: starts.clone(), numbers, points: None };
        let once = task.minimizer.fresh().limits(Limits { evaluations: 1, ..Limits::default() });
        let outcome = once.minimize(task.device, task.problem, &Starts::new(part))?;
        task.collector.worked(outcome.totals());
        for (lane, value) in outcome.values().into_iter().enumerate() {
            best.push((Rank(value), first + lane));
            if best.len() > wanted {
                best.pop();
            }
        }
    }
    let mut lanes: Vec<usize> = best.into_iter().map(|(_, lane)| lane).collect();
    lanes.sort_unstable();
    Ok(Numbers::Some(lanes.into()))
}

/// A value in order; what is not a number comes last.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rank(f64);

impl Eq for Rank {}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.is_nan().cmp(&other.0.is_nan()).then(self.0.total_cmp(&other.0))
    }
}
