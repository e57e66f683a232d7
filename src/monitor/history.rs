//! A record of a run.

mod quantiles;
mod sorted;
mod write;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Control, Monitor, Step};
use crate::engine::Summary;
use crate::error::{MonitorError, Result};
use crate::method::Status;

pub use quantiles::Quantiles;
use sorted::Sorted;

/// How all lanes stood at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Row {
    /// Which step it was after, from 0, the start: see [`Step::number`].
    pub number: u64,
    /// Seconds from the beginning of the run.
    pub seconds: f64,
    /// Lanes that were not done, queued ones included.
    pub active: usize,
    /// Evaluations so far, over all lanes.
    pub evaluations: u64,
    /// Accepted steps so far, over all lanes.
    pub iterations: u64,
    /// The lowest value that the history has met in a lane; infinite before the first.
    pub best: f64,
    /// Values at the last points of all lanes that have started, those that have ended included.
    pub value: Quantiles,
    /// Their [`Summary::gradient_max`].
    pub gradient_max: Quantiles,
    /// How many lanes stood in each way, queued ones as active; ways in which none did are left out.
    #[serde(with = "write::counts")]
    pub statuses: BTreeMap<Status, usize>,
}

/// How one lane stood at one time: its [`Summary`], and its point if asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LaneRow {
    /// Which step it was after, from 0, the start: see [`Step::number`].
    pub number: u64,
    /// The lane's number.
    pub lane: usize,
    /// [`Summary::iteration`].
    pub iteration: u32,
    /// [`Summary::value`].
    pub value: f64,
    /// [`Summary::gradient_max`].
    pub gradient_max: f64,
    /// [`Summary::gradient_norm`].
    pub gradient_norm: f64,
    /// [`Summary::step`].
    pub step: f64,
    /// [`Summary::alpha`].
    pub alpha: f64,
    /// [`Summary::mu`].
    pub mu: f64,
    /// [`Summary::evaluations`].
    pub evaluations: u32,
    /// [`Summary::status`].
    #[serde(with = "write::status")]
    pub status: Status,
    /// The lane's last point, where `value` is; empty unless [asked for](History::points).
    pub point: Vec<f64>,
}

/// Records a run: of each step a [`Row`] of best, quartiles, counts and evaluations, the start's first; and chosen lanes in
/// full. All of it is the history's own.
///
/// ```
/// use manymin::monitor::History;
/// use manymin::prelude::*;
///
/// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let mut history = History::new().lanes([0, 7]).points();
/// let device = Device::cpu(Precision::F64);
/// Minimizer::new(Lbfgs::default()).watched_by(&mut history).minimize(&device, &rosenbrock, &starts)?;
///
/// let (first, last) = (&history.rows()[0], history.rows().last().expect("the start at least"));
/// assert_eq!((first.number, first.evaluations, last.active), (0, 100, 0));
/// assert!(last.value.median < first.value.median);
/// assert_eq!(history.lane(7)[0].point, starts.point(7));
/// history.write_csv(std::io::sink())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is asked after every step, and the run then goes step by step, unless [`every`](Monitor::every) says otherwise: with
/// `Every::Seconds(1.0)` a run is free in between, and rows are of its pauses. A lane that waits in the queue is seen when it has
/// come onto the device, first without a value, then after its first step: only of lanes that are there at the start is the
/// start's value recorded. A run that is stopped has one more row of its last step, that shows how its lanes have ended. In a run
/// that follows another, numbers go on. [`Minimizer::trail`](crate::Minimizer::trail) has lanes remember their last steps by themselves, in a
/// run that is free.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The lanes to be recorded in full, in order, and whether with their points.
    chosen: Vec<usize>,
    points: bool,
    rows: Vec<Row>,
    lane_rows: Vec<LaneRow>,
    best: Option<f64>,
    /// What the numbers of this run are added to.
    base: u64,
    /// What is known of each lane.
    values: Vec<f64>,
    gradients: Vec<f64>,
    statuses: Vec<Status>,
    /// How many lanes stand in each way.
    counts: BTreeMap<Status, usize>,
    /// Values and gradients of lanes that have ended, in order: they are many, and stay what they are.
    ended: [Sorted; 2],
}

impl History {
    /// A history of all lanes together.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records these lanes in full, too.
    pub fn lanes(self, lanes: impl IntoIterator<Item = usize>) -> Self {
        let mut chosen: Vec<usize> = lanes.into_iter().collect();
        chosen.sort_unstable();
        chosen.dedup();
        Self { chosen, ..self }
    }

    /// Has the rows of chosen lanes bring their points, which costs a transfer from the device for each.
    pub fn points(self) -> Self {
        Self { points: true, ..self }
    }

    /// A row for each time, the earliest first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows of chosen lanes, the earliest first: from when each is on the device until it has ended.
    pub fn lane_rows(&self) -> &[LaneRow] {
        &self.lane_rows
    }

    /// The rows of one of the chosen lanes.
    pub fn lane(&self, lane: usize) -> Vec<&LaneRow> {
        self.lane_rows.iter().filter(|row| row.lane == lane).collect()
    }

    fn record(&mut self, step: &mut Step<'_>) -> Result<()> {
        let number = self.base + step.number();
        // The end may be that of the last step, and a run may begin where another ended.
        let seen = (number, step.totals(), step.active());
        let last = self.rows.last().map(|row| (row.number, row.evaluations, row.active));
        if last == Some((seen.0, seen.1.evaluations, seen.2)) {
            return Ok(());
        }
        let [value, gradient_max] = self.take(number, step)?;
        if step.active() == 0 && self.counts.contains_key(&Status::Active) {
            // No summary tells of lanes that were stopped in the queue.
            for lane in (0..self.statuses.len()).filter(|&lane| self.statuses[lane].is_active()).collect::<Vec<_>>() {
                self.set_status(lane, step.waiting(lane));
            }
        }
        self.best = self.best.into_iter().chain((value.lanes > 0).then_some(value.minimum)).reduce(f64::min);
        self.rows.push(Row {
            number,
            seconds: step.elapsed().as_secs_f64(),
            active: step.active(),
            evaluations: step.totals().evaluations,
            iterations: step.totals().iterations,
            best: self.best.unwrap_or(f64::INFINITY),
            value,
            gradient_max,
            statuses: self.counts.clone(),
        });
        Ok(())
    }

    /// Takes note of how lanes stand, and returns the quantiles of their values and gradients.
    fn take(&mut self, number: u64, step: &mut Step<'_>) -> Result<[Quantiles; 2]> {
        if self.statuses.len() != step.lanes() {
            self.values.resize(step.lanes(), f64::NAN);
            self.gradients.resize(step.lanes(), f64::NAN);
            self.statuses.resize(step.lanes(), Status::Active);
            self.counts = BTreeMap::from([(Status::Active, step.lanes())]);
        }
        let (mut chosen, mut under_way, mut over) = (Vec::new(), Vec::new(), Vec::new());
        let mut anew = false;
        for summary in step.summaries() {
            let Summary { lane, value, gradient_max, status, .. } = *summary;
            // A lane that had ended and goes on, or has ended anew, takes its numbers away from those that stay.
            anew |= !self.statuses[lane].is_active() && (status.is_active() || self.values[lane].to_bits() != value.to_bits());
            match (self.statuses[lane].is_active(), status.is_active()) {
                (_, true) => under_way.push(lane),
                (true, false) => over.push(lane),
                (false, false) => {}
            }
            (self.values[lane], self.gradients[lane]) = (value, gradient_max);
            self.set_status(lane, status);
            if self.chosen.binary_search(&lane).is_ok() {
                chosen.push(*summary);
            }
        }
        if anew {
            self.ended = Default::default();
            over = (0..self.statuses.len()).filter(|&lane| !self.statuses[lane].is_active()).collect();
        }
        let quantiles = |numbers: &[f64], ended: &mut Sorted| {
            ended.add(over.iter().map(|&lane| numbers[lane]));
            ended.quantiles_with(under_way.iter().map(|&lane| numbers[lane]))
        };
        let [values, gradients] = &mut self.ended;
        let (value, gradient_max) = rayon::join(|| quantiles(&self.values, values), || quantiles(&self.gradients, gradients));
        for summary in chosen {
            // An end is told again to a history that was saved and goes on.
            if self.lane_rows.iter().rev().find(|row| row.lane == summary.lane).is_some_and(|row| !row.status.is_active()) {
                continue;
            }
            let point = if self.points { step.lane(summary.lane)?.last_point } else { Vec::new() };
            self.lane_rows.push(LaneRow::new(number, &summary, point));
        }
        Ok([value, gradient_max])
    }

    fn set_status(&mut self, lane: usize, status: Status) {
        let before = std::mem::replace(&mut self.statuses[lane], status);
        if before == status {
            return;
        }
        *self.counts.entry(status).or_default() += 1;
        if let Some(count) = self.counts.get_mut(&before) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&before);
            }
        }
    }
}

impl LaneRow {
    fn new(number: u64, summary: &Summary, point: Vec<f64>) -> Self {
        let Summary { lane, iteration, value, gradient_max, gradient_norm, step, alpha, mu, evaluations, status } = *summary;
        Self { number, lane, iteration, value, gradient_max, gradient_norm, step, alpha, mu, evaluations, status, point }
    }
}

impl Monitor for History {
    fn begin(&mut self, step: &mut Step<'_>) -> Result<()> {
        // A run that was saved has numbers that go on by themselves.
        self.base = if step.number() == 0 { self.rows.last().map_or(0, |row| row.number) } else { 0 };
        Ok(())
    }

    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        self.record(step).map(|()| Control::Continue)
    }

    fn end(&mut self, step: &mut Step<'_>) -> Result<()> {
        self.record(step)
    }

    fn name(&self) -> &str {
        "history"
    }

    fn save(&self) -> Option<Vec<u8>> {
        postcard::to_stdvec(&(&self.rows, &self.lane_rows, self.best)).ok()
    }

    fn load(&mut self, state: &[u8]) -> Result<()> {
        let read = postcard::from_bytes(state).map_err(|error| MonitorError::new(format!("no state of a history: {error}")))?;
        (self.rows, self.lane_rows, self.best) = read;
        Ok(())
    }
}
