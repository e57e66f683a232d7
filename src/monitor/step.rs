//! What a monitor is shown.

use std::fmt;
use std::time::{Duration, Instant};

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::batch::Batch;
use crate::engine::{Summary, Totals};
use crate::error::{Error, Result};
use crate::method::Status;
use crate::outcome::LaneResult;

/// How a run stands; what it is asked for it fetches, and nothing else. What it hands out is the monitor's own, or borrowed
/// until the next call: no later step writes into it.
pub struct Step<'a> {
    batch: &'a mut Batch,
    number: u64,
    begun: Instant,
    /// How many ends of lanes the monitor in turn has seen before, and whether it has looked at summaries.
    told: usize,
    looked: bool,
    /// What has been fetched: resident lanes, by lane; summaries for one who had seen so many ends; the best lane.
    residents: Option<Vec<Summary>>,
    shown: Option<(usize, Vec<Summary>)>,
    best: Option<LaneResult>,
    /// What monitors have to save, by their names.
    saved: Vec<(String, Vec<u8>)>,
    /// Why summaries could not be fetched.
    failure: Option<Error>,
}

impl fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("number", &self.number).field("batch", &self.batch).finish_non_exhaustive()
    }
}

impl<'a> Step<'a> {
    pub(crate) fn new(batch: &'a mut Batch, number: u64, begun: Instant) -> Self {
        let saved = Vec::new();
        Self { batch, number, begun, told: 0, looked: false, residents: None, shown: None, best: None, saved, failure: None }
    }

    /// How many steps the run has taken: 0 at the start, where nothing but starts is evaluated unless the batch was under way
    /// before. In a run that is free between times, how often it has stopped to look.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The status of a lane that has not started.
    pub(crate) fn waiting(&self, lane: usize) -> Status {
        self.batch.waiting(lane)
    }

    /// How long the run has taken.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The lane with the lowest value so far.
    pub fn best(&mut self) -> LaneResult {
        let batch = &*self.batch;
        self.best.get_or_insert_with(|| batch.best()).clone()
    }

    /// Lanes that are not done, queued ones included.
    pub fn active(&self) -> usize {
        self.batch.active()
    }

    /// How many lanes there are in all.
    pub fn lanes(&self) -> usize {
        self.batch.lanes()
    }

    /// What has been done so far.
    pub fn totals(&self) -> Totals {
        self.batch.totals()
    }

    /// How each resident lane stands, and each that has ended since this monitor last looked in this run, or ever; by lane. They come from the
    /// device when they are first asked for in a step, without points. If that fails there are none, and the run ends with the
    /// device's error.
    pub fn summaries(&mut self) -> &[Summary] {
        self.looked = true;
        if self.shown.as_ref().is_none_or(|shown| shown.0 != self.told) {
            let mut summaries = self.residents().to_vec();
            summaries.extend(self.batch.ended_since(self.told));
            summaries.par_sort_unstable_by_key(|summary| summary.lane);
            self.shown = Some((self.told, summaries));
        }
        self.shown.as_ref().map_or(&[], |shown| &shown.1)
    }

    /// In any order.
    fn residents(&mut self) -> &[Summary] {
        let Self { batch, residents, failure, .. } = self;
        residents.get_or_insert_with(|| {
            // When all lanes have ended, the device has nothing to tell.
            let fetched = if batch.active() > 0 { batch.residents() } else { Ok(Vec::new()) };
            fetched.unwrap_or_else(|error| {
                *failure = Some(error);
                Vec::new()
            })
        })
    }

    /// Where each lane stands, as [`Batch::points`]: it brings all lanes' points from the device.
    ///
    /// # Errors
    /// A device that fails.
    pub fn points(&mut self) -> Result<DMatrix<f64>> {
        self.batch.points()
    }

    /// How one lane stands, as [`Batch::lane`]: it brings that lane's point, and its trail if it keeps one, from the device.
    ///
    /// # Errors
    /// [`Error::NoSuchLane`]; a device that fails.
    pub fn lane(&mut self, lane: usize) -> Result<LaneResult> {
        self.batch.lane(lane)
    }

    /// The batch itself, to change the run from within: what one may do to it in a loop of one's own, one may do here. What
    /// monitors after this one are shown is how it stands then.
    pub fn batch(&mut self) -> &mut Batch {
        (self.residents, self.shown, self.best) = (None, None, None);
        self.batch
    }

    /// What the other monitors have to save, by their names; empty unless [`Monitor::saves`](super::Monitor::saves).
    pub fn saved(&self) -> &[(String, Vec<u8>)] {
        &self.saved
    }

    pub(crate) fn set_saved(&mut self, saved: Vec<(String, Vec<u8>)>) {
        self.saved = saved;
    }

    /// It is the turn of a monitor that has seen so many ends.
    pub(crate) fn turn_to(&mut self, told: usize) {
        (self.told, self.looked) = (told, false);
    }

    /// How many ends the monitor has seen after its turn, or the error of a device that could not tell how lanes stand.
    pub(crate) fn turn_over(&mut self) -> Result<usize> {
        match self.failure.take() {
            Some(error) => Err(error),
            None => Ok(if self.looked { self.batch.ended() } else { self.told }),
        }
    }
}
