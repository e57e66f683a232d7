//! What ends lanes, changed in the middle of a run; and lanes that go on after they have ended.

use std::collections::BTreeMap;

use super::Batch;
use super::steer::Place;
use crate::engine::state::LaneState;
use crate::error::{Result, SteerError};
use crate::method::{Limits, Status, Tolerances};

impl Batch {
    /// Has lanes go on that have ended at a limit: sets `limits` as [`set_limits`](Batch::set_limits) does, and takes up each lane that
    /// has ended in [`IterationLimit`](Status::IterationLimit) or [`EvaluationLimit`](Status::EvaluationLimit) and has done less than
    /// it now may. Returns how many these are.
    ///
    /// A lane goes on where it was, and evaluates nothing twice. After a limit of iterations its results are, bit for bit, those
    /// of a run that had the new limits from the start. So they are after a limit of evaluations, but where that has made the
    /// lane do with less than it looked for: on its last evaluations it takes the lowest point of the search that makes enough
    /// progress, and goes on from there.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let device = Device::cpu(Precision::F64);
    /// let minimizer = Minimizer::new(Lbfgs::default());
    /// let mut whole = minimizer.start(&device, &rosenbrock, &starts)?;
    /// whole.run()?;
    ///
    /// let mut batch = minimizer.max_iterations(5).start(&device, &rosenbrock, &starts)?;
    /// batch.run()?;
    /// assert_eq!(batch.summary(7)?.status, Status::IterationLimit);
    /// assert!(batch.resume(Limits::default())? > 0);
    /// batch.run()?;
    /// assert_eq!(batch.lane(7)?, whole.lane(7)?);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// Lanes with [limits of their own](crate::Starts::with_limits) keep those, and go on if
    /// [`set_lane_limits`](Batch::set_lane_limits) has raised them. Lanes that were [handed out](Batch::drain_finished) are gone.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting); [`SteerError::NotResumable`]; as [`step`](Batch::step).
    pub fn resume(&mut self, limits: Limits) -> Result<usize> {
        self.check_resumable()?;
        self.set_limits(limits)?;
        let may_go_on = |state: &LaneState| {
            let limits = self.engine.placement().demands(state.lane()).limits;
            state.fields.iterations < limits.iterations && state.fields.evaluations < limits.evaluations
        };
        let at_limit = self.kept_after(Status::is_budget);
        let lanes = at_limit.into_iter().filter(|lane| self.kept.get(lane).is_some_and(may_go_on)).collect();
        let late = std::mem::take(&mut self.late);
        let queued = late.len();
        self.engine.queue_mut().join(late);
        Ok(queued + self.go_on(lanes))
    }

    /// Has every lane go on that was stopped, by [`stop`](Batch::stop), by [`stop_lanes`](Batch::stop_lanes) or by a monitor, as if it
    /// had not been; those that had not started are queued again. Returns how many these are.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::auto()?, &bowl, &starts)?;
    /// let mut first = |step: &mut Step| if step.active() < 100 { Control::Stop } else { Control::Continue };
    /// batch.run_with(&mut [&mut first])?;
    /// let stopped = batch.resume_stopped()?;
    /// assert_eq!(batch.active(), stopped);
    /// batch.run()?;
    /// assert!(batch.finish()?.statuses().iter().all(|status| status.is_success()));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`SteerError::NotResumable`].
    pub fn resume_stopped(&mut self) -> Result<usize> {
        self.check_resumable()?;
        let never = std::mem::take(&mut self.never);
        let queued = never.len();
        self.engine.queue_mut().join(never);
        Ok(queued + self.go_on(self.kept_after(|status| status == Status::Stopped)))
    }

    /// How much work each lane may do from here on: lanes under way, paused and queued ones, but for those that have
    /// [limits of their own](crate::Starts::with_limits). Lanes that have done as much already end at once. Those that have ended
    /// at a limit stay so: [`resume`](Batch::resume) takes them up.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting); as [`step`](Batch::step).
    pub fn set_limits(&mut self, limits: Limits) -> Result<()> {
        limits.validate()?;
        let mut settings = self.settings.clone();
        settings.limits = limits;
        self.set_demands(settings)
    }

    /// When each lane has converged from here on: lanes under way, paused and queued ones, but for those that have
    /// [tolerances of their own](crate::Starts::with_tolerances). They are tested by them after their next step.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let bowl = Problem::new(2, |x| x[0].powi(2) + 9.0 * x[1].powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::cpu(Precision::F64), &bowl, &starts)?;
    /// batch.step()?;
    /// batch.set_tolerances(Tolerances { gradient_max: 1e-10, ..Tolerances::default() })?;
    /// batch.run()?;
    /// assert!(batch.finish()?.iter().all(|lane| lane.gradient_max <= 1e-10));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`set_limits`](Batch::set_limits).
    pub fn set_tolerances(&mut self, tolerances: Tolerances) -> Result<()> {
        tolerances.validate()?;
        let mut settings = self.settings.clone();
        settings.tolerances = tolerances;
        self.set_demands(settings)
    }

    /// Gives one lane limits of its own. A lane that has ended at a limit may be given others as well; it goes on with the next
    /// [`resume`](Batch::resume).
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting), [`Error::NoSuchLane`](crate::Error::NoSuchLane); [`SteerError::Ended`] and
    /// [`SteerError::Drained`] for a lane that is done; as [`step`](Batch::step).
    pub fn set_lane_limits(&mut self, lane: usize, limits: Limits) -> Result<()> {
        limits.validate()?;
        let places = self.not_done(lane)?;
        let states = self.take(&places)?;
        self.engine.placement_mut().changes_mut().edit(lane).limits = Some(limits);
        self.demand(states);
        Ok(())
    }

    /// Gives one lane tolerances of its own.
    ///
    /// # Errors
    /// As [`set_lane_limits`](Batch::set_lane_limits).
    pub fn set_lane_tolerances(&mut self, lane: usize, tolerances: Tolerances) -> Result<()> {
        tolerances.validate()?;
        let places = self.not_done(lane)?;
        let states = self.take(&places)?;
        self.engine.placement_mut().changes_mut().edit(lane).tolerances = Some(tolerances);
        self.demand(states);
        Ok(())
    }

    /// Where that lane is, which may have ended if it is kept.
    fn not_done(&self, lane: usize) -> Result<BTreeMap<usize, Place>> {
        if self.kept.contains_key(&lane) { self.places(&[lane]) } else { self.going(&[lane]) }
    }

    /// Sets what ends lanes that have no demands of their own.
    fn set_demands(&mut self, settings: crate::minimizer::Settings) -> Result<()> {
        if settings.demands() != self.settings.demands() {
            let states = self.engine.take(&|_| true)?;
            self.engine.placement_mut().set_demands(settings.demands());
            self.settings = settings;
            self.demand(states);
        }
        Ok(())
    }

    /// Has lanes that were taken from the engine go on there with what ends them now; and sets it for those that are paused.
    fn demand(&mut self, mut states: Vec<LaneState>) {
        let placement = self.placement();
        for state in states.iter_mut().chain(self.paused.values_mut().flatten()) {
            let demands = placement.demands(state.lane());
            state.fields = std::mem::take(&mut state.fields).with_demands(&demands);
        }
        self.put(states);
    }

    fn check_resumable(&self) -> Result<(), SteerError> {
        if self.settings.resumable { Ok(()) } else { Err(SteerError::NotResumable) }
    }

    /// The lanes that have ended so and may go on.
    fn kept_after(&self, status: impl Fn(Status) -> bool) -> Vec<usize> {
        let ended = self.finished.records.iter().map(|record| record.summary).filter(|summary| status(summary.status));
        ended.map(|summary| summary.lane).filter(|lane| self.kept.contains_key(lane)).collect()
    }

    /// Takes up lanes that have ended and are kept. Returns how many.
    fn go_on(&mut self, lanes: Vec<usize>) -> usize {
        let lanes: BTreeMap<usize, LaneState> = lanes.into_iter().filter_map(|lane| self.kept.remove_entry(&lane)).collect();
        lanes.values().for_each(|state| self.done.subtract(state.totals()));
        self.forget_results(&lanes);
        let count = lanes.len();
        self.demand(lanes.into_values().collect());
        count
    }
}
