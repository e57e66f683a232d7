//! Lanes that fall into the basin of a minimum that is known.

use super::clusters::Clusters;
use super::distinct::Distinct;
use crate::batch::Batch;
use crate::error::Result;
use crate::method::Status;

/// Minima that lanes have found so far, and how near to one a lane is taken to be in its basin.
pub(super) struct Known {
    distinct: Distinct,
    /// Founders are the first minima found; what is within the radius of one belongs to it, whatever its value.
    near: Clusters,
    /// The value of each, and the lane that found it.
    founders: Vec<(f64, usize)>,
}

impl Known {
    pub(super) fn new(radius: f64, distinct: Distinct, spread: &[f64]) -> Self {
        let near = Clusters::new(Distinct::Point { distance: radius, value: f64::INFINITY }, spread);
        Self { distinct, near, founders: Vec::new() }
    }

    /// A lane has ended in success.
    pub(super) fn add(&mut self, lane: usize, value: f64, point: &[f64]) {
        if self.near.find_or_found(value, point) == self.founders.len() {
            self.founders.push((value, lane));
        }
    }

    /// Ends lanes under way that are near a minimum that is known, and returns the lane that found it for each. One that is
    /// lower than the minimum is on the way to another.
    pub(super) fn cut(&self, batch: &mut Batch) -> Result<Vec<usize>> {
        let lanes = batch.under_way()?;
        let n = lanes.points.len() / lanes.records.len().max(1);
        let near = lanes.records.iter().zip(lanes.points.chunks(n.max(1))).filter_map(|(record, point)| {
            let &(value, found_by) = self.founders.get(self.near.find(record.best_value, point)?)?;
            let lower = record.best_value < value && !self.distinct.is_level(value, record.best_value);
            (!lower).then_some((record.summary.lane, found_by))
        });
        let (fallen, found_by): (Vec<usize>, Vec<usize>) = near.unzip();
        batch.end_lanes(&fallen, Status::Duplicate)?;
        Ok(found_by)
    }
}
