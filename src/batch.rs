//! The stateful stepper: lanes under way, in a loop of the user's own.

mod moves;
mod run;
mod snapshot;
#[cfg(test)]
mod tests;

pub(crate) use snapshot::Snapshot;
use std::sync::Arc;

use nalgebra::DMatrix;

use crate::device::Device;
use crate::engine::placement::Placement;
use crate::engine::source::Queue;
use crate::engine::state::LaneState;
use crate::engine::telemetry::Telemetry;
use crate::engine::{Engine, Lanes, Summary, Totals};
use crate::error::{DeviceError, Error, Result};
use crate::method::{Evidence, Status};
use crate::minimizer::Settings;
use crate::outcome::{LaneResult, Outcome, Run};
use crate::problem::Problem;
use crate::starts::Starts;

/// Lanes under way: step them, look at them, go on. How a run is cut into steps never changes a result, bit for bit.
///
/// ```
/// use manymin::prelude::*;
///
/// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::auto()?, &rosenbrock, &starts)?;
/// while batch.active() > 0 {
///     batch.step()?;
///     for s in batch.summaries()? {
///         assert!(s.evaluations > s.iteration || s.iteration == 0);
///     }
/// }
/// let outcome = batch.finish()?;
/// assert_eq!(outcome.lanes(), 100);
/// # Ok::<(), manymin::Error>(())
/// ```
///
/// # When a device fails
/// Then stepping, looking at lanes under way and [`finish`](Batch::finish) are errors. What the host knows stays:
/// [`active`](Batch::active), [`totals`](Batch::totals), [`best`](Batch::best) of the lanes that have ended, and their results,
/// which [`drain_finished`](Batch::drain_finished) hands out. [`move_to`](Batch::move_to) takes the batch to another device,
/// where it goes on.
pub struct Batch {
    engine: Box<dyn Engine>,
    device: Device,
    problem: Problem,
    starts: Starts,
    settings: Settings,
    /// Lanes that have ended and were not handed out, and how many of them `summaries` has told of.
    finished: Lanes,
    told: usize,
    /// The lowest of the lanes that were handed out.
    best_drained: Lanes,
    /// How the lanes that were handed out ended.
    drained: Vec<Option<Status>>,
    /// Lanes that were stopped before they started, and their status.
    never: Queue,
    never_as: Status,
    /// How many lanes have ended, and what they did.
    ended: usize,
    done: Totals,
    /// What a run that was watched had saved, until the next one takes it up.
    saved: Vec<(String, Vec<u8>)>,
    /// Lanes under way as they were when the host last took their state.
    synced: Arc<Vec<LaneState>>,
}

impl Batch {
    pub(crate) fn new(engine: Box<dyn Engine>, device: Device, problem: Problem, starts: Starts, settings: Settings) -> Self {
        Self {
            engine,
            device,
            problem,
            starts,
            settings,
            finished: Lanes::default(),
            told: 0,
            best_drained: Lanes::default(),
            drained: Vec::new(),
            never: 0..0,
            never_as: Status::Active,
            ended: 0,
            done: Totals::default(),
            saved: Vec::new(),
            synced: Arc::default(),
        }
    }

    /// One iteration a lane: every resident lane that is not done accepts one step or ends. Places that lanes leave are
    /// then filled from the queue.
    ///
    /// # Errors
    /// A device that fails.
    pub fn step(&mut self) -> Result<()> {
        let result = self.engine.step();
        self.collect();
        result
    }

    /// So many rounds: in each, every resident lane that is not done evaluates once. Lanes don't wait for each other. Places
    /// that lanes leave are filled from the queue at the end.
    ///
    /// # Errors
    /// As [`step`](Batch::step).
    pub fn advance(&mut self, rounds: u32) -> Result<()> {
        let result = self.engine.advance(rounds);
        self.collect();
        result
    }

    /// Rounds until every lane has ended: the fastest way.
    ///
    /// # Errors
    /// As [`step`](Batch::step).
    pub fn run(&mut self) -> Result<()> {
        let result = self.engine.run(None);
        self.collect();
        result
    }

    /// Ends every lane that is not done as [`Stopped`](crate::Status::Stopped), with the best it has found.
    ///
    /// # Errors
    /// As [`step`](Batch::step).
    pub fn stop(&mut self) -> Result<()> {
        self.end_as(Status::Stopped, Evidence { measured: f64::NAN, threshold: f64::NAN })
    }

    /// Ends every lane that is not done with a status of the host's.
    fn end_as(&mut self, status: Status, evidence: Evidence) -> Result<()> {
        self.collect();
        let queued = self.engine.queued();
        let stopped = self.engine.stop();
        let mut ended = self.engine.take_finished();
        // The engine knows one way to be stopped, and what has ended otherwise is collected already.
        let records = ended.records.iter_mut().filter(|record| record.summary.status == Status::Stopped);
        records.for_each(|record| (record.summary.status, record.evidence) = (status, evidence));
        self.keep(ended);
        if stopped.is_ok() && !queued.is_empty() {
            (self.never, self.never_as) = (queued, status);
        }
        stopped
    }

    /// Lanes that are not done, queued ones included.
    pub fn active(&self) -> usize {
        self.lanes() - self.ended - self.never.len()
    }

    /// What is minimised.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// How many lanes there are in all.
    pub fn lanes(&self) -> usize {
        self.starts.lanes()
    }

    /// What has been done so far, by the lanes that have ended and those under way: the sum of their own counts. What lanes had
    /// done on a device that failed and do again after [`move_to`](Batch::move_to) counts once, so that it may be less
    /// afterwards.
    pub fn totals(&self) -> Totals {
        self.engine.totals()
    }

    /// What a GPU did for the batch so far, since it is there, and how long it took; none on the CPU engine.
    pub fn telemetry(&self) -> Option<Telemetry> {
        self.engine.telemetry()
    }

    /// Evaluations of value and gradient so far, over all lanes.
    pub fn evaluations(&self) -> u64 {
        self.totals().evaluations
    }

    /// How each resident lane stands, and each that has ended since this was last asked; by lane.
    ///
    /// # Errors
    /// As [`step`](Batch::step).
    pub fn summaries(&mut self) -> Result<Vec<Summary>> {
        let mut summaries = self.residents()?;
        summaries.extend(self.finished.records[self.told..].iter().map(|record| record.summary));
        self.told = self.finished.records.len();
        summaries.sort_unstable_by_key(|summary| summary.lane);
        Ok(summaries)
    }

    /// How each resident lane stands, in any order.
    pub(crate) fn residents(&mut self) -> Result<Vec<Summary>> {
        let resident = self.engine.records();
        self.collect();
        Ok(resident?.iter().map(|record| record.summary).collect())
    }

    /// What a run that was watched had saved: once.
    pub(crate) fn take_saved(&mut self) -> Vec<(String, Vec<u8>)> {
        std::mem::take(&mut self.saved)
    }

    /// How many lanes have ended.
    pub(crate) fn ended(&self) -> usize {
        self.ended
    }

    /// How the lanes ended that did so when `told` others had, unless they were handed out.
    pub(crate) fn ended_since(&self, told: usize) -> impl Iterator<Item = Summary> + '_ {
        let here = &self.finished.records;
        let later = self.ended.saturating_sub(told).min(here.len());
        here[here.len() - later..].iter().map(|record| record.summary)
    }

    /// Where each lane stands, one column a lane: its best point so far, or its start if it is still queued. Lanes handed
    /// out by [`drain_finished`](Batch::drain_finished) are columns of NaN.
    ///
    /// # Errors
    /// As [`step`](Batch::step).
    pub fn points(&mut self) -> Result<DMatrix<f64>> {
        Ok(self.picture()?.points())
    }

    /// The lane with the lowest finite value so far, of all that have started. Before the first evaluation it is lane 0,
    /// its value NaN.
    pub fn best(&self) -> LaneResult {
        let placement = self.placement();
        let resident = self.engine.lowest();
        let known = [&self.finished, &resident, &self.best_drained];
        let lowest = known.into_iter().filter_map(|lanes| LaneResult::lowest(lanes, &placement)).min_by(LaneResult::by_value);
        lowest.unwrap_or_else(|| LaneResult::without_value(0, self.waiting(), placement.start(0).point, &placement))
    }

    /// How one lane stands: its best point so far, or its start if it is still queued. Of a lane that was handed out by
    /// [`drain_finished`](Batch::drain_finished) there is its status, and no number.
    ///
    /// # Errors
    /// [`Error::NoSuchLane`](crate::Error::NoSuchLane); as [`step`](Batch::step).
    pub fn lane(&mut self, lane: usize) -> Result<LaneResult> {
        self.collect();
        let lanes = self.lanes();
        if lane >= lanes {
            return Err(Error::NoSuchLane { lane, lanes });
        }
        let placement = self.placement();
        let find = |lanes: &Lanes| {
            let at = lanes.records.iter().position(|record| record.summary.lane == lane)?;
            Some(LaneResult::of(lanes, at, &placement))
        };
        if let Some(ended) = find(&self.finished) {
            return Ok(ended);
        }
        if let Some(status) = self.drained.get(lane).copied().flatten() {
            return Ok(LaneResult::without_value(lane, status, vec![f64::NAN; placement.dimension()], &placement));
        }
        if self.engine.queued().contains(&lane) || self.never.contains(&lane) {
            return Ok(LaneResult::without_value(lane, self.waiting(), placement.start(lane).point, &placement));
        }
        let resident = self.engine.pick(&[lane])?;
        find(&resident).ok_or_else(|| DeviceError::Internal { message: format!("lane {lane} is under way, and not on the device") }.into())
    }

    /// The lanes that have ended since this was last asked, and lets go of them all but one byte each: with it a run of any
    /// length goes through bounded memory.
    pub fn drain_finished(&mut self) -> Vec<LaneResult> {
        self.collect();
        self.told = 0;
        let lanes = std::mem::take(&mut self.finished);
        let placement = self.placement();
        let drained: Vec<LaneResult> = (0..lanes.records.len()).map(|k| LaneResult::of(&lanes, k, &placement)).collect();
        let dimension = placement.dimension();
        if let Some(lowest) = lanes.lowest() {
            self.best_drained.append(lanes.only(lowest, dimension));
        }
        if let Some(lowest) = self.best_drained.lowest() {
            self.best_drained = self.best_drained.only(lowest, dimension);
        }
        self.drained.resize(self.lanes(), None);
        drained.iter().for_each(|lane| self.drained[lane.lane] = Some(lane.status));
        drained
    }

    /// Ends the batch: the results of all lanes that were not handed out, as they stand.
    ///
    /// # Errors
    /// As [`step`](Batch::step), while lanes are under way. The batch is consumed all the same: where a device has failed, first
    /// take the results that are known from [`drain_finished`](Batch::drain_finished), or go on elsewhere with
    /// [`move_to`](Batch::move_to).
    pub fn finish(mut self) -> Result<Outcome> {
        self.picture()
    }

    /// All lanes as they stand, as an outcome.
    fn picture(&mut self) -> Result<Outcome> {
        self.collect();
        let mut lanes = self.finished.clone();
        // When all lanes have ended, a device is no longer needed: nor does it matter that it has failed.
        if self.active() > 0 {
            lanes.append(self.engine.lanes()?);
        }
        let mut statuses: Vec<Option<Status>> = self.drained.clone();
        statuses.resize(self.lanes(), None);
        let statuses = statuses.into_iter().map(|status| status.unwrap_or(self.waiting())).collect();
        let not_started = if self.never.is_empty() { self.engine.queued() } else { self.never.clone() };
        let run = Run {
            device: self.device.clone(),
            problem: self.problem.clone(),
            starts: self.starts.clone(),
            settings: self.settings.clone(),
            totals: self.totals(),
        };
        Ok(Outcome::new(lanes, statuses, not_started, run))
    }

    /// Where lanes begin, and what holds them.
    fn placement(&self) -> Placement {
        self.settings.placement(&self.starts, self.device.precision())
    }

    /// The status of a lane that has not started.
    pub(crate) fn waiting(&self) -> Status {
        self.never_as
    }

    fn collect(&mut self) {
        let ended = self.engine.take_finished();
        self.keep(ended);
    }

    fn keep(&mut self, ended: Lanes) {
        self.ended += ended.records.len();
        ended.records.iter().for_each(|record| self.done.add(record.totals()));
        self.finished.append(ended);
    }
}

impl Clone for Batch {
    /// A branch: both go on from here by themselves. A GPU that has no memory left for it makes the branch one whose device
    /// has failed: its first step says so.
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone_box(),
            device: self.device.clone(),
            problem: self.problem.clone(),
            starts: self.starts.clone(),
            settings: self.settings.clone(),
            finished: self.finished.clone(),
            told: self.told,
            best_drained: self.best_drained.clone(),
            drained: self.drained.clone(),
            never: self.never.clone(),
            never_as: self.never_as,
            ended: self.ended,
            done: self.done,
            saved: self.saved.clone(),
            synced: Arc::clone(&self.synced),
        }
    }
}
