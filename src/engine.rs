//! Where lanes live: the interface that engines share, and what they report.

pub(crate) mod changes;
pub(crate) mod cpu;
pub(crate) mod curvature;
#[cfg(feature = "gpu")]
pub(crate) mod gpu;
pub(crate) mod lane;
pub(crate) mod placement;
pub(crate) mod queue;
pub(crate) mod recipe;
pub(crate) mod source;
pub(crate) mod state;
pub(crate) mod telemetry;
pub(crate) mod trail;

use std::time::Instant;

use rayon::prelude::*;

use self::lane::Fields;
use self::state::LaneState;
use crate::error::Result;
use crate::method::{Evidence, Status};

/// The few words that tell how a lane stands.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Summary {
    /// The lane's number, from 0.
    pub lane: usize,
    /// Accepted steps.
    pub iteration: u32,
    /// f at the lane's last point, in the lane's own precision; NaN before its first evaluation.
    pub value: f64,
    /// `max_i |P(x - g) - x|_i` there, which is `max |g_i|` where no bound is met.
    pub gradient_max: f64,
    /// The 2-norm of the gradient there.
    pub gradient_norm: f64,
    /// The 2-norm of the last accepted step, 0 before the first.
    pub step: f64,
    /// The last accepted step as a multiple of its direction, 0 before the first.
    pub alpha: f64,
    /// The momentum mu of the last accepted step, of methods that have one: see [`Schedule`](crate::Schedule); 0 for others.
    pub mu: f64,
    /// Evaluations of value and gradient, the start's included.
    pub evaluations: u32,
    /// How the lane stands, or how it ended.
    pub status: Status,
}

impl Summary {
    /// Of a lane that has not started.
    pub(crate) fn unstarted(lane: usize, status: Status) -> Self {
        let nan = f64::NAN;
        let (value, gradient_max, gradient_norm) = (nan, nan, nan);
        Self { lane, iteration: 0, value, gradient_max, gradient_norm, step: 0.0, alpha: 0.0, mu: 0.0, evaluations: 0, status }
    }
}

/// What is kept of a lane beside its point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) summary: Summary,
    pub(crate) evidence: Evidence,
    pub(crate) best_value: f64,
    pub(crate) best_gradient_max: f64,
    pub(crate) refused: u32,
    pub(crate) resets: u32,
    pub(crate) longest_search: u32,
    pub(crate) restarts: u32,
}

impl Record {
    /// Of a lane's fields, `square` being that of the gradient's 2-norm.
    #[inline(always)]
    pub(crate) fn of(fields: &Fields, square: f64) -> Self {
        let status = Status::from_code(fields.status).unwrap_or(Status::Active);
        let elsewhere = fields.best_elsewhere != 0;
        let nothing = Evidence { measured: f64::NAN, threshold: f64::NAN };
        let evidence = Evidence { measured: fields.measured, threshold: fields.threshold };
        Self {
            summary: Summary {
                lane: fields.lane as usize,
                iteration: fields.iterations,
                value: fields.value,
                gradient_max: fields.gradient_max,
                gradient_norm: if fields.gradient_max.is_nan() { f64::NAN } else { square.sqrt() },
                step: fields.step,
                alpha: fields.accepted_alpha,
                mu: fields.accepted_mu,
                evaluations: fields.evaluations,
                status,
            },
            evidence: if status.has_evidence() { evidence } else { nothing },
            best_value: if elsewhere { fields.best_value } else { fields.value },
            best_gradient_max: if elsewhere { fields.best_gradient_max } else { fields.gradient_max },
            refused: fields.refused,
            resets: fields.resets,
            longest_search: fields.longest_search,
            restarts: fields.restarts,
        }
    }

    /// By value, and by lane where values are equal.
    fn by_value(a: &Self, b: &Self) -> std::cmp::Ordering {
        a.best_value.total_cmp(&b.best_value).then(a.summary.lane.cmp(&b.summary.lane))
    }

    /// What the lane has done.
    pub(crate) fn totals(&self) -> Totals {
        Totals { evaluations: self.summary.evaluations.into(), iterations: self.summary.iteration.into() }
    }
}

/// Records that a thread goes through at once.
const SHARE: usize = 4_096;

/// Lanes that have ended, or a picture of lanes under way: a record and the best point each, and the last point where
/// that is another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes {
    pub(crate) records: Vec<Record>,
    /// The best points, one after another.
    pub(crate) points: Vec<f64>,
    /// (index into `records`, the last point)
    pub(crate) last_points: Vec<(usize, Vec<f64>)>,
    /// (index into `records`, the diagonal of the inverse Hessian), where it is asked for.
    pub(crate) curvatures: Vec<(usize, Vec<f64>)>,
    /// (index into `records`, the rows of its trail, oldest first), where a lane has some.
    pub(crate) trails: Vec<(usize, Vec<f64>)>,
    /// Lanes that a limit has ended as they were before that, where they are to be kept.
    pub(crate) kept: Vec<LaneState>,
}

impl Lanes {
    /// One of them alone.
    pub(crate) fn only(&self, k: usize, dimension: usize) -> Self {
        let of = |vectors: &[(usize, Vec<f64>)]| vectors.iter().filter(|of| of.0 == k).map(|of| (0, of.1.clone())).collect();
        Self {
            records: vec![self.records[k]],
            points: self.points[k * dimension..][..dimension].to_vec(),
            last_points: of(&self.last_points),
            curvatures: of(&self.curvatures),
            trails: of(&self.trails),
            kept: Vec::new(),
        }
    }

    /// What all of them have done.
    pub(crate) fn totals(&self) -> Totals {
        let sum = |mut all: Totals, one: Totals| {
            all.add(one);
            all
        };
        self.records.par_iter().with_min_len(SHARE).map(Record::totals).reduce(Totals::default, sum)
    }

    /// Which of them has the lowest finite value.
    pub(crate) fn lowest(&self) -> Option<usize> {
        let finite = (0..self.records.len()).filter(|&k| self.records[k].best_value.is_finite());
        finite.min_by(|&a, &b| Record::by_value(&self.records[a], &self.records[b]))
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.take_all(&mut other);
    }

    /// Takes the lanes of another over, which keeps its room for more.
    pub(crate) fn take_all(&mut self, other: &mut Self) {
        // Where there was nothing before, nothing is copied.
        if self.records.is_empty() {
            std::mem::swap(self, other);
            return;
        }
        let before = self.records.len();
        self.records.append(&mut other.records);
        self.points.append(&mut other.points);
        let after = |(k, vector): (usize, Vec<f64>)| (k + before, vector);
        self.last_points.extend(other.last_points.drain(..).map(after));
        self.curvatures.extend(other.curvatures.drain(..).map(after));
        self.trails.extend(other.trails.drain(..).map(after));
        self.kept.append(&mut other.kept);
    }

    /// The lanes that `stays` says yes to by their numbers, in the same order.
    pub(crate) fn retain(&mut self, stays: impl Fn(usize) -> bool) {
        let n = self.points.len() / self.records.len().max(1);
        let mut places = vec![None; self.records.len()];
        let mut left = 0;
        for (k, place) in places.iter_mut().enumerate().filter(|(k, _)| stays(self.records[*k].summary.lane)) {
            *place = Some(left);
            self.points.copy_within(k * n..(k + 1) * n, left * n);
            left += 1;
        }
        self.points.truncate(left * n);
        self.records.retain(|record| stays(record.summary.lane));
        for vectors in [&mut self.last_points, &mut self.curvatures, &mut self.trails] {
            vectors.retain_mut(|(k, _)| match places[*k] {
                Some(place) => {
                    *k = place;
                    true
                }
                None => false,
            });
        }
        self.kept.retain(|state| stays(state.lane()));
    }
}

/// What has been done so far, over all lanes: the sum of what each has done. Work that was lost with a device, and is done
/// again elsewhere, counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Totals {
    /// Evaluations of value and gradient, by lanes that have ended and lanes under way.
    pub evaluations: u64,
    /// Accepted steps, likewise.
    pub iterations: u64,
}

impl Totals {
    pub(crate) fn add(&mut self, other: Self) {
        self.evaluations += other.evaluations;
        self.iterations += other.iterations;
    }

    /// Takes off what was added before.
    pub(crate) fn subtract(&mut self, other: Self) {
        self.evaluations = self.evaluations.saturating_sub(other.evaluations);
        self.iterations = self.iterations.saturating_sub(other.iterations);
    }
}

/// Lanes on some device. A round is one evaluation of every lane that is not done, and what follows from it.
pub(crate) trait Engine: Send {
    /// Every resident lane accepts one step or ends; then freed places are filled.
    fn step(&mut self) -> Result<()>;
    /// So many rounds; then freed places are filled.
    fn advance(&mut self, rounds: u32) -> Result<()>;
    /// Rounds until all lanes have ended, or until that time has come, and a few even if it has passed; lanes that are not done
    /// then stay where they are.
    fn run(&mut self, until: Option<Instant>) -> Result<()>;
    /// What lanes under way have done.
    fn totals(&self) -> Totals;
    /// Ends every lane that is not done; queued lanes will not start. If it fails, they stay queued.
    fn stop(&mut self) -> Result<()>;
    /// How the lanes on the device stand, in any order; its places are filled before, unless a free run has left them. Points stay
    /// where they are.
    fn summaries(&mut self) -> Result<Vec<Summary>>;
    /// The lanes that are under way, as they stand.
    fn lanes(&self) -> Result<Lanes>;
    /// The lanes that have ended since this was last asked.
    fn take_finished(&mut self) -> Lanes;
    /// The whole state of every lane under way, by lane number: an engine that begins with them goes on in its place.
    fn export(&self) -> Result<Vec<LaneState>>;
    /// Those of them that are on the host, which are there still when the device has failed.
    fn held(&self) -> Vec<LaneState>;
    /// Takes the lanes under way that `which` says yes to by their numbers away with their whole state, by lane number, and
    /// frees their places. If it fails, nothing is taken.
    fn take(&mut self, which: &dyn Fn(usize) -> bool) -> Result<Vec<LaneState>>;
    /// Adds lanes under way: they get a place in their order, after those that wait for one and before the queue.
    fn put(&mut self, states: Vec<LaneState>);
    /// One lane as it stands, if it is under way.
    fn find(&self, lane: usize) -> Result<Lanes>;
    /// Lanes that have not started.
    fn queue(&self) -> &queue::Queue;
    fn queue_mut(&mut self) -> &mut queue::Queue;
    /// What lanes start with.
    fn placement(&self) -> &placement::Placement;
    fn placement_mut(&mut self) -> &mut placement::Placement;
    /// Lanes under way, among them that with the lowest finite value; none if no lane has one.
    fn lowest(&self) -> Lanes;
    /// What a GPU did; none on the CPU engine.
    fn telemetry(&self) -> Option<telemetry::Telemetry> {
        None
    }
    /// A branch of all state.
    fn clone_box(&self) -> Box<dyn Engine>;
}
