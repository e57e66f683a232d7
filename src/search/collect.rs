//! Results as they come in, and whether they are enough.

use std::collections::BTreeMap;
use std::time::Instant;

use super::Until;
use super::clusters::Clusters;
use super::distinct::Distinct;
use super::found::{Found, SearchEnd};
use super::known::Known;
use super::minima::{Candidates, Minimum};
use crate::batch::Batch;
use crate::engine::{Record, Totals};
use crate::error::Result;
use crate::method::Status;
use crate::monitor::{Control, Every, Monitor, Step};
use crate::outcome::{LaneResult, Run};
use crate::starts::Starts;

/// So few evaluations are the work of a second or less.
const FEW_EVALUATIONS: u64 = 10_000_000;

/// Takes results from a run, and ends it when they are enough.
pub(super) struct Collector {
    until: Until,
    begun: Instant,
    candidates: Candidates,
    /// Those told apart as they come in, where that may end the search.
    clusters: Option<Clusters>,
    /// Where lanes in known basins are cut.
    known: Option<Known>,
    /// Lanes that ended in success, or were cut on their way there.
    successes: usize,
    best: Option<Minimum>,
    statuses: BTreeMap<Status, usize>,
    /// Whether lanes were stopped.
    stopped: bool,
    /// What runs before this one did, and this one so far.
    before: Totals,
    now: Totals,
    pub(super) end: SearchEnd,
    /// The number among all starts of each lane of the run.
    pub(super) numbers: Numbers,
    /// The lanes of the run that have ended, where the strategy goes on from them.
    pub(super) keep: Option<Vec<LaneResult>>,
}

/// Steps from one look for lanes in known basins to the next: to look costs less than they do.
const STEPS_TO_CUT: u64 = 4;

/// Which of all starts the lanes of a run are.
#[derive(Clone, Debug)]
pub(super) enum Numbers {
    All(usize),
    Some(std::sync::Arc<[usize]>),
}

impl Numbers {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::All(lanes) => *lanes,
            Self::Some(lanes) => lanes.len(),
        }
    }

    pub(super) fn get(&self, lane: usize) -> usize {
        match self {
            Self::All(_) => lane,
            Self::Some(lanes) => lanes[lane],
        }
    }

    /// Some of them.
    pub(super) fn part(&self, range: std::ops::Range<usize>) -> Self {
        Self::Some(range.map(|lane| self.get(lane)).collect())
    }
}

impl Collector {
    pub(super) fn new(distinct: Distinct, until: Until, cut: Option<f64>, begun: Instant, starts: &Starts) -> Result<Self> {
        let candidates = Candidates::new(distinct, starts)?;
        let clusters = (until.minima.is_some() || until.all_seen).then(|| candidates.clusters());
        let known = cut.map(|radius| Known::new(radius, distinct, candidates.spread()));
        Ok(Self {
            until,
            begun,
            candidates,
            clusters,
            known,
            successes: 0,
            best: None,
            statuses: BTreeMap::new(),
            stopped: false,
            before: Totals::default(),
            now: Totals::default(),
            end: SearchEnd::Done,
            numbers: Numbers::All(starts.lanes()),
            keep: None,
        })
    }

    /// What was done so far.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = self.before;
        totals.add(self.now);
        totals
    }

    /// The lowest point so far.
    pub(super) fn best(&self) -> Option<&Minimum> {
        self.best.as_ref()
    }

    /// How far starts spread in each component.
    pub(super) fn spread(&self) -> &[f64] {
        self.candidates.spread()
    }

    /// Whether two points are one minimum.
    pub(super) fn are_one(&self, one: (f64, &[f64]), other: (f64, &[f64])) -> bool {
        self.candidates.are_one(one, other)
    }

    /// Adds work that was done besides.
    pub(super) fn worked(&mut self, totals: Totals) {
        self.before.add(totals);
    }

    /// Whether the search goes on with another run.
    pub(super) fn goes_on(&self) -> bool {
        self.end == SearchEnd::Done
    }

    /// A run is over.
    pub(super) fn run_over(&mut self) {
        self.before.add(std::mem::take(&mut self.now));
        // Others than this one have stopped it.
        if self.stopped && self.end == SearchEnd::Done {
            self.end = SearchEnd::Monitor;
        }
    }

    /// Takes what has ended since.
    fn take(&mut self, batch: &mut Batch) {
        let lanes = batch.drain();
        let n = self.spread().len();
        for (record, point) in lanes.records.iter().zip(lanes.points.chunks(n)) {
            self.take_lane(record, point);
        }
        if let Some(keep) = &mut self.keep {
            let placement = batch.placement();
            keep.extend((0..lanes.records.len()).map(|k| LaneResult::of(&lanes, k, &placement)));
        }
    }

    fn take_lane(&mut self, record: &Record, point: &[f64]) {
        let (lane, status) = (self.numbers.get(record.summary.lane), record.summary.status);
        let (value, gradient_max) = (record.best_value, record.best_gradient_max);
        *self.statuses.entry(status).or_default() += 1;
        self.stopped |= matches!(status, Status::Stopped | Status::TimeLimit);
        let lower = |best: &Minimum| value < best.value || value == best.value && lane < best.lane;
        if value.is_finite() && self.best.as_ref().is_none_or(lower) {
            self.best = Some(Minimum::of(lane, value, gradient_max, point));
        }
        if status.is_success() {
            self.successes += 1;
            self.candidates.add(lane, value, gradient_max, point);
            if let Some(clusters) = self.clusters.as_mut().filter(|_| value.is_finite()) {
                clusters.find_or_found(value, point);
            }
            if let Some(known) = self.known.as_mut().filter(|_| value.is_finite()) {
                known.add(lane, value, point);
            }
        }
    }

    /// The number of minima expected in all: see `Search::until_all_seen`.
    fn expected(&self, distinct: usize) -> Option<f64> {
        let (w, n) = (distinct as f64, self.successes as f64);
        (n > w + 2.0).then(|| w * (n - 1.0) / (n - w - 2.0))
    }

    /// Why the search is to end now, if it is.
    fn enough(&self) -> Option<SearchEnd> {
        let Until { target, minima, time, evaluations, all_seen } = self.until;
        let distinct = self.clusters.as_ref().map_or(0, Clusters::len);
        let unseen = self.expected(distinct).map(|expected| expected - distinct as f64);
        let reasons = [
            (self.best.as_ref().zip(target).is_some_and(|(best, target)| best.value <= target), SearchEnd::Target),
            (minima.is_some_and(|minima| distinct >= minima), SearchEnd::Minima),
            (all_seen && unseen.is_some_and(|unseen| unseen < 1.0), SearchEnd::AllSeen),
            (evaluations.is_some_and(|evaluations| self.totals().evaluations >= evaluations), SearchEnd::Evaluations),
            (time.is_some_and(|time| self.begun.elapsed() >= time), SearchEnd::Time),
        ];
        reasons.into_iter().find(|(holds, _)| *holds).map(|(_, end)| end)
    }

    /// What was found, in all.
    pub(super) fn found(self, run: Run, polish: Option<usize>) -> Result<Found> {
        let totals = self.totals();
        let minima = self.candidates.clone().minima(&run, polish)?;
        let expected = self.expected(minima.list.len() + minima.others);
        // Polished, the lowest minimum may be lower than what its lane met.
        let lowest =
            minima.list.first().filter(|first| self.best.as_ref().is_none_or(|best| first.value <= best.value || first.lane == best.lane));
        let best = lowest.cloned().or(self.best);
        Ok(Found {
            minima,
            best,
            statuses: self.statuses,
            totals,
            end: self.end,
            expected,
            seconds: self.begun.elapsed().as_secs_f64(),
            run,
        })
    }
}

impl Monitor for Collector {
    /// Where few evaluations are allowed, a free run would be far beyond them before anyone has looked.
    fn when(&self) -> Every {
        if self.until.evaluations.is_some_and(|most| most <= FEW_EVALUATIONS) {
            Every::Step
        } else if self.known.is_some() {
            Every::Steps(STEPS_TO_CUT)
        } else {
            Every::Sync
        }
    }

    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        self.now = step.totals();
        self.take(step.batch());
        if let Some(known) = &self.known {
            let found_by = known.cut(step.batch())?;
            self.successes += found_by.len();
            found_by.into_iter().for_each(|lane| self.candidates.add_cut(lane));
        }
        Ok(match self.enough() {
            Some(end) => {
                self.end = end;
                Control::Stop
            }
            None => Control::Continue,
        })
    }

    /// Lanes that were stopped come in too.
    fn end(&mut self, step: &mut Step<'_>) -> Result<()> {
        self.now = step.totals();
        self.take(step.batch());
        Ok(())
    }
}
