//! A lane away from any engine: its whole state, in the numbers of the host.

use super::curvature::{diagonal_of_matrix, inverse_hessian_diagonal};
use super::lane::{Fields, Phase};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::changes::Changes;
use super::placement::Start;
use super::queue::Queue;
use super::{Lanes, Record, Totals};
use crate::method::Status;

/// All that a lane under way is, wherever it was and wherever it goes on. Numbers of lanes in f32 are f64 here and the same
/// again when they go back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LaneState {
    pub(crate) fields: Fields,
    pub(crate) x: Vec<f64>,
    pub(crate) g: Vec<f64>,
    pub(crate) d: Vec<f64>,
    pub(crate) best: Vec<f64>,
    /// The pairs, newest first, one after another; as many as `fields.pairs`, or none where the method keeps none.
    pub(crate) s: Vec<f64>,
    pub(crate) y: Vec<f64>,
    /// 1 / s.y of each.
    pub(crate) rho: Vec<f64>,
    /// The method's matrix; nothing where it has none, or knows nothing yet.
    pub(crate) h: Vec<f64>,
    pub(crate) parameters: Vec<f64>,
    /// The box that x stays in; empty in a run without bounds.
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    /// The rows of its trail, oldest first: value and gradient after each of its last steps; see `engine/trail.rs`.
    pub(crate) trail: Vec<f64>,
}

impl LaneState {
    /// A lane before its first evaluation.
    pub(crate) fn fresh(lane: usize, start: Start) -> Self {
        let Start { point, parameters, lower, upper, demands } = start;
        let fields = Fields::fresh(lane, &demands);
        let zeros = vec![0.0; point.len()];
        Self {
            fields,
            x: point,
            g: zeros.clone(),
            d: zeros.clone(),
            best: zeros,
            s: Vec::new(),
            y: Vec::new(),
            rho: Vec::new(),
            h: Vec::new(),
            parameters,
            lower,
            upper,
            trail: Vec::new(),
        }
    }

    /// Sends the lane to another point, where it is to be evaluated next: what is known of the one before is dropped, and the pairs
    /// too unless `keeps`. Its counts go on, and so does what ends it, and its trail, in which the new point's row takes the place
    /// of that of the one before.
    pub(crate) fn begin_at(&mut self, point: &[f64], keeps: bool) {
        let old = std::mem::take(&mut self.fields);
        if !old.gradient_max.is_nan() {
            self.trail.truncate(self.trail.len().saturating_sub(2));
        }
        let nan = f64::NAN;
        let mut fields = Fields { lane: old.lane, phase: Phase::Fresh as u32, value: nan, gradient_max: nan, ..Fields::default() };
        (fields.measured, fields.threshold) = (nan, nan);
        (fields.iterations, fields.evaluations) = (old.iterations, old.evaluations);
        (fields.refused, fields.resets, fields.restarts, fields.longest_search) =
            (old.refused, old.resets, old.restarts, old.longest_search);
        (fields.step, fields.accepted_alpha, fields.accepted_mu) = (old.step, old.accepted_alpha, old.accepted_mu);
        (fields.gradient_tolerance, fields.gradient_relative) = (old.gradient_tolerance, old.gradient_relative);
        (fields.step_tolerance, fields.step_relative) = (old.step_tolerance, old.step_relative);
        (fields.value_tolerance, fields.value_relative) = (old.value_tolerance, old.value_relative);
        (fields.goal, fields.floor_policy) = (old.goal, old.floor_policy);
        (fields.iteration_limit, fields.evaluation_limit) = (old.iteration_limit, old.evaluation_limit);
        if keeps {
            (fields.pairs, fields.gamma) = (old.pairs, old.gamma);
        } else {
            [&mut self.s, &mut self.y, &mut self.rho, &mut self.h].into_iter().for_each(Vec::clear);
        }
        self.fields = fields;
        self.x = point.to_vec();
        [&mut self.g, &mut self.d].into_iter().for_each(|vector| vector.fill(0.0));
    }

    /// Begins the search that the lane is in anew along the same direction, with the step that it would have tried next or
    /// with `alpha`, if that is given. `width` is the widest bracket there can be.
    pub(crate) fn search_anew(&mut self, alpha: Option<f64>, width: f64) {
        let fields = &mut self.fields;
        if fields.phase != Phase::Search as u32 {
            return;
        }
        fields.alpha = alpha.unwrap_or(fields.alpha);
        (fields.low, fields.low_value, fields.low_slope, fields.width) = (0.0, fields.value, fields.slope, width);
        (fields.bracketed, fields.high_known, fields.has_safe) = (0, 0, 0);
        (fields.expansions, fields.search_evaluations) = (0, 0);
    }

    /// Forgets the oldest pairs of L-BFGS, beyond so many.
    pub(crate) fn forget_beyond(&mut self, pairs: usize) {
        let n = self.x.len();
        self.fields.pairs = self.fields.pairs.min(pairs as u32);
        self.s.truncate(pairs * n);
        self.y.truncate(pairs * n);
        self.rho.truncate(pairs);
    }

    /// The lowest point that the lane has met, if it has met one: its value, the largest component of its gradient, and itself.
    pub(crate) fn lowest_point(&self) -> Option<Low> {
        let Fields { value, gradient_max, best_value, best_gradient_max, .. } = self.fields;
        let low = match self.fields.best_elsewhere {
            0 => Low { value, gradient_max, point: self.x.clone() },
            _ => Low { value: best_value, gradient_max: best_gradient_max, point: self.best.clone() },
        };
        low.value.is_finite().then_some(low)
    }

    /// The lane's number.
    pub(crate) fn lane(&self) -> usize {
        self.fields.lane as usize
    }

    /// What the lane has done.
    pub(crate) fn totals(&self) -> Totals {
        Totals { evaluations: self.fields.evaluations.into(), iterations: self.fields.iterations.into() }
    }

    /// How the lane stands.
    pub(crate) fn record(&self) -> Record {
        Record::of(&self.fields, self.g.iter().map(|g| g * g).sum())
    }

    /// The diagonal of the inverse Hessian that the lane's pairs make.
    pub(crate) fn inverse_hessian_diagonal(&self) -> Vec<f64> {
        if !self.h.is_empty() && self.fields.pairs > 0 {
            return diagonal_of_matrix(&self.h, None);
        }
        inverse_hessian_diagonal(&self.s, &self.y, self.fields.gamma, self.x.len())
    }

    /// Adds how the lane stands to `out`, its point included; `curvature`: and the diagonal of its inverse Hessian.
    pub(crate) fn report(&self, curvature: bool, out: &mut Lanes) {
        let elsewhere = self.fields.best_elsewhere != 0;
        if curvature {
            out.curvatures.push((out.records.len(), self.inverse_hessian_diagonal()));
        }
        if !self.trail.is_empty() {
            out.trails.push((out.records.len(), self.trail.clone()));
        }
        if elsewhere {
            out.last_points.push((out.records.len(), self.x.clone()));
        }
        out.points.extend(if elsewhere { &self.best } else { &self.x });
        out.records.push(self.record());
    }

    /// Adds the lane to `out` as one that has ended, in the way and by the measurement that are given.
    pub(crate) fn end(&self, (status, measured, threshold): (Status, f64, f64), curvature: bool, out: &mut Lanes) {
        let fields = Fields { phase: Phase::Idle as u32, status: status.code(), measured, threshold, ..self.fields.clone() };
        Self { fields, ..self.clone() }.report(curvature, out);
    }

    /// Adds the lane to `out` as one that the host has stopped.
    pub(crate) fn stop(&self, curvature: bool, out: &mut Lanes) {
        self.end((Status::Stopped, f64::NAN, f64::NAN), curvature, out);
    }

    /// A lane that a limit has ended as it was before that: about to search.
    pub(crate) fn revived(self) -> Self {
        let (phase, status) = (Phase::Search as u32, Status::Active.code());
        Self { fields: Fields { phase, status, measured: f64::NAN, threshold: f64::NAN, ..self.fields }, ..self }
    }

    /// The limit that the lane has come to, as an end. What it has not evaluated yet it may evaluate.
    pub(crate) fn spent(&self) -> Option<(Status, f64, f64)> {
        let Fields { phase, iterations, iteration_limit, evaluations, evaluation_limit, .. } = self.fields;
        let ended = |status, count: u32, limit: u32| Some((status, count.into(), limit.into()));
        if phase != Phase::Fresh as u32 && iterations >= iteration_limit {
            return ended(Status::IterationLimit, iterations, iteration_limit);
        }
        if evaluations >= evaluation_limit {
            return ended(Status::EvaluationLimit, evaluations, evaluation_limit);
        }
        None
    }
}

/// A point that a lane has met, and left for one that the user has chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Low {
    pub(crate) value: f64,
    pub(crate) gradient_max: f64,
    pub(crate) point: Vec<f64>,
}

/// Of several lanes the one with the lowest finite value; none if no lane has one.
pub(crate) fn lowest<'a>(states: impl IntoIterator<Item = &'a LaneState>, curvature: bool) -> Lanes {
    let value = |state: &LaneState| if state.fields.best_elsewhere != 0 { state.fields.best_value } else { state.fields.value };
    let finite = states.into_iter().filter(|state| value(state).is_finite());
    let lowest = finite.min_by(|a, b| value(a).total_cmp(&value(b)).then(a.lane().cmp(&b.lane())));
    let mut lanes = Lanes::default();
    lowest.into_iter().for_each(|state| state.report(curvature, &mut lanes));
    lanes
}

/// What an engine begins with.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// Lanes under way, in the order in which they are placed; those that find no place wait for one, before the queue.
    pub(crate) states: Vec<LaneState>,
    /// Lanes that have not started.
    pub(crate) queue: Queue,
    /// What the user has changed of lanes.
    pub(crate) changes: Arc<Changes>,
}

impl Standing {
    /// Nothing has begun.
    pub(crate) fn new(lanes: usize) -> Self {
        Self { states: Vec::new(), queue: Queue::new(lanes), changes: Arc::default() }
    }
}
