//! The stateful stepper: lanes under way, in a loop of the user's own.

mod moves;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use nalgebra::DMatrix;

use crate::device::Device;
use crate::engine::placement::Placement;
use crate::engine::source::Queue;
use crate::engine::state::LaneState;
use crate::engine::telemetry::Telemetry;
use crate::engine::{Engine, Lanes, Summary, Totals};
use crate::error::Result;
use crate::method::Status;
use crate::minimizer::Settings;
use crate::monitor::{Control, Monitor, Step};
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
    best_drained: Option<LaneResult>,
    /// How the lanes that were handed out ended.
    drained: Vec<Option<Status>>,
    /// Lanes that were stopped before they started.
    never: Queue,
    /// How many lanes have ended, and what they did.
    ended: usize,
    done: Totals,
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
            best_drained: None,
            drained: Vec::new(),
            never: 0..0,
            ended: 0,
            done: Totals::default(),
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
        let result = self.engine.run();
        self.collect();
        result
    }

    /// Steps until every lane has ended or a monitor says stop, calling the monitors after each step.
    ///
    /// # Errors
    /// As [`step`](Batch::step); also what a monitor answers as an error. The batch is then as it was after the step.
    pub fn run_with(&mut self, monitors: &mut [&mut dyn Monitor]) -> Result<()> {
        while self.active() > 0 {
            self.step()?;
            let mut step = Step::new(self);
            let mut control = Control::Continue;
            for monitor in monitors.iter_mut() {
                if monitor.step(&mut step)? == Control::Stop {
                    control = Control::Stop;
                }
            }
            step.failure()?;
            if control == Control::Stop {
                self.stop()?;
            }
        }
        Ok(())
    }

    /// Ends every lane that is not done as [`Stopped`](crate::Status::Stopped), with the best it has found.
    ///
    /// # Errors
    /// As [`step`](Batch::step).
    pub fn stop(&mut self) -> Result<()> {
        let queued = self.engine.queued();
        let stopped = self.engine.stop();
        self.collect();
        if stopped.is_ok() && !queued.is_empty() {
            self.never = queued;
        }
        stopped
    }

    /// Lanes that are not done, queued ones included.
    pub fn active(&self) -> usize {
        self.lanes() - self.ended - self.never.len()
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
        let resident = self.engine.records();
        self.collect();
        let resident = resident?;
        let ended = &self.finished.records[self.told..];
        let mut summaries: Vec<Summary> = ended.iter().chain(&resident).map(|record| record.summary).collect();
        self.told = self.finished.records.len();
        summaries.sort_unstable_by_key(|summary| summary.lane);
        Ok(summaries)
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
        let candidates = [&self.finished, &resident].into_iter().filter_map(|lanes| LaneResult::lowest(lanes, &placement));
        let lowest = candidates.chain(self.best_drained.clone()).min_by(LaneResult::by_value);
        lowest.unwrap_or_else(|| LaneResult::without_value(0, self.waiting(), placement.start(0).point, &placement))
    }

    /// The lanes that have ended since this was last asked, and lets go of them all but one byte each: with it a run of any
    /// length goes through bounded memory.
    pub fn drain_finished(&mut self) -> Vec<LaneResult> {
        self.collect();
        self.told = 0;
        let lanes = std::mem::take(&mut self.finished);
        let placement = self.placement();
        let drained: Vec<LaneResult> = (0..lanes.records.len()).map(|k| LaneResult::of(&lanes, k, &placement)).collect();
        let finite = drained.iter().chain(&self.best_drained).filter(|lane| lane.value.is_finite());
        let lowest = finite.min_by(|a, b| LaneResult::by_value(a, b)).cloned();
        self.best_drained = lowest;
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
    fn waiting(&self) -> Status {
        if self.never.is_empty() { Status::Active } else { Status::Stopped }
    }

    fn collect(&mut self) {
        let ended = self.engine.take_finished();
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
            ended: self.ended,
            done: self.done,
            synced: Arc::clone(&self.synced),
        }
    }
}
