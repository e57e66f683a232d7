//! The stateful stepper: lanes under way, in a loop of the user's own.

mod change;
mod floor;
mod limits;
mod look;
mod moves;
mod rebuild;
mod run;
mod snapshot;
mod steer;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use nalgebra::DMatrix;

pub use self::change::Memory;
pub(crate) use self::snapshot::Snapshot;

use crate::device::Device;
use crate::engine::placement::Placement;
use crate::engine::queue::Queue;
use crate::engine::state;
use crate::engine::state::{LaneState, Low};
use crate::engine::telemetry::Telemetry;
use crate::engine::{Engine, Lanes, Summary, Totals};
use crate::error::Result;
use crate::method::Status;
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
    /// Lanes that were stopped before they started, and those that time ran out for.
    never: Queue,
    late: Queue,
    /// How many lanes have ended, and what they did; with what others did before they were started anew.
    ended: usize,
    done: Totals,
    /// Lanes that are out of the run for a while; nothing of those that have not started.
    paused: BTreeMap<usize, Option<LaneState>>,
    /// Lanes that a limit or the host has ended as they were before that.
    kept: BTreeMap<usize, LaneState>,
    /// The lowest points of lanes that the user has sent elsewhere since.
    lows: BTreeMap<usize, Low>,
    /// What a run that was watched had saved, until the next one takes it up.
    saved: Vec<(String, Vec<u8>)>,
    /// Lanes under way as the host last knew their state.
    synced: Arc<BTreeMap<usize, LaneState>>,
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
            never: Queue::default(),
            late: Queue::default(),
            ended: 0,
            done: Totals::default(),
            paused: BTreeMap::new(),
            kept: BTreeMap::new(),
            lows: BTreeMap::new(),
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

    /// Lanes that are not done, queued ones included and [paused](Batch::pause) ones not.
    pub fn active(&self) -> usize {
        self.lanes() - self.ended - self.never.len() - self.late.len() - self.paused.len()
    }

    /// What is minimised.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// How many lanes there are in all.
    pub fn lanes(&self) -> usize {
        self.starts.lanes()
    }

    /// What has been done so far, by the lanes that have ended and those under way: the sum of their own counts, and of what lanes
    /// did before they were [started anew](Batch::restart). What lanes had done on a device that failed and do again after
    /// [`move_to`](Batch::move_to) counts once, so that it may be less afterwards.
    pub fn totals(&self) -> Totals {
        let mut totals = self.done;
        totals.add(self.engine.totals());
        self.paused.values().flatten().for_each(|state| totals.add(state.totals()));
        totals
    }

    /// What a GPU did for the batch so far, since it is there, and how long it took; none on the CPU engine.
    pub fn telemetry(&self) -> Option<Telemetry> {
        self.engine.telemetry()
    }

    /// Evaluations of value and gradient so far, over all lanes.
    pub fn evaluations(&self) -> u64 {
        self.totals().evaluations
    }

    /// How each resident lane stands, each that was [paused](Batch::pause) after it had started, and each that has ended since
    /// this was last asked; by lane.
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

    /// How each lane stands that has started and not ended, in any order.
    pub(crate) fn residents(&mut self) -> Result<Vec<Summary>> {
        let resident = self.engine.summaries();
        self.collect();
        let mut residents = resident?;
        residents.extend(self.paused.values().flatten().map(|state| state.record().summary));
        Ok(residents)
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
        let (resident, paused) = (self.engine.lowest(), state::lowest(self.paused.values().flatten(), false));
        let known = [&self.finished, &resident, &paused, &self.best_drained];
        let known = known.into_iter().filter_map(|lanes| LaneResult::lowest(lanes, &placement));
        let lowest = known.chain(self.lowest_left()).min_by(LaneResult::by_value);
        lowest.unwrap_or_else(|| LaneResult::without_value(0, self.waiting(0), placement.start(0).point, &placement))
    }

    /// The lanes that have ended since this was last asked, and lets go of them all but one byte each: with it a run of any
    /// length goes through bounded memory.
    pub fn drain_finished(&mut self) -> Vec<LaneResult> {
        let lanes = self.drain();
        let placement = self.placement();
        (0..lanes.records.len()).map(|k| LaneResult::of(&lanes, k, &placement)).collect()
    }

    /// As [`drain_finished`](Batch::drain_finished), not yet taken apart.
    pub(crate) fn drain(&mut self) -> Lanes {
        self.collect();
        self.told = 0;
        self.kept.clear();
        let mut lanes = std::mem::take(&mut self.finished);
        lanes.lower_to(&self.lows);
        let dimension = self.placement().dimension();
        if let Some(lowest) = lanes.lowest() {
            self.best_drained.append(lanes.only(lowest, dimension));
        }
        if let Some(lowest) = self.best_drained.lowest() {
            self.best_drained = self.best_drained.only(lowest, dimension);
        }
        self.drained.resize(self.lanes(), None);
        for Summary { lane, status, .. } in lanes.records.iter().map(|record| record.summary) {
            self.drained[lane] = Some(status);
            self.lows.remove(&lane);
        }
        lanes
    }

    /// Ends the batch: the results of all lanes that were not handed out, as they stand.
    ///
    /// # Errors
    /// As [`step`](Batch::step), while lanes are under way. The batch is consumed all the same: where a device has failed, first
    /// take the results that are known from [`drain_finished`](Batch::drain_finished), or go on elsewhere with
    /// [`move_to`](Batch::move_to).
    pub fn finish(mut self) -> Result<Outcome> {
        self.collect();
        let ended = std::mem::take(&mut self.finished);
        self.outcome(ended)
    }

    /// All lanes as they stand, as an outcome.
    fn picture(&mut self) -> Result<Outcome> {
        self.collect();
        self.outcome(self.finished.clone())
    }

    /// The lanes that have `ended` and those under way.
    fn outcome(&self, ended: Lanes) -> Result<Outcome> {
        let mut lanes = ended;
        // When all lanes have ended, a device is no longer needed: nor does it matter that it has failed.
        if self.active() > 0 {
            lanes.append(self.engine.lanes()?);
        }
        self.paused.values().flatten().for_each(|state| state.report(self.settings.curvature, &mut lanes));
        lanes.lower_to(&self.lows);
        let mut statuses = vec![Status::Active; self.lanes()];
        self.never.iter().for_each(|lane| statuses[lane] = Status::Stopped);
        self.late.iter().for_each(|lane| statuses[lane] = Status::TimeLimit);
        statuses.iter_mut().zip(&self.drained).for_each(|(status, drained)| *status = drained.unwrap_or(*status));
        let run = Run {
            device: self.device.clone(),
            problem: self.problem.clone(),
            starts: self.starts.clone(),
            settings: self.settings.clone(),
            totals: self.totals(),
            changes: Arc::clone(self.engine.placement().changes()),
        };
        Ok(Outcome::new(lanes, statuses, self.drained.clone(), run))
    }

    /// Where lanes begin, and what holds them.
    pub(crate) fn placement(&self) -> Placement {
        self.engine.placement().clone()
    }

    /// The status of a lane that has not started.
    pub(crate) fn waiting(&self, lane: usize) -> Status {
        match () {
            () if self.never.contains(lane) => Status::Stopped,
            () if self.late.contains(lane) => Status::TimeLimit,
            () => Status::Active,
        }
    }

    fn collect(&mut self) {
        let ended = self.engine.take_finished();
        self.finish_lanes(ended);
    }

    /// Takes note of lanes that have ended.
    fn finish_lanes(&mut self, mut ended: Lanes) {
        self.certify_floors(&mut ended);
        self.ended += ended.records.len();
        self.done.add(ended.totals());
        self.kept.extend(std::mem::take(&mut ended.kept).into_iter().map(|state| (state.lane(), state)));
        self.finished.append(ended);
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("device", &self.device)
            .field("problem", &self.problem)
            .field("lanes", &self.lanes())
            .field("active", &self.active())
            .field("totals", &self.totals())
            .finish_non_exhaustive()
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
            late: self.late.clone(),
            ended: self.ended,
            done: self.done,
            paused: self.paused.clone(),
            kept: self.kept.clone(),
            lows: self.lows.clone(),
            saved: self.saved.clone(),
            synced: Arc::clone(&self.synced),
        }
    }
}
