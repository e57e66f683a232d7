//! Parameter sweeps: one objective, many rows of parameters, the best of each row.

mod portion;

use std::collections::BTreeMap;
use std::time::Instant;

use nalgebra::DMatrix;

use self::portion::Portion;
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
    /// Lanes run, and how they ended.
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

impl Sweep {
    /// A sweep whose lanes go as `minimizer` says. Its monitors are not asked: rows tell how the sweep stands.
    pub fn new(minimizer: Minimizer<'static>) -> Self {
        Self { minimizer, chains: None, portion: PORTION }
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
        let mut rows = rows.into_iter().peekable();
        let size = if self.chains.is_some() { self.portion } else { (self.portion / starts.lanes().max(1)).max(1) };
        while !swept.stopped && rows.peek().is_some() {
            let parameters = matrix(rows.by_ref().take(size), problem, swept.rows)?;
            let results = match self.chains {
                None => self.portion_of(device, problem, starts, &parameters, &mut swept)?,
                Some(chains) => self.chained(device, problem, starts, &parameters, chains, &mut swept)?,
            };
            for (best, parameters) in results.into_iter().zip(parameters.column_iter()) {
                let row = Row { row: swept.rows, parameters: parameters.as_slice().to_vec(), best };
                swept.rows += 1;
                if each(row)? == Control::Stop {
                    swept.stopped = true;
                    break;
                }
            }
        }
        swept.seconds = begun.elapsed().as_secs_f64();
        Ok(swept)
    }

    /// The best lane of each column of parameters, all of them from the same starts.
    fn portion_of(
        &self,
        device: &Device,
        problem: &Problem,
        starts: &Starts,
        parameters: &DMatrix<f64>,
        swept: &mut Swept,
    ) -> Result<Vec<LaneResult>> {
        let each = starts.lanes();
        let portion = Portion { starts: starts.clone(), parameters: parameters.clone(), points: None };
        let outcome = self.outcome(device, problem, portion, swept)?;
        let best = (0..parameters.ncols()).map(|row| best(&outcome, row * each..(row + 1) * each));
        let first = swept.lanes - outcome.lanes();
        Ok(best.map(|best| LaneResult { lane: best.lane + first, ..best }).collect())
    }

    /// The result of each column of parameters, from where the column before has ended.
    fn chained(
        &self,
        device: &Device,
        problem: &Problem,
        starts: &Starts,
        parameters: &DMatrix<f64>,
        chains: usize,
        swept: &mut Swept,
    ) -> Result<Vec<LaneResult>> {
        let rows = parameters.ncols();
        let length = rows.div_ceil(chains.min(rows));
        let mut results: Vec<Option<LaneResult>> = vec![None; rows];
        let mut points: Option<DMatrix<f64>> = None;
        for k in 0..length {
            let columns: Vec<usize> = (k..rows).step_by(length).collect();
            let now = DMatrix::from_fn(parameters.nrows(), columns.len(), |i, j| parameters[(i, columns[j])]);
            let found = match points.take() {
                None => self.portion_of(device, problem, starts, &now, swept)?,
                Some(points) => {
                    let points = points.columns(0, columns.len()).into_owned();
                    let portion = Portion { starts: starts.clone(), parameters: now, points: Some(points) };
                    let outcome = self.outcome(device, problem, portion, swept)?;
                    let first = swept.lanes - outcome.lanes();
                    outcome.iter().map(|result| LaneResult { lane: result.lane + first, ..result }).collect()
                }
            };
            // A row that has come to nothing does not take those after it along.
            let start = starts.point(0);
            let from = |i: usize, j: usize| if found[j].value.is_finite() { found[j].point[i] } else { start[i] };
            points = Some(DMatrix::from_fn(problem.dimension(), found.len(), from));
            columns.into_iter().zip(found).for_each(|(column, found)| results[column] = Some(found));
        }
        Ok(results.into_iter().flatten().collect())
    }

    fn outcome(&self, device: &Device, problem: &Problem, portion: Portion, swept: &mut Swept) -> Result<Outcome> {
        let outcome = self.minimizer.fresh().minimize(device, problem, &Starts::new(portion))?;
        swept.lanes += outcome.lanes();
        swept.totals.add(outcome.totals());
        outcome.status_counts().into_iter().for_each(|(status, lanes)| *swept.statuses.entry(status).or_default() += lanes);
        Ok(outcome)
    }
}

/// The best of some lanes; see [`Row::best`].
fn best(outcome: &Outcome, lanes: std::ops::Range<usize>) -> LaneResult {
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
