//! The distinct minima among what lanes have found.

use std::cmp::Ordering;
use std::collections::HashMap;

use rayon::prelude::*;

use super::clusters::Clusters;
use super::distinct::Distinct;
use crate::error::Result;
use crate::outcome::{Outcome, Polished, Run};
use crate::starts::Starts;

/// A minimum that lanes have found.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Minimum {
    /// f there: in f64, if it was polished.
    pub value: f64,
    /// The point.
    pub point: Vec<f64>,
    /// How many lanes ended there, those that were [cut](crate::Search::cut) on their way included.
    pub lanes: usize,
    /// The lane that stands for them: the lowest, and of several that are as low the first.
    pub lane: usize,
    /// `max_i |P(x - g) - x|_i` there, which is the largest gradient component where no bound is met.
    pub gradient_max: f64,
    /// Whether value, point and gradient are those of a lane taken on in f64.
    pub polished: bool,
}

/// The distinct minima of a run, the lowest first.
///
/// Of the lanes that ended in success, the best of each minimum is polished in f64; then minima are told apart again. Neither the order of lanes
/// nor that in which they ended changes anything: minima are founded from the lowest value up, by points in their order where values are
/// equal, and every lane belongs to the first that it is near enough to, see [`Distinct`].
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Minima {
    /// The minima, the lowest first: at most 10,000.
    pub list: Vec<Minimum>,
    /// Minima that are higher than those, and the lanes that ended there.
    pub others: usize,
    /// How many lanes ended in `others`.
    pub other_lanes: usize,
    /// Lanes in success that were not compared at all, being higher than the millions that fit in memory.
    pub uncompared: usize,
}

/// The most minima that are listed.
const MOST_MINIMA: usize = 10_000;
/// The memory of the points that are compared.
const MOST_BYTES: usize = 1 << 30;
/// The starts that tell how far they spread.
const SPREAD_STARTS: usize = 1_000;

impl Outcome {
    /// The distinct minima that lanes have found, polished in f64 where the problem can be computed on the CPU.
    ///
    /// ```
    /// use manymin::Distinct;
    /// use manymin::prelude::*;
    ///
    /// // Two minima, at -1 and 1.1 about.
    /// let double = Problem::new(1, |x| (x[0].powi(2) - 1.0).powi(2) - 0.1 * x[0])?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0], &[2.0])?, 1_000, 42);
    /// let outcome = Minimizer::new(Lbfgs::default()).minimize(&Device::auto()?, &double, &starts)?;
    /// let minima = outcome.minima(Distinct::default())?;
    /// assert_eq!(minima.list.len(), 2);
    /// assert!(minima.list[0].point[0] > 1.0 && minima.list[1].point[0] < -0.9);
    /// assert_eq!(minima.list[0].lanes + minima.list[1].lanes, 1_000);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) for a tolerance below 0.
    pub fn minima(&self, distinct: Distinct) -> Result<Minima> {
        self.minima_polishing(distinct, None)
    }

    /// As [`minima`](Outcome::minima), with the best `most` of them polished and the others left as lanes found them.
    ///
    /// # Errors
    /// As [`minima`](Outcome::minima).
    pub fn minima_polishing(&self, distinct: Distinct, most: Option<usize>) -> Result<Minima> {
        let mut candidates = Candidates::new(distinct, &self.run().starts)?;
        self.successes(|lane, value, gradient_max, point| candidates.add(lane, value, gradient_max, point));
        candidates.minima(self.run(), most)
    }
}

/// Results of lanes, until they are compared.
#[derive(Clone, Debug)]
pub(super) struct Candidates {
    distinct: Distinct,
    spread: Vec<f64>,
    lanes: Vec<Candidate>,
    /// Their points, one after another.
    points: Vec<f64>,
    most: usize,
    uncompared: usize,
    /// Lanes that were cut on their way to what another has found: how many, by that lane.
    cut: HashMap<usize, usize>,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    value: f64,
    gradient_max: f64,
    lane: usize,
    /// Which of the points is this one's.
    at: usize,
}

/// By value; of several that are as low by point, then by lane.
fn order((f, x, lane): (f64, &[f64], usize), (other_f, y, other): (f64, &[f64], usize)) -> Ordering {
    let points = || x.iter().zip(y).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
    f.total_cmp(&other_f).then_with(|| points().unwrap_or(Ordering::Equal)).then(lane.cmp(&other))
}

impl Candidates {
    pub(super) fn new(distinct: Distinct, starts: &Starts) -> Result<Self> {
        distinct.validate()?;
        let most = MOST_BYTES / (size_of::<Candidate>() + 8 * starts.dimension());
        let (lanes, points, cut) = Default::default();
        Ok(Self { distinct, spread: spread(starts), lanes, points, most, uncompared: 0, cut })
    }

    /// Takes note of a lane that ended in success.
    pub(super) fn add(&mut self, lane: usize, value: f64, gradient_max: f64, point: &[f64]) {
        if !value.is_finite() {
            return;
        }
        self.lanes.push(Candidate { value, gradient_max, lane, at: self.lanes.len() });
        self.points.extend_from_slice(point);
        if self.lanes.len() >= 2 * self.most {
            self.keep_lowest();
        }
    }

    /// Takes note of a lane that was cut on its way to what `found_by` has found.
    pub(super) fn add_cut(&mut self, found_by: usize) {
        *self.cut.entry(found_by).or_default() += 1;
    }

    /// Lets go of those that don't fit.
    fn keep_lowest(&mut self) {
        let points = std::mem::take(&mut self.points);
        let n = self.spread.len();
        let point = |of: &Candidate| &points[of.at * n..][..n];
        let by_value = |a: &Candidate, b: &Candidate| order((a.value, point(a), a.lane), (b.value, point(b), b.lane));
        self.lanes.select_nth_unstable_by(self.most, by_value);
        self.uncompared += self.lanes.len() - self.most;
        self.lanes.truncate(self.most);
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            self.points.extend_from_slice(point(lane));
            lane.at = at;
        }
    }

    /// How far starts spread in each component: see [`Distinct`].
    pub(super) fn spread(&self) -> &[f64] {
        &self.spread
    }

    /// Whether two points are one minimum.
    pub(super) fn are_one(&self, one: (f64, &[f64]), other: (f64, &[f64])) -> bool {
        self.distinct.are_one(one, other, &self.spread)
    }

    /// Empty clusters that tell these lanes apart, while they come in.
    pub(super) fn clusters(&self) -> Clusters {
        Clusters::new(self.distinct, &self.spread)
    }

    /// The distinct minima among them.
    pub(super) fn minima(mut self, run: &Run, most: Option<usize>) -> Result<Minima> {
        if self.lanes.len() > self.most {
            self.keep_lowest();
        }
        let mut lanes = std::mem::take(&mut self.lanes);
        let n = self.spread.len();
        let point = |of: &Candidate| &self.points[of.at * n..][..n];
        lanes.par_sort_unstable_by(|a, b| order((a.value, point(a), a.lane), (b.value, point(b), b.lane)));
        let mut coarse = Minima { uncompared: self.uncompared, ..Minima::default() };
        let minimum = |of: &Candidate| Minimum::of(of.lane, of.value, of.gradient_max, point(of));
        let count = |of: &Candidate| 1 + self.cut.get(&of.lane).copied().unwrap_or_default();
        assign(self.clusters(), &mut coarse, lanes.iter().map(|of| (of.value, point(of), count(of), move || minimum(of))));
        if run.problem.verbatim_text().is_some() {
            return Ok(coarse);
        }
        let best = coarse.list.iter().take(most.unwrap_or(usize::MAX));
        let polished = run.polish(&best.map(|minimum| (minimum.lane, minimum.point.clone())).collect::<Vec<_>>())?;
        let polished = polished.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        let mut list: Vec<Minimum> = coarse.list.drain(..).zip(polished).map(|(minimum, polished)| minimum.polished(polished)).collect();
        list.sort_by(Minimum::order);
        assign(self.clusters(), &mut coarse, list.iter().map(|of| (of.value, &of.point[..], of.lanes, || of.clone())));
        Ok(coarse)
    }
}

impl Minimum {
    /// Where a lane has come to.
    pub(super) fn of(lane: usize, value: f64, gradient_max: f64, point: &[f64]) -> Self {
        Self { value, point: point.to_vec(), lanes: 1, lane, gradient_max, polished: false }
    }

    /// The minimum at the point that polishing has come to, unless it has come to nothing lower in f64.
    fn polished(self, by: Option<Polished>) -> Self {
        match by.filter(|by| by.value.is_finite()) {
            Some(by) => Self { value: by.value, point: by.point, gradient_max: by.gradient_max, polished: true, ..self },
            None => self,
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        order((self.value, &self.point, self.lane), (other.value, &other.point, other.lane))
    }
}

/// Tells apart minima that come from the lowest up, each with its value, point, number of lanes, and what is listed of it if it is a
/// new one; and adds them to `minima`.
fn assign<'a>(mut clusters: Clusters, minima: &mut Minima, from: impl Iterator<Item = (f64, &'a [f64], usize, impl FnOnce() -> Minimum)>) {
    for (value, point, lanes, minimum) in from {
        let founder = clusters.find_or_found(value, point);
        match minima.list.get_mut(founder) {
            Some(known) => known.lanes += lanes,
            None if founder < MOST_MINIMA => minima.list.push(Minimum { lanes, ..minimum() }),
            None => minima.other_lanes += lanes,
        }
    }
    minima.others += clusters.len() - minima.list.len();
}

/// How far starts spread in each component: see [`Distinct`].
fn spread(starts: &Starts) -> Vec<f64> {
    let first = starts.point(0);
    let (mut low, mut high) = (first.clone(), first.clone());
    for lane in 1..starts.lanes().min(SPREAD_STARTS) {
        for ((low, high), x) in low.iter_mut().zip(&mut high).zip(starts.point(lane)) {
            (*low, *high) = (low.min(x), high.max(x));
        }
    }
    let width =
        |((low, high), x): ((f64, f64), f64)| if high - low > 0.0 && (high - low).is_finite() { high - low } else { x.abs().max(1.0) };
    low.into_iter().zip(high).zip(first).map(width).collect()
}
