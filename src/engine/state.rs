//! A lane away from any engine: its whole state, in the numbers of the host.

use super::curvature::{diagonal_of_matrix, inverse_hessian_diagonal};
use super::lane::{Fields, Phase};
use super::placement::Start;
use super::source::Queue;
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
        }
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

    /// Adds how the lane stands to `out`, its point included, and the diagonal of the inverse Hessian if that is asked for.
    pub(crate) fn report(&self, out: &mut Lanes, curvature: bool) {
        if curvature {
            out.curvatures.push((out.records.len(), self.inverse_hessian_diagonal()));
        }
        let elsewhere = self.fields.best_elsewhere != 0;
        if elsewhere {
            out.last_points.push((out.records.len(), self.x.clone()));
        }
        out.points.extend(if elsewhere { &self.best } else { &self.x });
        out.records.push(self.record());
    }

    /// Adds the lane to `out` as one that the host has stopped.
    pub(crate) fn stop(mut self, out: &mut Lanes, curvature: bool) {
        self.fields.phase = Phase::Idle as u32;
        self.fields.status = Status::Stopped.code();
        self.report(out, curvature);
    }
}

/// Of several lanes the one with the lowest finite value; none if no lane has one.
pub(crate) fn lowest<'a>(states: impl IntoIterator<Item = &'a LaneState>, curvature: bool) -> Lanes {
    let value = |state: &LaneState| if state.fields.best_elsewhere != 0 { state.fields.best_value } else { state.fields.value };
    let finite = states.into_iter().filter(|state| value(state).is_finite());
    let lowest = finite.min_by(|a, b| value(a).total_cmp(&value(b)).then(a.lane().cmp(&b.lane())));
    let mut lanes = Lanes::default();
    lowest.into_iter().for_each(|state| state.report(&mut lanes, curvature));
    lanes
}

/// What an engine begins with.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// Lanes under way, in the order in which they are placed; those that find no place wait for one, before the queue.
    pub(crate) states: Vec<LaneState>,
    /// Lanes that have not started.
    pub(crate) queue: Queue,
    /// What lanes that have ended did.
    pub(crate) ended: Totals,
}

impl Standing {
    /// Nothing has begun.
    pub(crate) fn new(lanes: usize) -> Self {
        Self { states: Vec::new(), queue: 0..lanes, ended: Totals::default() }
    }
}
