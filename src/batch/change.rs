//! Where lanes are and what they minimise, changed in the middle of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Batch;
use super::steer::Place;
use crate::device::Precision;
use crate::engine::placement::Placement;
use crate::engine::state::{LaneState, Low, Standing};
use crate::error::{BoundsError, Result, SteerError};
use crate::method::Bounds;
use crate::minimizer::{Minimizer, Settings};

/// What becomes of what lanes have learned, where the point or the objective changes under them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The pairs (s, y) of L-BFGS, or the matrix of BFGS, stay: right for a point nearby, or an objective of the same curvature.
    /// Other methods remember no pairs, and refuse it.
    Keep,
    /// All of it is forgotten, and the next step is a first one.
    Clear,
}

impl Batch {
    /// Moves a lane to another point. What it knows of f and its gradient is of the point before, and is dropped: its next
    /// evaluation is that of `point`. Its counts go on, and the best point that it has met is kept; until it is evaluated, its
    /// [`summary`](Batch::summary) shows no value. A queued lane starts there.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::cpu(Precision::F64), &rosenbrock, &starts)?;
    /// batch.step()?;
    /// let before = batch.lane(7)?;
    /// batch.set_point(7, &[3.0, -11.0], Memory::Clear)?;
    /// batch.advance(1)?;
    /// assert_eq!(batch.summary(7)?.value, 40_004.0); // 100 (-11 - 9)^2 + (1 - 3)^2
    /// assert_eq!(batch.lane(7)?.value, before.value); // the best so far
    /// assert_eq!(batch.lane(7)?.evaluations, before.evaluations + 1);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// A point outside the lane's bounds is moved to the nearest inside; [fixed](crate::Minimizer::fixed) components stay as they are.
    /// If f or its gradient is not finite there, the lane ends in [`NonFiniteStart`](crate::Status::NonFiniteStart) or
    /// [`NonFiniteGradient`](crate::Status::NonFiniteGradient), with its best point.
    ///
    /// # Errors
    /// [`Error::NoSuchLane`](crate::Error::NoSuchLane); [`SteerError::Ended`] and [`SteerError::Drained`] for a lane that is done;
    /// [`SteerError::NoHistory`], [`SteerError::Length`], [`SteerError::NotFinite`]; as [`step`](Batch::step).
    pub fn set_point(&mut self, lane: usize, point: &[f64], history: Memory) -> Result<()> {
        let places = self.going(&[lane])?;
        let keeps = self.check_history(history)?;
        self.check_numbers("the point", point, self.problem.dimension())?;
        let placement = self.placement();
        let mut start = placement.start(lane);
        start.project(point);
        if !self.has_started(lane, &places) {
            self.engine.placement_mut().changes_mut().edit(lane).point = Some(start.point);
            return Ok(());
        }
        let low = self.edit(&places, |state| {
            let low = state.lowest_point();
            state.begin_at(&start.point, keeps);
            low
        })?;
        low.into_iter().for_each(|(lane, low)| self.leave(lane, low));
        Ok(())
    }

    /// Gives a lane other parameters. What it knows of f is of another objective, and is dropped, the best point so far with it:
    /// its next evaluation is that of the point where it is. Its counts go on. A queued lane starts with them.
    ///
    /// ```
    /// use manymin::prelude::*;
    /// use nalgebra::DMatrix;
    ///
    /// let problem = Problem::builder(1).parameters(1).build(|x, c| (x[0] - c.parameter(0)).powi(2))?;
    /// let starts = Starts::from_matrix(DMatrix::zeros(1, 3)).with_parameters(DMatrix::from_element(1, 3, 1.0));
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::cpu(Precision::F64), &problem, &starts)?;
    /// batch.advance(1)?;
    /// batch.set_parameters(2, &[5.0], Memory::Clear)?;
    /// batch.run()?;
    /// assert!((batch.lane(1)?.point[0] - 1.0).abs() < 1e-5 && (batch.lane(2)?.point[0] - 5.0).abs() < 1e-5);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`set_point`](Batch::set_point).
    pub fn set_parameters(&mut self, lane: usize, parameters: &[f64], history: Memory) -> Result<()> {
        let places = self.going(&[lane])?;
        let keeps = self.check_history(history)?;
        self.check_numbers("the parameters", parameters, self.problem.parameters())?;
        self.edit(&places, |state| -> Option<()> {
            state.parameters = parameters.to_vec();
            let point = std::mem::take(&mut state.x);
            state.begin_at(&point, keeps);
            None
        })?;
        self.lows.remove(&lane);
        self.engine.placement_mut().changes_mut().edit(lane).parameters = Some(parameters.to_vec());
        Ok(())
    }

    /// Holds all lanes inside other bounds from here on, in the place of those of [`Minimizer::bounds`]; infinite ones release
    /// them. Lanes whose box changes begin their search anew, with one evaluation of the point where they are, or of the nearest
    /// inside; what they remember in pairs is kept, and a best point outside is dropped. Queued lanes start inside; lanes that
    /// have ended stay where they are.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::auto()?, &bowl, &starts)?;
    /// batch.step()?;
    /// batch.set_bounds(&Bounds::new(&[0.5, f64::NEG_INFINITY], &[f64::INFINITY; 2])?)?;
    /// batch.run()?;
    /// assert!(batch.finish()?.iter().all(|lane| lane.point[0] == 0.5 || lane.iterations < 2));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`BoundsError`]; [`Error::Setting`](crate::Error::Setting) with a method that takes none; as [`step`](Batch::step), and, where
    /// nothing was bounded before, as [`Minimizer::start`]. The batch then is as it was.
    pub fn set_bounds(&mut self, bounds: &Bounds) -> Result<()> {
        let mut settings = self.settings.clone();
        settings.holds.bounds = Some(Arc::new(bounds.clone()));
        let placement = settings.placement(&self.starts, self.device.precision(), self.engine.placement().changes());
        placement.check()?;
        self.refit(settings, placement)
    }

    /// Gives one lane bounds of its own, in the place of such as its start has brought. It stays in what they have in common
    /// with those of all lanes; for the rest it is as with [`set_bounds`](Batch::set_bounds).
    ///
    /// # Errors
    /// As [`set_bounds`](Batch::set_bounds) and [`set_point`](Batch::set_point).
    pub fn set_lane_bounds(&mut self, lane: usize, bounds: &Bounds) -> Result<()> {
        self.going(&[lane])?;
        let dimension = self.problem.dimension();
        if bounds.dimension() != dimension {
            return Err(BoundsError::Dimension { bounds: bounds.dimension(), problem: dimension }.into());
        }
        let mut changes = (**self.engine.placement().changes()).clone();
        changes.edit(lane).bounds = Some(bounds.clone());
        let placement = self.settings.placement(&self.starts, self.device.precision(), &Arc::new(changes));
        placement.check_lane(lane)?;
        self.refit(self.settings.clone(), placement)
    }

    /// Whether history is to be kept, which not every method has.
    pub(super) fn check_history(&self, history: Memory) -> Result<bool, SteerError> {
        match history {
            Memory::Keep if !self.settings.method.is_quasi_newton() => Err(SteerError::NoHistory),
            history => Ok(history == Memory::Keep),
        }
    }

    pub(super) fn check_numbers(&self, what: &'static str, numbers: &[f64], wanted: usize) -> Result<(), SteerError> {
        if numbers.len() != wanted {
            return Err(SteerError::Length { what: what.into(), given: numbers.len(), wanted });
        }
        let finite = |value: f64| match self.device.precision() {
            Precision::F32 => (value as f32).is_finite(),
            Precision::F64 => value.is_finite(),
        };
        match numbers.iter().position(|&value| !finite(value)) {
            Some(index) => Err(SteerError::NotFinite { what, index, value: numbers[index] }),
            None => Ok(()),
        }
    }

    fn has_started(&self, lane: usize, places: &BTreeMap<usize, Place>) -> bool {
        match places.get(&lane) {
            Some(Place::Paused) => self.paused.get(&lane).is_some_and(Option::is_some),
            place => place != Some(&Place::Queued),
        }
    }

    /// Has `change` change those of the lanes that have started, and returns what it gives.
    fn edit<R>(&mut self, places: &BTreeMap<usize, Place>, change: impl Fn(&mut LaneState) -> Option<R>) -> Result<Vec<(usize, R)>> {
        let mut states = self.take(places)?;
        let paused = self.paused.iter_mut().filter(|(lane, _)| places.contains_key(lane)).filter_map(|(_, state)| state.as_mut());
        let mut given = Vec::new();
        for state in states.iter_mut().chain(paused) {
            given.extend(change(state).map(|value| (state.lane(), value)));
            // Should the device fail, it goes on from here.
            Arc::make_mut(&mut self.synced).insert(state.lane(), state.clone());
        }
        self.put(states);
        Ok(given)
    }

    /// Keeps a point that a lane leaves, if it is the lowest that it has met.
    pub(super) fn leave(&mut self, lane: usize, low: Low) {
        let known = self.lows.entry(lane).or_insert_with(|| low.clone());
        if low.value < known.value {
            *known = low;
        }
    }

    /// Has lanes go on in the boxes that `placement` gives them.
    fn refit(&mut self, settings: Settings, placement: Placement) -> Result<()> {
        let keeps = settings.method.is_quasi_newton();
        let mut lows = Vec::new();
        let mut fit = |state: &mut LaneState| lows.extend(into_box(state, &placement, keeps));
        if placement.is_bounded() == self.engine.placement().is_bounded() {
            let mut states = self.engine.take(&|_| true)?;
            states.iter_mut().chain(self.paused.values_mut().flatten()).chain(self.kept.values_mut()).for_each(&mut fit);
            self.settings = settings;
            *self.engine.placement_mut() = placement.clone();
            self.resync(&states);
            self.put(states);
        } else {
            self.rebuild(settings, self.problem.clone(), Arc::clone(placement.changes()), &mut fit)?;
        }
        self.finished.lower_to(&self.lows);
        lows.into_iter().for_each(|(lane, low)| self.leave(lane, low));
        self.lows.retain(|&lane, low| is_inside(&low.point, &placement, lane));
        Ok(())
    }

    /// Goes on in an engine of other settings, with another problem, after `change` has changed every lane that has started and
    /// may go on.
    pub(super) fn rebuild(
        &mut self,
        settings: Settings,
        problem: crate::problem::Problem,
        changes: Arc<crate::engine::changes::Changes>,
        change: &mut dyn FnMut(&mut LaneState),
    ) -> Result<()> {
        self.collect();
        let mut states = self.engine.export()?;
        states.iter_mut().for_each(&mut *change);
        let standing = Standing { states: states.clone(), queue: self.engine.queue().clone(), changes };
        self.engine = Minimizer::again(&settings).engine(&self.device, &problem, &self.starts, standing)?;
        (self.settings, self.problem) = (settings, problem);
        self.paused.values_mut().flatten().chain(self.kept.values_mut()).for_each(change);
        self.resync(&states);
        Ok(())
    }

    /// Renews what the host knows of lanes under way, if it knows anything.
    fn resync(&mut self, states: &[LaneState]) {
        if !self.synced.is_empty() {
            self.synced = Arc::new(states.iter().map(|state| (state.lane(), state.clone())).collect());
        }
    }
}

/// Gives a lane its box, and has it begin there if that is another one. Returns the lowest point that it leaves.
fn into_box(state: &mut LaneState, placement: &Placement, keeps: bool) -> Option<(usize, Low)> {
    let mut start = placement.start(state.lane());
    if (&start.lower, &start.upper) == (&state.lower, &state.upper) {
        return None;
    }
    let low = state.lowest_point();
    start.project(&std::mem::take(&mut state.x));
    state.begin_at(&start.point, keeps);
    (state.lower, state.upper) = (start.lower, start.upper);
    low.map(|low| (state.lane(), low))
}

/// Whether a point is in the box of a lane.
fn is_inside(point: &[f64], placement: &Placement, lane: usize) -> bool {
    let start = placement.start(lane);
    let inside = |((x, low), high): ((&f64, &f64), &f64)| (low..=high).contains(&x);
    point.iter().zip(&start.lower).zip(&start.upper).all(inside)
}
