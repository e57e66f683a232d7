//! The sizes that shaders are made for, and where a lane's vectors live.

use crate::engine::lane::{DEMANDS, Extent, FIELDS};
use crate::method::Method;
use crate::problem::Problem;

/// Vectors of up to so many components live in an invocation's own memory while it runs, most of the 8 KiB that WGSL promises.
const MOST_PRIVATE: usize = 192;

/// Components that the history is read and written by.
pub(super) const BLOCK: usize = 4;

/// The sizes that the text is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) dimension: usize,
    pub(super) memory: usize,
    /// Numbers of the method's matrix.
    pub(super) matrix: usize,
    pub(super) parameters: usize,
    /// Lanes have boxes.
    pub(super) bounded: bool,
    /// Rows that lanes keep of their progress.
    pub(super) trail: usize,
}

/// A vector of a lane, and where it lives.
pub(super) struct Vector {
    pub(super) name: &'static str,
    pub(super) len: usize,
    /// It has a place in the buffer of vectors.
    pub(super) stored: bool,
    /// It lives in the invocation's memory while that runs.
    pub(super) private: bool,
    /// It is read and written by blocks, too.
    pub(super) blocked: bool,
}

impl Shape {
    /// That of lanes of a problem, moved by a method, which keep a trail of so many rows.
    pub(super) fn of(problem: &Problem, method: Method, bounded: bool, trail: usize) -> Self {
        let (dimension, parameters) = (problem.dimension(), problem.parameters());
        Self { dimension, memory: method.memory(), matrix: method.matrix(dimension), parameters, bounded, trail }
    }

    pub(super) fn vectors(self) -> Vec<Vector> {
        let (n, m) = (self.dimension, self.memory);
        let (sides, weights) = if self.bounded { (n, m) } else { (0, 0) };
        let small = n.max(m) <= MOST_PRIVATE;
        let vector = |name, len, private, work: bool| Vector { name, len, stored: !(work && private), private, blocked: false };
        let q = if self.is_blocked() {
            Vector { blocked: true, ..vector("q", self.padded(), small, true) }
        } else {
            vector("q", n, small, true)
        };
        let all = [
            vector("x", n, small, false),
            vector("g", n, small, false),
            vector("d", n, small, false),
            vector("best", n, false, false),
            vector("rho", m, false, false),
            vector("trial_x", n, small, true),
            vector("trial_g", n, small, true),
            q,
            vector("coefficient", m, small, true),
            vector("lower", sides, false, false),
            vector("upper", sides, false, false),
            vector("weight", weights, small, true),
            vector("trail", self.trail_elements(), false, false),
        ];
        all.into_iter().filter(|vector| vector.len > 0).collect()
    }

    /// Whether the method's memory is in blocks: it is of pairs.
    pub(super) fn is_blocked(self) -> bool {
        self.memory > 0
    }

    /// Components of whole blocks.
    pub(super) fn padded(self) -> usize {
        self.dimension.next_multiple_of(BLOCK)
    }

    /// Elements of the vectors' buffer, a lane.
    pub(super) fn vector_elements(self) -> usize {
        self.vectors().iter().filter(|v| v.stored).map(|v| v.len).sum()
    }

    /// Elements of the fields' buffer, a lane.
    pub(super) fn field_elements(self) -> usize {
        FIELDS.iter().filter(|f| f.extent == Extent::One).count()
    }

    /// Numbers of a lane's box.
    pub(super) fn box_elements(self) -> usize {
        if self.bounded { 2 * self.dimension } else { 0 }
    }

    /// Numbers of a lane's trail.
    pub(super) fn trail_elements(self) -> usize {
        2 * self.trail
    }

    /// Words of a report with points: the best one, the last one, and the trail.
    pub(super) fn point_words(self) -> usize {
        2 * self.dimension + self.trail_elements()
    }

    /// Words of a lane on its way to the device: its number, its start, its parameters, its box and what ends it.
    pub(super) fn start_words(self) -> usize {
        1 + self.dimension + self.parameters + self.box_elements() + DEMANDS.len()
    }

    /// Words of a lane's whole state: see shaders/state.wgsl.
    pub(super) fn state_words(self) -> usize {
        let lane = self.field_elements() + 4 * self.dimension + self.parameters + self.box_elements() + self.trail_elements();
        lane + self.memory * (2 * self.dimension + 1) + self.matrix
    }

    /// Elements of the buffers of steps and of changes, a lane: those of its pairs. A matrix takes the place of the steps.
    pub(super) fn step_elements(self) -> usize {
        self.change_elements() + self.matrix
    }

    pub(super) fn change_elements(self) -> usize {
        self.padded() * self.memory
    }

    /// How many of those stand together.
    pub(super) fn remembered(self) -> usize {
        if self.is_blocked() { BLOCK } else { 1 }
    }

    /// The most iterations that the loops of one round take beside the objective's, and those around the rounds.
    pub(super) fn loop_iterations(self) -> (u64, u64) {
        let (n, m) = (self.dimension as u64, self.memory as u64);
        let padded = self.padded() as u64;
        // evaluate 2, resolved or promise or farthest, twice 3, pair, best and move 3, recursion 1, direction 3; by blocks the ring
        // 1 + 4 and the recursion 1 + 2 m
        let round = n * (2 + 6 + 3 + 1 + 3) + padded + padded / BLOCK as u64 * (2 + 2 * m) + 2 * m + 1;
        // held ones, the promise, descent and steepest gradient, the pairs' weights
        let bounds = if self.bounded { n * 4 + padded / BLOCK as u64 * m + m } else { 0 };
        // A matrix is passed over three times, and its rows.
        let matrix = if self.matrix > 0 { 3 * self.matrix as u64 + 5 * n } else { 0 };
        let around = self.box_elements() + self.parameters + self.trail + 64;
        (round + bounds + matrix, 5 * n + around as u64)
    }
}
