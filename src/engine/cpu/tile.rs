//! The state of sixteen lanes, and what they share.

use std::ops::Range;

use super::history::{History, Pairs};
use crate::engine::curvature::{diagonal_of_matrix, inverse_hessian_diagonal};
use crate::engine::lane::{Fields, Phase, Scalars};
use crate::engine::state::LaneState;
use crate::engine::{Lanes, Record, trail};
use crate::method::{Lbfgs, Method, Status, Walk};
use crate::problem::evaluate::chunk::{CHUNK, Chunk, Mask};
use crate::problem::evaluate::real::Real;

/// What all lanes have in common, in their precision.
#[derive(Clone, Debug)]
pub(super) struct Rules<T> {
    pub(super) dimension: usize,
    pub(super) bounded: bool,
    pub(super) walk: Walk,
    pub(super) memory: usize,
    /// Whether results bring the diagonal of the inverse Hessian.
    pub(super) curvature: bool,
    /// Rows that lanes keep of their progress.
    pub(super) trail: usize,
    /// Whether lanes that a limit has ended are kept, to go on later.
    pub(super) keeps: bool,
    /// Numbers of the method's matrix.
    pub(super) matrix: usize,
    /// The noise of f is this times max(|f|, scale / 4).
    pub(super) noise: T,
}

impl<T: Real> Rules<T> {
    /// Those of L-BFGS: for parts of the engine by themselves.
    pub(super) fn lbfgs(dimension: usize, memory: usize, noise: T) -> Self {
        Self {
            dimension,
            bounded: false,
            walk: Method::from(Lbfgs { memory }).into(),
            memory,
            matrix: 0,
            curvature: false,
            trail: 0,
            keeps: false,
            noise,
        }
    }
}

/// Sixteen lanes: a vector is one chunk a component.
#[derive(Clone, Debug)]
pub(super) struct Tile<T: Copy> {
    pub(super) lanes: Scalars<T>,
    pub(super) x: Vec<Chunk<T>>,
    pub(super) g: Vec<Chunk<T>>,
    pub(super) d: Vec<Chunk<T>>,
    pub(super) best: Vec<Chunk<T>>,
    pub(super) history: History<T>,
    /// The diagonal of the inverse Hessian of lanes that have ended; empty unless asked for.
    curvature: Vec<Chunk<T>>,
    /// The lower triangle of the inverse Hessian, row by row; empty where the method has none. Read in lanes with pairs only.
    pub(super) h: Vec<Chunk<T>>,
    /// The box that x stays in; empty in a run without bounds.
    pub(super) lower: Vec<Chunk<T>>,
    pub(super) upper: Vec<Chunk<T>>,
    /// Rings of value and gradient after each of the last steps: see `engine/trail.rs`. Each lane has its own newest row.
    pub(super) trail: Vec<Chunk<T>>,
}

impl<T: Real> Tile<T> {
    pub(super) fn new(rules: &Rules<T>) -> Self {
        let vector = |len| vec![Chunk::splat(T::ZERO); len];
        let n = rules.dimension;
        Self {
            lanes: Scalars::new(),
            x: vector(n),
            g: vector(n),
            d: vector(n),
            best: vector(n),
            history: History::new(n, rules.memory),
            curvature: vector(if rules.curvature { n } else { 0 }),
            h: vector(rules.matrix),
            lower: vector(if rules.bounded { n } else { 0 }),
            upper: vector(if rules.bounded { n } else { 0 }),
            trail: vector(2 * rules.trail),
        }
    }

    /// Whether lane `l` has a lane under way.
    pub(super) fn is_active(&self, l: usize) -> bool {
        self.lanes.phase.0[l] != Phase::Idle as u32
    }

    /// Whether lane `l` is empty: neither under way nor with a result to be collected.
    pub(super) fn is_free(&self, l: usize) -> bool {
        !self.is_active(l) && self.lanes.status.0[l] == Status::Active.code()
    }

    /// How many lanes are under way.
    #[inline(always)]
    pub(super) fn active(&self) -> usize {
        self.lanes.phase.0.iter().map(|&phase| u32::from(phase != Phase::Idle as u32)).sum::<u32>() as usize
    }

    /// Puts a new lane into place `l`, or a result if its start is not finite.
    pub(super) fn place(&mut self, l: usize, fields: &Fields, start: &[f64]) {
        // A lane whose result waits to be collected may be gone on with, by its pairs.
        if (0..CHUNK).all(|l| self.is_free(l)) {
            self.history.clear();
        }
        self.lanes.set(l, fields);
        for (x, &value) in self.x.iter_mut().zip(start) {
            x.0[l] = T::from_f64(value);
        }
        let finite = self.x.iter().all(|x| x.0[l].is_finite());
        for vector in [&mut self.g, &mut self.d, &mut self.best] {
            vector.iter_mut().for_each(|chunk| chunk.0[l] = T::ZERO);
        }
        self.curvature.iter_mut().for_each(|chunk| chunk.0[l] = T::from_f64(f64::NAN));
        if !finite {
            let nan = T::from_f64(f64::NAN);
            self.finish(l, Status::NonFiniteStart, nan, nan);
        }
    }

    /// Frees place `l` after its result was collected.
    pub(super) fn free(&mut self, l: usize) {
        self.lanes.status.0[l] = Status::Active.code();
        self.lanes.pairs.0[l] = 0;
        self.x.iter_mut().for_each(|x| x.0[l] = T::ZERO);
    }

    /// Moves the lane in place `from` of another tile to place `l`.
    pub(super) fn take_lane(&mut self, l: usize, other: &mut Self, from: usize) {
        self.lanes.copy_lane(l, &other.lanes, from);
        let vectors = [
            (&mut self.x, &other.x),
            (&mut self.g, &other.g),
            (&mut self.d, &other.d),
            (&mut self.best, &other.best),
            (&mut self.curvature, &other.curvature),
            (&mut self.h, &other.h),
            (&mut self.lower, &other.lower),
            (&mut self.upper, &other.upper),
            (&mut self.trail, &other.trail),
        ];
        for (to, vector) in vectors {
            to.iter_mut().zip(vector).for_each(|(a, b)| a.0[l] = b.0[from]);
        }
        let [s, y, rho] = other.history.lane(from, other.lanes.pairs.0[from] as usize, false);
        self.history.set_lane(l, [&s, &y, &rho]);
        other.leave(from);
    }

    /// Frees place `l` of a lane that has gone on elsewhere.
    pub(super) fn leave(&mut self, l: usize) {
        self.lanes.phase.0[l] = Phase::Idle as u32;
        self.lanes.alpha.0[l] = T::ZERO;
        self.free(l);
    }

    /// The lowest value that lane `l` has met.
    pub(super) fn best_value(&self, l: usize) -> T {
        if self.lanes.best_elsewhere.0[l] != 0 { self.lanes.best_value.0[l] } else { self.lanes.value.0[l] }
    }

    /// Adds how lane `l` stands to `out`, its point included.
    pub(super) fn report(&self, l: usize, out: &mut Lanes) {
        let point = |vector: &[Chunk<T>]| lane_of(vector, l);
        let elsewhere = self.lanes.best_elsewhere.0[l] != 0;
        if elsewhere {
            out.last_points.push((out.records.len(), point(&self.x)));
        }
        let best = if elsewhere { &self.best } else { &self.x };
        out.points.extend(best.iter().map(|chunk| chunk.0[l].to_f64()));
        if !self.curvature.is_empty() {
            let diagonal = if self.is_active(l) { self.state(l, Vec::new()).inverse_hessian_diagonal() } else { point(&self.curvature) };
            out.curvatures.push((out.records.len(), diagonal));
        }
        if !self.trail.is_empty() {
            let trail = self.trail(l);
            if !trail.is_empty() {
                out.trails.push((out.records.len(), trail));
            }
        }
        out.records.push(self.record(l));
    }

    /// Which rows lane `l` has of its progress.
    fn rows(&self, l: usize) -> Range<u32> {
        trail::iterations(self.lanes.iterations.0[l], self.lanes.gradient_max.0[l].to_f64(), self.trail.len() / 2)
    }

    /// The rows of lane `l`'s progress, oldest first.
    fn trail(&self, l: usize) -> Vec<f64> {
        trail::unroll(self.rows(l), self.trail.len() / 2, |at| self.trail[at].0[l].to_f64())
    }

    /// How lane `l` stands.
    #[inline]
    pub(super) fn record(&self, l: usize) -> Record {
        Record::of(&self.lanes.get(l), self.g.iter().map(|g| g.0[l].to_f64().powi(2)).sum())
    }

    /// Keeps what the pairs of those lanes of `asked` that have ended say of the inverse Hessian, if it is asked for, and returns those
    /// lanes. Pairs of `newest` have just been accepted.
    #[inline(always)]
    pub(super) fn keep_curvatures(&mut self, asked: Mask<T>, newest: Mask<T>) -> Mask<T> {
        if self.curvature.is_empty() {
            return Mask::none();
        }
        let ended = asked.and(Mask::of(self.lanes.phase, |phase| phase == Phase::Idle as u32));
        ended.each().for_each(|l| self.keep_curvature(l, newest.has(l)));
        ended
    }

    /// Keeps what the pairs of lane `l` say of the inverse Hessian, as it ends. `newest`: it has just accepted a pair, which
    /// has not been remembered yet.
    pub(super) fn keep_curvature(&mut self, l: usize, newest: bool) {
        if self.curvature.is_empty() {
            return;
        }
        let (n, pairs) = (self.x.len(), self.lanes.pairs.0[l] as usize);
        let lane = |chunks: &[Chunk<T>]| lane_of(chunks, l);
        let diagonal = if self.h.is_empty() || pairs <= usize::from(newest) {
            let [s, y, _] = self.history.lane(l, pairs, newest);
            inverse_hessian_diagonal(&s, &y, self.lanes.gamma.0[l].to_f64(), n)
        } else {
            let Pairs { s, y, .. } = self.history.coming();
            let (s, y) = (lane(s), lane(y));
            diagonal_of_matrix(&lane(&self.h), newest.then_some((&s, &y)))
        };
        self.curvature.iter_mut().zip(diagonal).for_each(|(chunk, value)| chunk.0[l] = T::from_f64(value));
    }

    /// The whole state of lane `l`, whose parameters the evaluator has.
    pub(super) fn state(&self, l: usize, parameters: Vec<f64>) -> LaneState {
        let lane = |chunks: &[Chunk<T>]| lane_of(chunks, l);
        let fields = self.lanes.get(l);
        let [s, y, rho] = self.history.lane(l, fields.pairs as usize, false);
        let learned = if fields.pairs > 0 { self.h.len() } else { 0 };
        LaneState {
            x: lane(&self.x),
            g: lane(&self.g),
            d: lane(&self.d),
            best: lane(&self.best),
            s,
            y,
            rho,
            h: lane(&self.h[..learned]),
            parameters,
            lower: lane(&self.lower),
            upper: lane(&self.upper),
            trail: self.trail(l),
            fields: Fields { waits: 0, ..fields },
        }
    }

    /// Puts a lane under way into place `l`.
    pub(super) fn place_state(&mut self, l: usize, state: &LaneState) {
        self.lanes.set(l, &state.fields);
        self.history.set_lane(l, [&state.s, &state.y, &state.rho]);
        let vectors = [
            (&mut self.x[..], &state.x),
            (&mut self.g, &state.g),
            (&mut self.d, &state.d),
            (&mut self.best, &state.best),
            (&mut self.h, &state.h),
            (&mut self.lower, &state.lower),
            (&mut self.upper, &state.upper),
        ];
        for (to, vector) in vectors {
            let values = vector.iter().map(|&value| T::from_f64(value)).chain(std::iter::repeat(T::ZERO));
            to.iter_mut().zip(values).for_each(|(chunk, value)| chunk.0[l] = value);
        }
        let (rows, room) = (self.rows(l), self.trail.len() / 2);
        trail::roll(&state.trail, rows, room, |at, number| self.trail[at].0[l] = T::from_f64(number));
    }
}

/// The numbers of lane `l`.
pub(super) fn lane_of<T: Real>(chunks: &[Chunk<T>], l: usize) -> Vec<f64> {
    chunks.iter().map(|chunk| chunk.0[l].to_f64()).collect()
}
