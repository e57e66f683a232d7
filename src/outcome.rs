//! What a run has found.

mod polish;
#[cfg(feature = "serde")]
mod serial;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use nalgebra::DMatrix;

use crate::device::{Device, Precision};
use crate::engine::changes::Changes;
use crate::engine::placement::Placement;
use crate::engine::trail::{self, Progress};
use crate::engine::{Lanes, Totals};
use crate::error::{Error, Result};
use crate::method::{Evidence, Status};
use crate::minimizer::Settings;
use crate::problem::{Evaluation, Problem};
use crate::starts::Starts;

/// One lane's result.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LaneResult {
    /// The lane's number, from 0.
    pub lane: usize,
    /// How it ended, or stands.
    pub status: Status,
    /// What the status rests on.
    pub evidence: Evidence,
    /// The lowest value met, the start's included, in the lane's own precision; of a success the value where its test was
    /// passed, if that is within the noise of f of the lowest. Not finite if the start's is not; NaN before the first evaluation.
    pub value: f64,
    /// The point of that value.
    pub point: Vec<f64>,
    /// `max_i |P(x - g) - x|_i` at that point, which is the largest gradient component where no bound is met.
    pub gradient_max: f64,
    /// The value at the last point. It may lie above `value` by the rounding of f, and with
    /// [`ConstantStep`](crate::ConstantStep) by any amount.
    pub last_value: f64,
    /// The last point.
    pub last_point: Vec<f64>,
    /// Accepted steps.
    pub iterations: u32,
    /// Evaluations of value and gradient, the start's included.
    pub evaluations: u32,
    /// Pairs (s, y) that were refused, their curvature being rounding or negative.
    pub refused_pairs: u32,
    /// Restarts along the gradient after a search that found nothing.
    pub resets: u32,
    /// Evaluations of the longest search that led to an accepted step.
    pub longest_search: u32,
    /// The diagonal of the inverse Hessian at the last point, as the last pairs (s, y) suggest it: `gamma` in directions of
    /// which they tell nothing, so a matter of magnitude unless n is small and many steps near the minimum are remembered. If
    /// [`Minimizer::inverse_hessian_diagonals`](crate::Minimizer::inverse_hessian_diagonals) asked for it; after BFGS, that of its matrix.
    ///
    /// # References
    /// R. H. Byrd, J. Nocedal, R. B. Schnabel: Representations of quasi-Newton matrices and their use in limited memory methods,
    /// Math. Program. 63 (1994).
    pub inverse_hessian_diagonal: Option<Vec<f64>>,
    /// Value and gradient after each of the last steps, oldest first, if [`Minimizer::trail`](crate::Minimizer::trail) asked for them:
    /// as many rows as were asked for, or as steps were made, the start counted as one.
    ///
    /// A row is of an accepted point: the trials of line searches have none, nor steps that were refused. The iterations of rows follow
    /// one another, and the last is the lane's last point, [`last_value`](LaneResult::last_value), however the lane has ended. Values
    /// are those of the lane's own precision, and to the bit what [`Summary`](crate::Summary) told after that step.
    ///
    /// A lane whose start was never evaluated, or is not finite, has none. One that is [started anew](crate::Batch::restart) or
    /// [replaced](crate::Batch::replace) begins with an empty trail, as its counts begin with 0. Where a lane is sent to [another
    /// point](crate::Batch::set_point), or has other [data](crate::Batch::set_data), parameters, bounds or another method, so that its
    /// point is evaluated anew, its counts go on, and so does its trail: rows of steps before stay as they are, and the new row takes
    /// the place of that of the point that it left.
    pub trail: Vec<Progress>,
    /// Times that the method itself began anew: see [`ConjugateGradient`](crate::ConjugateGradient) and
    /// [`Restart`](crate::Restart). A lane that a limit ends has found the direction that it would go on with, which counts.
    pub restarts: u32,
    /// Whether the start lay outside the bounds and was moved to the nearest point inside.
    pub projected_start: bool,
}

impl LaneResult {
    pub(crate) fn of(lanes: &Lanes, k: usize, placement: &Placement) -> Self {
        let dimension = placement.dimension();
        let record = &lanes.records[k];
        let point = lanes.points[k * dimension..][..dimension].to_vec();
        let of = |vectors: &[(usize, Vec<f64>)]| vectors.binary_search_by_key(&k, |of| of.0).ok().map(|at| vectors[at].1.clone());
        let last = of(&lanes.last_points);
        Self {
            lane: record.summary.lane,
            status: record.summary.status,
            evidence: record.evidence,
            value: record.best_value,
            last_point: last.unwrap_or_else(|| point.clone()),
            point,
            gradient_max: record.best_gradient_max,
            last_value: record.summary.value,
            iterations: record.summary.iteration,
            evaluations: record.summary.evaluations,
            refused_pairs: record.refused,
            resets: record.resets,
            longest_search: record.longest_search,
            inverse_hessian_diagonal: of(&lanes.curvatures),
            trail: of(&lanes.trails)
                .map_or_else(Vec::new, |rows| trail::told(&rows, record.summary.iteration, record.summary.gradient_max)),
            restarts: record.restarts,
            projected_start: placement.is_projected(record.summary.lane),
        }
    }

    /// A lane of which there is no value.
    pub(crate) fn without_value(lane: usize, status: Status, point: Vec<f64>, placement: &Placement) -> Self {
        let nothing = f64::NAN;
        Self {
            lane,
            status,
            evidence: Evidence { measured: nothing, threshold: nothing },
            value: nothing,
            point: point.clone(),
            gradient_max: nothing,
            last_value: nothing,
            last_point: point,
            iterations: 0,
            evaluations: 0,
            refused_pairs: 0,
            resets: 0,
            longest_search: 0,
            inverse_hessian_diagonal: None,
            trail: Vec::new(),
            restarts: 0,
            projected_start: placement.is_projected(lane),
        }
    }

    /// By value, and by lane where values are equal.
    pub(crate) fn by_value(a: &Self, b: &Self) -> Ordering {
        a.value.total_cmp(&b.value).then(a.lane.cmp(&b.lane))
    }

    /// The lane with the lowest finite value.
    pub(crate) fn lowest(lanes: &Lanes, placement: &Placement) -> Option<Self> {
        lanes.lowest().map(|k| Self::of(lanes, k, placement))
    }
}

/// A lane taken on in f64; see [`Outcome::polish`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Polished {
    /// The lane's number.
    pub lane: usize,
    /// f there, in f64.
    pub value: f64,
    /// The point reached.
    pub point: Vec<f64>,
    /// `max_i |P(x - g) - x|_i` there, in f64, which is the largest gradient component where no bound is met.
    pub gradient_max: f64,
    /// How the polishing ended.
    pub status: Status,
    /// Evaluations it took.
    pub evaluations: u32,
    /// How far the point moved: the largest component.
    pub shift: f64,
}

/// What was run, and where.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) device: Device,
    pub(crate) problem: Problem,
    pub(crate) starts: Starts,
    pub(crate) settings: Settings,
    pub(crate) totals: Totals,
    pub(crate) changes: Arc<Changes>,
}

/// The results of a batch, lane by lane.
#[derive(Clone, Debug)]
pub struct Outcome {
    lanes: Lanes,
    /// For each lane where its record is; none if it was handed out or has not started.
    places: Vec<Option<u32>>,
    statuses: Vec<Status>,
    /// How the lanes that were handed out ended; nothing if none was.
    drained: Vec<Option<Status>>,
    run: Run,
}

impl Outcome {
    pub(crate) fn new(mut lanes: Lanes, mut statuses: Vec<Status>, drained: Vec<Option<Status>>, run: Run) -> Self {
        lanes.last_points.sort_unstable_by_key(|last| last.0);
        lanes.curvatures.sort_unstable_by_key(|curvature| curvature.0);
        lanes.trails.sort_unstable_by_key(|trail| trail.0);
        let mut places = vec![None; statuses.len()];
        for (k, record) in lanes.records.iter().enumerate() {
            places[record.summary.lane] = Some(k as u32);
            statuses[record.summary.lane] = record.summary.status;
        }
        Self { lanes, places, statuses, drained, run }
    }

    /// How many lanes there are.
    pub fn lanes(&self) -> usize {
        self.places.len()
    }

    /// The components of a point.
    pub fn dimension(&self) -> usize {
        self.run.problem.dimension()
    }

    /// The lane with the lowest finite value. If there is none, it is lane 0.
    pub fn best(&self) -> LaneResult {
        LaneResult::lowest(&self.lanes, &self.run.placement(Precision::F64)).unwrap_or_else(|| self.lane(0))
    }

    /// The result of one lane.
    ///
    /// # Panics
    /// If there is no such lane, as indexing does.
    pub fn lane(&self, lane: usize) -> LaneResult {
        let placement = self.run.placement(Precision::F64);
        match self.places[lane] {
            Some(k) => LaneResult::of(&self.lanes, k as usize, &placement),
            None => LaneResult::without_value(lane, self.statuses[lane], self.unknown_point(lane), &placement),
        }
    }

    /// The start of a lane that has not started; not-a-number of one that was handed out.
    fn unknown_point(&self, lane: usize) -> Vec<f64> {
        match self.drained.get(lane) {
            Some(Some(_)) => vec![f64::NAN; self.run.problem.dimension()],
            _ => self.run.placement(self.run.device.precision()).start(lane).point,
        }
    }

    /// The results of all lanes, in order.
    pub fn iter(&self) -> impl Iterator<Item = LaneResult> + '_ {
        (0..self.lanes()).map(|lane| self.lane(lane))
    }

    /// How each lane ended.
    pub fn statuses(&self) -> &[Status] {
        &self.statuses
    }

    /// How many lanes ended in each way; ways in which none did are left out.
    pub fn status_counts(&self) -> BTreeMap<Status, usize> {
        let mut counts = BTreeMap::new();
        self.statuses.iter().for_each(|&status| *counts.entry(status).or_default() += 1);
        counts
    }

    /// The best point of each lane, one column a lane.
    pub fn points(&self) -> DMatrix<f64> {
        let n = self.run.problem.dimension();
        let mut points = DMatrix::from_element(n, self.lanes(), f64::NAN);
        for (lane, mut column) in points.column_iter_mut().enumerate() {
            match self.places[lane] {
                Some(k) => column.copy_from_slice(&self.lanes.points[k as usize * n..][..n]),
                None => column.copy_from_slice(&self.unknown_point(lane)),
            }
        }
        points
    }

    /// The lowest value of a lane.
    pub(crate) fn value(&self, lane: usize) -> f64 {
        self.places[lane].map_or(f64::NAN, |k| self.lanes.records[k as usize].best_value)
    }

    /// What all lanes have done.
    pub(crate) fn totals(&self) -> Totals {
        self.run.totals
    }

    /// The lowest value of each lane.
    pub fn values(&self) -> Vec<f64> {
        (0..self.lanes()).map(|lane| self.value(lane)).collect()
    }

    /// How many starts lay outside their bounds and were moved to the nearest point inside; see
    /// [`LaneResult::projected_start`] for which.
    pub fn projected_starts(&self) -> usize {
        let placement = self.run.placement(Precision::F64);
        if placement.is_bounded() { (0..self.lanes()).filter(|&lane| placement.is_projected(lane)).count() } else { 0 }
    }

    /// Evaluations of value and gradient, over all lanes.
    pub fn evaluations(&self) -> u64 {
        self.run.totals.evaluations
    }

    /// Accepted steps, over all lanes.
    pub fn iterations(&self) -> u64 {
        self.run.totals.iterations
    }

    /// Where it was computed.
    pub fn device(&self) -> &Device {
        &self.run.device
    }

    /// Value and gradient in f64 at the best point of a lane, which stays where it is. Where the bounds of lanes in f32 were
    /// rounded to nearest, being equal, it is at the nearest point of the box in f64.
    ///
    /// # Errors
    /// [`Error::NoSuchLane`]; [`DeviceError::GpuOnly`](crate::DeviceError::GpuOnly) for [verbatim](Problem::verbatim) WGSL.
    pub fn certify(&self, lane: usize) -> Result<Evaluation> {
        self.check(lane)?;
        self.run.problem.check_cpu("`certify`")?;
        let mut start = self.run.placement(Precision::F64).start(lane);
        start.project(&self.lane(lane).point);
        self.run.problem.evaluate(&start.point, &start.parameters)
    }

    /// Goes on in f64 from the best points of `lanes`, as far as f64 goes: on the CPU, by the same method, within the same
    /// bounds, which are those that were given and not what f32 made of them.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let outcome = Minimizer::new(Lbfgs::default()).minimize(&Device::cpu(Precision::F32), &rosenbrock, &starts)?;
    /// let polished = outcome.polish(&[outcome.best().lane])?;
    /// assert!((polished[0].point[0] - 1.0).abs() < 1e-9);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSuchLane`]; [`DeviceError::GpuOnly`](crate::DeviceError::GpuOnly) for [verbatim](Problem::verbatim) WGSL.
    pub fn polish(&self, lanes: &[usize]) -> Result<Vec<Polished>> {
        lanes.iter().try_for_each(|&lane| self.check(lane))?;
        let points: Vec<(usize, Vec<f64>)> = lanes.iter().map(|&lane| (lane, self.lane(lane).point)).collect();
        self.run.polish(&points)
    }

    /// Calls `each` with every lane that ended in success: its number, its value, the largest gradient component, its point.
    pub(crate) fn successes(&self, mut each: impl FnMut(usize, f64, f64, &[f64])) {
        let n = self.run.problem.dimension();
        for (record, point) in self.lanes.records.iter().zip(self.lanes.points.chunks(n)) {
            if record.summary.status.is_success() {
                each(record.summary.lane, record.best_value, record.best_gradient_max, point);
            }
        }
    }

    /// What was run.
    pub(crate) fn run(&self) -> &Run {
        &self.run
    }

    fn check(&self, lane: usize) -> Result<()> {
        let lanes = self.lanes();
        if lane < lanes { Ok(()) } else { Err(Error::NoSuchLane { lane, lanes }) }
    }
}
