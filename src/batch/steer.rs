//! Lanes that are stopped, paused, or started anew, in the middle of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Batch;
use crate::engine::Lanes;
use crate::engine::queue::Queue;
use crate::engine::state::LaneState;
use crate::error::{Error, Result, SteerError};
use crate::method::{Evidence, Status};

/// Where a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It has not started, and waits in the queue.
    Queued,
    /// It has started.
    UnderWay,
    Paused,
    /// Its result is here.
    Ended(Status),
    /// Its result was handed out.
    Drained,
    /// It was stopped before it started.
    Never,
}

impl Batch {
    /// Ends every lane that is not done as [`Stopped`](crate::Status::Stopped), with the best it has found: paused and queued ones
    /// too. [`resume_stopped`](Batch::resume_stopped) takes them up again.
    ///
    /// # Errors
    /// As [`step`](Batch::step).
    pub fn stop(&mut self) -> Result<()> {
        self.end_as(Status::Stopped, Evidence { measured: f64::NAN, threshold: f64::NAN })
    }

    /// Ends every lane that is not done with a status of the host's.
    pub(super) fn end_as(&mut self, status: Status, evidence: Evidence) -> Result<()> {
        let queued = self.engine.queue().clone();
        self.collect();
        if self.settings.resumable {
            let states = self.engine.take(&|_| true)?;
            *self.engine.queue_mut() = Queue::default();
            self.end_states(states, status, evidence);
        } else {
            let stopped = self.engine.stop();
            let mut ended = self.engine.take_finished();
            // The engine knows one way to be stopped, and what has ended otherwise is collected already.
            let records = ended.records.iter_mut().filter(|record| record.summary.status == Status::Stopped);
            records.for_each(|record| (record.summary.status, record.evidence) = (status, evidence));
            self.finish_lanes(ended);
            stopped?;
        }
        let (started, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.paused).into_iter().partition(|(_, state)| state.is_some());
        self.end_states(started.into_iter().filter_map(|(_, state)| state).collect(), status, evidence);
        let unstarted = if status == Status::TimeLimit { &mut self.late } else { &mut self.never };
        unstarted.join(queued);
        waiting.into_iter().for_each(|(lane, _)| unstarted.insert(lane));
        Ok(())
    }

    /// Ends these lanes as [`Stopped`](crate::Status::Stopped), with the best they have found. Queued ones end where they would
    /// have started.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::auto()?, &rosenbrock, &starts)?;
    /// for _ in 0..5 {
    ///     batch.step()?;
    /// }
    /// // Lanes that are far above the best are given up.
    /// let best = batch.best().value;
    /// let hopeless = |s: &Summary| s.status.is_active() && s.value > best + 1.0;
    /// let lanes: Vec<usize> = batch.summaries()?.iter().filter(|s| hopeless(s)).map(|s| s.lane).collect();
    /// batch.stop_lanes(&lanes)?;
    /// batch.run()?;
    /// assert_eq!(batch.finish()?.status_counts()[&Status::Stopped], lanes.len());
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSuchLane`]; [`SteerError::Ended`] and [`SteerError::Drained`] for a lane that is done; as [`step`](Batch::step).
    /// If a lane can't be stopped, none is.
    pub fn stop_lanes(&mut self, lanes: &[usize]) -> Result<()> {
        self.end_lanes(lanes, Status::Stopped)
    }

    /// As [`stop_lanes`](Batch::stop_lanes), with a status of the host's.
    pub(crate) fn end_lanes(&mut self, lanes: &[usize], status: Status) -> Result<()> {
        let places = self.going(lanes)?;
        let mut states = self.take(&places)?;
        for (&lane, &place) in &places {
            match (place, self.paused.remove(&lane)) {
                (_, Some(Some(state))) => states.push(state),
                (Place::UnderWay, _) => {}
                _ => {
                    self.engine.queue_mut().remove(lane);
                    self.never.insert(lane);
                }
            }
        }
        self.end_states(states, status, Evidence { measured: f64::NAN, threshold: f64::NAN });
        Ok(())
    }

    /// Takes these lanes out of the run for a while. With all their state they leave the device, take no place and evaluate
    /// nothing, until [`unpause`](Batch::unpause) has them go on as if nothing had been. They are not
    /// [`active`](Batch::active), so that a loop ends without them, and are seen where they stand. Pausing a paused lane changes
    /// nothing.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::auto()?, &rosenbrock, &starts)?;
    /// batch.step()?;
    /// batch.pause(&[3, 7])?;
    /// batch.run()?; // the others
    /// assert!(batch.active() == 0 && batch.summary(7)?.status.is_active());
    /// batch.unpause(&[3, 7])?;
    /// batch.run()?;
    /// assert!(batch.finish()?.lane(7).status.is_success());
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`stop_lanes`](Batch::stop_lanes).
    pub fn pause(&mut self, lanes: &[usize]) -> Result<()> {
        let places = self.going(lanes)?;
        let states = self.take(&places)?;
        self.paused.extend(states.into_iter().map(|state| (state.lane(), Some(state))));
        for (&lane, _) in places.iter().filter(|(_, place)| **place == Place::Queued) {
            self.engine.queue_mut().remove(lane);
            self.paused.insert(lane, None);
        }
        Ok(())
    }

    /// Has these lanes go on where they were [paused](Batch::pause). They get places before lanes that have not started.
    ///
    /// # Errors
    /// [`Error::NoSuchLane`]; [`SteerError::NotPaused`]. If a lane can't go on, none does.
    pub fn unpause(&mut self, lanes: &[usize]) -> Result<()> {
        let places = self.places(lanes)?;
        if let Some((&lane, _)) = places.iter().find(|(_, place)| **place != Place::Paused) {
            return Err(SteerError::NotPaused { lane }.into());
        }
        let mut states = Vec::new();
        for lane in places.into_keys() {
            match self.paused.remove(&lane) {
                Some(Some(state)) => states.push(state),
                _ => self.engine.queue_mut().insert(lane),
            }
        }
        self.put(states);
        Ok(())
    }

    /// The lanes that are paused, in order.
    pub fn paused(&self) -> Vec<usize> {
        self.paused.keys().copied().collect()
    }

    /// Has these lanes begin again at their starts, from nothing: lanes that are done too. Their counts go back to 0, and the
    /// results they had are dropped; what they did stays in [`totals`](Batch::totals). With its start a lane has the parameters,
    /// bounds, tolerances and limits that were last set. Paused ones stay so.
    ///
    /// # Errors
    /// [`Error::NoSuchLane`]; [`SteerError::Drained`]; as [`step`](Batch::step). If a lane can't begin again, none does.
    pub fn restart(&mut self, lanes: &[usize]) -> Result<()> {
        let places = self.places(lanes)?;
        check(&places, |place| place == Place::Drained)?;
        for state in self.take(&places)? {
            self.done.add(state.totals());
        }
        self.forget_results(&places);
        for (&lane, &place) in &places {
            self.lows.remove(&lane);
            self.kept.remove(&lane);
            Arc::make_mut(&mut self.synced).remove(&lane);
            match place {
                Place::Paused => {
                    let state = self.paused.insert(lane, None).flatten();
                    state.iter().for_each(|state| self.done.add(state.totals()));
                }
                _ => {
                    self.never.remove(lane);
                    self.late.remove(lane);
                    self.engine.queue_mut().insert(lane);
                }
            }
        }
        Ok(())
    }

    /// Gives a lane's number to a new start: as [`restart`](Batch::restart), from `point`, which takes the place of the start that
    /// it had. A lane that is done may be replaced as well.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let bowl = Problem::new(2, |x| (x[0].powi(2) - 1.0).powi(2) + x[1].powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::auto()?, &bowl, &starts)?;
    /// batch.run()?;
    /// batch.replace(7, &[30.0, -40.0])?;
    /// assert_eq!((batch.active(), batch.summary(7)?.evaluations), (1, 0));
    /// batch.run()?;
    /// assert!(batch.finish()?.lane(7).status.is_success());
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// A point outside the bounds is moved to the nearest inside, as starts are. Components that are
    /// [fixed](crate::Minimizer::fixed) are so where the new start has them.
    ///
    /// # Errors
    /// As [`restart`](Batch::restart); [`SteerError::Length`] and [`SteerError::NotFinite`];
    /// [`BoundsError::FixedOutside`](crate::BoundsError::FixedOutside).
    pub fn replace(&mut self, lane: usize, point: &[f64]) -> Result<()> {
        let places = self.places(&[lane])?;
        check(&places, |place| place == Place::Drained)?;
        self.check_numbers("the point", point, self.problem.dimension())?;
        let mut trial = self.placement();
        trial.changes_mut().edit(lane).point = Some(point.to_vec());
        trial.check_lane(lane)?;
        self.restart(&[lane])?;
        self.engine.placement_mut().changes_mut().edit(lane).point = Some(point.to_vec());
        Ok(())
    }

    /// Where each of these lanes is.
    pub(super) fn places(&self, lanes: &[usize]) -> Result<BTreeMap<usize, Place>> {
        let count = self.lanes();
        let mut places = BTreeMap::new();
        for &lane in lanes {
            if lane >= count {
                return Err(Error::NoSuchLane { lane, lanes: count });
            }
            let place = if self.drained.get(lane).is_some_and(Option::is_some) {
                Place::Drained
            } else if self.paused.contains_key(&lane) {
                Place::Paused
            } else if self.never.contains(lane) || self.late.contains(lane) {
                Place::Never
            } else if self.engine.queue().contains(lane) {
                Place::Queued
            } else {
                Place::UnderWay
            };
            places.insert(lane, place);
        }
        for summary in self.finished.records.iter().map(|record| &record.summary) {
            if let Some(place) = places.get_mut(&summary.lane) {
                *place = Place::Ended(summary.status);
            }
        }
        Ok(places)
    }

    /// Where each of these lanes is, none of which may be done.
    pub(super) fn going(&self, lanes: &[usize]) -> Result<BTreeMap<usize, Place>> {
        let places = self.places(lanes)?;
        check(&places, |place| matches!(place, Place::Ended(_) | Place::Drained | Place::Never))?;
        Ok(places)
    }

    /// Takes those of the lanes that are under way from the engine.
    pub(super) fn take(&mut self, places: &BTreeMap<usize, Place>) -> Result<Vec<LaneState>> {
        let under_way: BTreeSet<usize> = places.iter().filter(|(_, place)| **place == Place::UnderWay).map(|(lane, _)| *lane).collect();
        if under_way.is_empty() {
            return Ok(Vec::new());
        }
        self.engine.take(&|lane| under_way.contains(&lane))
    }

    /// Has lanes go on in the engine; those that have come to a limit end instead.
    pub(super) fn put(&mut self, states: Vec<LaneState>) {
        let (spent, states): (Vec<_>, Vec<_>) = states.into_iter().partition(|state| state.spent().is_some());
        let mut ended = Lanes::default();
        for state in spent {
            state.spent().into_iter().for_each(|end| state.end(end, self.settings.curvature, &mut ended));
            ended.kept.extend(self.settings.resumable.then_some(state));
        }
        self.finish_lanes(ended);
        if !states.is_empty() {
            self.engine.put(states);
        }
    }

    /// Ends lanes with a status of the host's.
    fn end_states(&mut self, states: Vec<LaneState>, status: Status, Evidence { measured, threshold }: Evidence) {
        let mut ended = Lanes::default();
        states.iter().for_each(|state| state.end((status, measured, threshold), self.settings.curvature, &mut ended));
        if self.settings.resumable {
            ended.kept = states;
        }
        self.finish_lanes(ended);
    }

    /// Lets go of the results of those of the lanes that have ended.
    pub(super) fn forget_results<V>(&mut self, lanes: &BTreeMap<usize, V>) {
        let is_one = |lane: usize| lanes.contains_key(&lane);
        let among = |records: &[crate::engine::Record]| records.iter().filter(|record| is_one(record.summary.lane)).count();
        let ended = among(&self.finished.records);
        if ended > 0 {
            self.told -= among(&self.finished.records[..self.told]);
            self.ended -= ended;
            self.finished.retain(|lane| !is_one(lane));
        }
    }
}

/// Refuses lanes in such places.
fn check(places: &BTreeMap<usize, Place>, refused: impl Fn(Place) -> bool) -> Result<()> {
    let Some((&lane, &place)) = places.iter().find(|(_, place)| refused(**place)) else { return Ok(()) };
    Err(match place {
        Place::Ended(status) => SteerError::Ended { lane, status },
        Place::Never => SteerError::Ended { lane, status: Status::Stopped },
        _ => SteerError::Drained { lane },
    }
    .into())
}
