//! One lane by itself, as it stands.

use std::collections::BTreeMap;

use super::Batch;
use crate::engine::state::Low;
use crate::engine::{Lanes, Summary};
use crate::error::{Error, Result, SteerError};
use crate::outcome::LaneResult;

impl Batch {
    /// How one lane stands, or ended: what [`summaries`](Batch::summaries) tell of it, whenever they do.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::cpu(Precision::F64), &bowl, &starts)?;
    /// assert!(batch.summary(7)?.value.is_nan(), "nothing is evaluated yet");
    /// batch.advance(1)?;
    /// let row = batch.summary(7)?; // the start
    /// assert_eq!((row.iteration, row.evaluations), (0, 1));
    /// assert_eq!(row.value, bowl.evaluate(&starts.point(7), &[])?.value);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSuchLane`]; [`SteerError::Drained`]; as [`step`](Batch::step), if the lane is under way.
    pub fn summary(&self, lane: usize) -> Result<Summary> {
        let lanes = self.one(lane)?;
        Ok(lanes.records.first().map_or_else(|| Summary::unstarted(lane, self.waiting(lane)), |record| record.summary))
    }

    /// One lane as it stands, its best point and its last one, and its [trail](crate::Minimizer::trail) if it keeps one; before its
    /// first evaluation the points are its start. From a GPU it brings that lane's alone.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::cpu(Precision::F64), &bowl, &starts)?;
    /// assert_eq!(batch.lane(7)?.point, starts.point(7));
    /// batch.run()?;
    /// assert!(batch.lane(7)?.status.is_success());
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`summary`](Batch::summary).
    pub fn lane(&self, lane: usize) -> Result<LaneResult> {
        let (mut lanes, placement) = (self.one(lane)?, self.engine.placement());
        lanes.lower_to(&self.lows);
        Ok(match lanes.records.first() {
            Some(_) => LaneResult::of(&lanes, 0, placement),
            None => LaneResult::without_value(lane, self.waiting(lane), placement.start(lane).point, placement),
        })
    }

    /// The lanes that have a place, as they stand, with their best points.
    pub(crate) fn under_way(&self) -> Result<Lanes> {
        self.engine.lanes()
    }

    /// That lane alone; nothing if it has not started.
    fn one(&self, lane: usize) -> Result<Lanes> {
        let lanes = self.lanes();
        if lane >= lanes {
            return Err(Error::NoSuchLane { lane, lanes });
        }
        if self.drained.get(lane).is_some_and(Option::is_some) {
            return Err(SteerError::Drained { lane }.into());
        }
        if let Some(k) = self.finished.records.iter().position(|record| record.summary.lane == lane) {
            return Ok(self.finished.only(k, self.problem.dimension()));
        }
        let mut one = Lanes::default();
        match self.paused.get(&lane) {
            Some(paused) => paused.iter().for_each(|state| state.report(self.settings.curvature, &mut one)),
            None if self.engine.queue().contains(lane) || self.never.contains(lane) => {}
            None => one = self.engine.find(lane)?,
        }
        Ok(one)
    }

    /// The lane with the lowest of the points that were left for others.
    pub(super) fn lowest_left(&self) -> Option<LaneResult> {
        let lowest = self.lows.iter().min_by(|a, b| a.1.value.total_cmp(&b.1.value).then(a.0.cmp(b.0)));
        // A device that fails says so with the next step.
        lowest.and_then(|(&lane, _)| self.lane(lane).ok())
    }
}

impl Lanes {
    /// Takes points that lanes have left for the best ones, where they are lower.
    pub(super) fn lower_to(&mut self, lows: &BTreeMap<usize, Low>) {
        if lows.is_empty() {
            return;
        }
        let n = self.points.len() / self.records.len().max(1);
        let told: Vec<usize> = self.last_points.iter().map(|last| last.0).collect();
        for (k, record) in self.records.iter_mut().enumerate() {
            let Some(low) = lows.get(&record.summary.lane).filter(|low| !(record.best_value <= low.value)) else { continue };
            let point = &mut self.points[k * n..][..n];
            if told.binary_search(&k).is_err() {
                self.last_points.push((k, point.to_vec()));
            }
            point.copy_from_slice(&low.point);
            (record.best_value, record.best_gradient_max) = (low.value, low.gradient_max);
        }
        self.last_points.sort_unstable_by_key(|last| last.0);
    }
}
