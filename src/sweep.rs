//! Parameter sweeps: one objective, many rows of parameters, the best of each row.

mod portion;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nalgebra::DMatrix;

use self::portion::Portion;
use crate::batch::Batch;
use crate::device::Device;
use crate::engine::Totals;
use crate::error::{Error, Result, StartsError};
use crate::method::Status;
use crate::minimizer::Minimizer;
use crate::monitor::Control;
use crate::outcome::{LaneResult, Outcome};
use crate::problem::Problem;
use crate::starts::Starts;

/// Minimises f(x; p_r) over x for each row of parameters p_r, r = 0, 1, 2, ..., from one start or several, and hands out the
/// best of each row, in the order of the rows.
///
/// Rows come from any iterator and leave as they are done: ten million of them take no more memory than one portion. Every row
/// has the same starts, and its result depends on its parameters alone, unless [`continuation`](Sweep::continuation) is asked for.
///
/// ```
/// use manymin::prelude::*;
/// use manymin::Sweep;
///
/// // x^2 - p x has its minimum at p / 2.
/// let problem = Problem::builder(1).parameters(1).build(|x, c| x[0].powi(2) - c.parameter(0) * x[0])?;
/// let starts = Starts::uniform(&Bounds::new(&[-1.0], &[1.0])?, 2, 42);
/// let mut minima = Vec::new();
/// let swept = Sweep::new(Minimizer::new(Lbfgs::default())).run(
///     &Device::cpu(Precision::F64),
///     &problem,
///     &starts,
///     (0..1_000).map(|row| Ok(vec![f64::from(row)])),
///     |row| {
///         minima.push(row.best.point[0]);
///         Ok(Control::Continue)
///     },
/// )?;
/// assert_eq!((swept.rows, swept.lanes), (1_000, 2_000));
/// assert!(minima.iter().enumerate().all(|(row, x)| (x - row as f64 / 2.0).abs() < 1e-4));
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Debug)]
pub struct Sweep {
    minimizer: Minimizer<'static>,
    chains: Option<usize>,
    portion: usize,
    time_limit: Option<Duration>,
    interrupt: Option<Arc<AtomicBool>>,
}

/// One row's result.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Row {
    /// The row's number, from 0.
    pub row: usize,
    /// Its parameters.
    pub parameters: Vec<f64>,
    /// The best of its lanes: of those that ended in success the lowest, else the lowest of all. Lanes count on from row to row.
    pub best: LaneResult,
}

/// What a sweep did in all.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Swept {
    /// Rows handed out.
    pub rows: usize,
    /// Lanes run, those of rows that were cut included.
    pub lanes: usize,
    /// How many lanes ended in each way; ways in which none did are left out.
    pub statuses: BTreeMap<Status, usize>,
    /// Evaluations and iterations.
    pub totals: Totals,
    /// Seconds that it took, those of the rows' iterator and of who took the results included.
    pub seconds: f64,
    /// Whether it was stopped before the rows came to their end.
    pub stopped: bool,
}

/// Lanes of a portion: enough for every device, and for a core to lose nothing at a portion's end.
const PORTION: usize = 1 << 17;
/// Time between two looks at the flag that ends a sweep.
const LOOK: Duration = Duration::from_millis(50);

impl Sweep {
    /// A sweep whose lanes go as `minimizer` says. Its monitors are not asked: rows tell how the sweep stands.
    pub fn new(minimizer: Minimizer<'static>) -> Self {
        Self { minimizer, chains: None, portion: PORTION, time_limit: None, interrupt: None }
    }

    /// Has each row begin where the row before it ended, its best point: worth it where neighbouring rows have neighbouring
    /// minima. Rows are taken in `chains` pieces of equal length, side by side, and the first row of each piece begins from the starts:
    /// results depend on the number of chains, a few hundred of which keep a processor busy and some ten thousands a GPU.
    pub fn continuation(mut self, chains: usize) -> Self {
        self.chains = Some(chains);
        self
    }

    /// How many lanes are run together, 131,072 unless set: results come in portions. With
    /// [`continuation`](Sweep::continuation) it is the number of rows that are taken together.
    pub fn portion(mut self, lanes: usize) -> Self {
        self.portion = lanes;
        self
    }

    /// Ends the sweep after so long, in the middle of a portion too. Rows all of whose lanes have ended by then are handed out, in
    /// their order; the others, whose lanes are cut as [`TimeLimit`](crate::Status::TimeLimit), are left out.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// Ends the sweep when `flag` is true, as [`time_limit`](Sweep::time_limit) does; lanes are cut as
    /// [`Stopped`](crate::Status::Stopped).
    pub fn interrupt(mut self, flag: &Arc<AtomicBool>) -> Self {
        self.interrupt = Some(Arc::clone(flag));
        self
    }

    /// Minimises for every row, from each of `starts`, and hands the results to `each` in the order of the rows.
    ///
    /// # Errors
    /// As [`Minimizer::start`]; what `rows` or `each` answer as an error; [`Error::Setting`] for a portion or chains of 0.
    pub fn run(
        &self,
        device: &Device,
        problem: &Problem,
        starts: &Starts,
        rows: impl IntoIterator<Item = Result<Vec<f64>>>,
        mut each: impl FnMut(Row) -> Result<Control>,
    ) -> Result<Swept> {
        if self.portion == 0 || self.chains == Some(0) {
            let name = if self.portion == 0 { "portion" } else { "chains" };
            return Err(Error::Setting { name, value: "0".into(), must: "at least 1" });
        }
        let begun = Instant::now();
        let mut swept = Swept::default();
        let mut first = 0;
        let mut rows = rows.into_iter().peekable();
        let size = if self.chains.is_some() { self.portion } else { (self.portion / starts.lanes().max(1)).max(1) };
        while !swept.stopped && rows.peek().is_some() {
            if self.is_over(begun) {
                swept.stopped = true;
                break;
            }
            let parameters = matrix(rows.by_ref().take(size), problem, first)?;
            let run = Running { device, problem, starts, begun };
            let results = match self.chains {
                None => self.portion_of(&run, &parameters, &mut swept)?,
                Some(chains) => self.chained(&run, &parameters, chains, &mut swept)?,
            };
            for (k, (best, parameters)) in results.into_iter().zip(parameters.column_iter()).enumerate() {
                let Some(best) = best else {
                    swept.stopped = true;
                    continue;
                };
                let row = Row { row: first + k, parameters: parameters.as_slice().to_vec(), best };
                swept.rows += 1;
                if each(row)? == Control::Stop {
                    swept.stopped = true;
                    break;
                }
            }
            first += parameters.ncols();
        }
        swept.seconds = begun.elapsed().as_secs_f64();
        Ok(swept)
    }

    /// Whether time is up, or the flag set.
    fn is_over(&self, begun: Instant) -> bool {
        self.time_limit.is_some_and(|limit| begun.elapsed() >= limit)
            || self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// The best lane of each column of parameters, all of them from the same starts; none where a lane was cut.
    fn portion_of(&self, run: &Running<'_>, parameters: &DMatrix<f64>, swept: &mut Swept) -> Result<Vec<Option<LaneResult>>> {
        let each = run.starts.lanes();
        let portion = Portion { starts: run.starts.clone(), parameters: parameters.clone(), points: None };
        let outcome = self.outcome(run, portion, swept)?;
        let first = swept.lanes - outcome.lanes();
        let whole = |lanes: Range<usize>| !outcome.statuses()[lanes].iter().any(is_cut);
        let best = |lanes: Range<usize>| whole(lanes.clone()).then(|| best(&outcome, lanes));
        let rows = (0..parameters.ncols()).map(|row| best(row * each..(row + 1) * each));
        Ok(rows.map(|best| best.map(|best| LaneResult { lane: best.lane + first, ..best })).collect())
    }

    /// The result of each column of parameters, from where the column before has ended.
    fn chained(&self, run: &Running<'_>, parameters: &DMatrix<f64>, chains: usize, swept: &mut Swept) -> Result<Vec<Option<LaneResult>>> {
        let rows = parameters.ncols();
        let length = rows.div_ceil(chains.min(rows));
        let mut results: Vec<Option<LaneResult>> = vec![None; rows];
        let mut points: Option<DMatrix<f64>> = None;
        for k in 0..length {
            let columns: Vec<usize> = (k..rows).step_by(length).collect();
            let now = DMatrix::from_fn(parameters.nrows(), columns.len(), |i, j| parameters[(i, columns[j])]);
            let found = match points.take() {
                None => self.portion_of(run, &now, swept)?,
                Some(points) => {
                    let points = points.columns(0, columns.len()).into_owned();
                    let portion = Portion { starts: run.starts.clone(), parameters: now, points: Some(points) };
                    let outcome = self.outcome(run, portion, swept)?;
                    let first = swept.lanes - outcome.lanes();
                    let of_sweep = |result: LaneResult| LaneResult { lane: result.lane + first, ..result };
                    outcome.iter().map(|result| (!is_cut(&result.status)).then(|| of_sweep(result))).collect()
                }
            };
            let cut = found.iter().any(Option::is_none);
            // A row that has come to nothing does not take those after it along.
            let start = run.starts.point(0);
            let ended = |j: usize| found[j].as_ref().filter(|found| found.value.is_finite());
            points = Some(DMatrix::from_fn(run.problem.dimension(), found.len(), |i, j| ended(j).map_or(start[i], |found| found.point[i])));
            columns.into_iter().zip(found).for_each(|(column, found)| results[column] = found);
            if cut {
                break;
            }
        }
        Ok(results)
    }

    fn outcome(&self, run: &Running<'_>, portion: Portion, swept: &mut Swept) -> Result<Outcome> {
        let starts = Starts::new(portion);
        // Nobody is left to resume it.
        let mut batch = self.minimizer.fresh().resumable(false).start(run.device, run.problem, &starts)?;
        if self.time_limit.is_none() && self.interrupt.is_none() {
            batch.run()?;
        } else {
            self.run_limited(&mut batch, run.begun)?;
        }
        let outcome = batch.finish()?;
        swept.lanes += outcome.lanes();
        swept.totals.add(outcome.totals());
        outcome.status_counts().into_iter().for_each(|(status, lanes)| *swept.statuses.entry(status).or_default() += lanes);
        Ok(outcome)
    }

    /// Runs until every lane has ended, time is up, or the flag is set. Monitors would have every lane of the pool begin before
    /// any ends: with an objective that takes long no row would be done by the limit.
    fn run_limited(&self, batch: &mut Batch, begun: Instant) -> Result<()> {
        let end = self.time_limit.and_then(|limit| begun.checked_add(limit));
        while batch.active() > 0 {
            let look = Instant::now() + LOOK;
            batch.run_to(Some(end.map_or(look, |end| end.min(look))))?;
            match self.time_limit {
                Some(limit) if begun.elapsed() >= limit => return batch.heed(Control::TimeLimit(limit), begun.elapsed()),
                _ if self.is_over(begun) => return batch.stop(),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A sweep under way.
struct Running<'a> {
    device: &'a Device,
    problem: &'a Problem,
    starts: &'a Starts,
    begun: Instant,
}

/// Whether the sweep's own end has cut a lane.
fn is_cut(status: &Status) -> bool {
    matches!(status, Status::TimeLimit | Status::Stopped)
}

/// The best of some lanes; see [`Row::best`].
fn best(outcome: &Outcome, lanes: Range<usize>) -> LaneResult {
    let (statuses, first) = (outcome.statuses(), lanes.start);
    let key = |lane: &usize| {
        let value = outcome.value(*lane);
        (!statuses[*lane].is_success(), !value.is_finite(), value)
    };
    let order = |a: &usize, b: &usize| {
        let (a, b) = (key(a), key(b));
        (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2))
    };
    outcome.lane(lanes.min_by(order).unwrap_or(first))
}

/// Rows as columns, each with as many numbers as the problem takes.
fn matrix(rows: impl Iterator<Item = Result<Vec<f64>>>, problem: &Problem, first: usize) -> Result<DMatrix<f64>> {
    let mut numbers = Vec::new();
    let mut columns = 0;
    for row in rows {
        let row = row?;
        if row.len() != problem.parameters() {
            let (given, wanted) = (row.len(), problem.parameters());
            return Err(StartsError::Row { row: first + columns, given, wanted }.into());
        }
        numbers.extend(row);
        columns += 1;
    }
    Ok(DMatrix::from_vec(problem.parameters(), columns, numbers))
}
