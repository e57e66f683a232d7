//! What an accepted point costs, without evaluation and line search: for this crate's benchmarks.

use pulp::Simd;

use super::accept::accept;
use super::direction::turn;
use super::lbfgs::Scratch;
use super::tile::{Rules, Tile};
use super::trial::{Trial, measure};
use crate::engine::lane::Fields;
use crate::error::Result;
use crate::method::Demands;
use crate::probe::at;
use crate::problem::Problem;
use crate::problem::evaluate::chunk::{CHUNK, CHUNKS, Chunk, LANES, Mask};
use crate::problem::evaluate::dispatch::{WithVectors, in_vectors};
use crate::problem::evaluate::machine::Machine;

/// How many points the lanes go round.
const POINTS: usize = 3;

/// A block of lanes in f32 that all accept a point in every round. The points go round on a convex bowl, so that every pair
/// is curved, and are evaluated beforehand.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "no part of the interface")]
pub struct DirectionProbe {
    tiles: Vec<Tile<f32>>,
    trial: Trial<f32>,
    scratch: Scratch<f32>,
    rules: Rules<f32>,
    machines: Vec<Machine<f32>>,
    next: usize,
}

impl DirectionProbe {
    /// Lanes of `dimension` components at their first point, with no pairs yet; `values`: which learn from values of f besides, see
    /// [`Pairs`](crate::Pairs).
    ///
    /// # Errors
    /// What [`Problem::new`] says to the dimension.
    pub fn new(dimension: usize, memory: usize, values: bool) -> Result<Self> {
        let bowl = Problem::new(dimension, |x| x.sum(0..dimension, |i| (1.0 + i.number()) * x.at(i).powi(2)))?;
        let point = |k: usize, lane: usize| -> Vec<f64> {
            (0..dimension).map(|i| (1.0 + (k * dimension + i) as f64 * 1.7 + lane as f64 * 0.37).sin()).collect()
        };
        let machine = |k: usize| {
            let mut machine: Machine<f32> = bowl.machine();
            (0..LANES).for_each(|lane| machine.set_lane(lane, &point(k, lane), &[]));
            machine.evaluate(CHUNKS);
            // The value goes round as well: level, so that no point is higher than the one before.
            machine.value().iter().for_each(|chunk| chunk.set(Chunk::splat(1.0)));
            machine
        };
        let mut rules = Rules::lbfgs(dimension, memory, 1e-6);
        rules.walk.pairs.values = values;
        let mut tiles: Vec<Tile<f32>> = (0..CHUNKS).map(|_| Tile::new(&rules)).collect();
        (0..LANES).for_each(|lane| tiles[lane / CHUNK].place(lane % CHUNK, &Fields::fresh(lane, &Demands::default()), &point(0, lane)));
        let (trial, scratch) = (Trial::new(), Scratch::new(dimension, memory));
        Ok(Self { tiles, trial, scratch, rules, machines: (0..POINTS).map(machine).collect(), next: 0 })
    }

    /// Every lane accepts the next point and turns to a new direction.
    pub fn round(&mut self) {
        in_vectors(Round { probe: self });
    }

    /// Which point the next round accepts.
    pub fn next(&self) -> usize {
        self.next
    }

    /// How many points there are.
    pub fn points(&self) -> usize {
        self.machines.len()
    }

    /// Point `k` of a lane, and the gradient there.
    pub fn point(&self, k: usize, lane: usize) -> (Vec<f64>, Vec<f64>) {
        let machine = &self.machines[k];
        let of = |rows: &[_]| rows.iter().map(|row| at(row, lane)).collect();
        (of(machine.point()), of(machine.gradient()))
    }

    /// The direction of a lane, and the slope along it.
    pub fn direction(&self, lane: usize) -> (Vec<f64>, f64) {
        let (tile, l) = (&self.tiles[lane / CHUNK], lane % CHUNK);
        (tile.d.iter().map(|d| f64::from(d.0[l])).collect(), f64::from(tile.lanes.slope.0[l]))
    }

    /// How many pairs a lane remembers.
    pub fn pairs(&self, lane: usize) -> u32 {
        self.tiles[lane / CHUNK].lanes.pairs.0[lane % CHUNK]
    }
}

struct Round<'a> {
    probe: &'a mut DirectionProbe,
}

impl WithVectors for Round<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let DirectionProbe { tiles, trial, scratch, rules, machines, next } = self.probe;
        let machine = &machines[*next];
        *next = (*next + 1) % machines.len();
        for (c, tile) in tiles.iter_mut().enumerate() {
            measure(simd, tile, c, machine, trial);
            // All of them; the compiler can't know.
            let accepted = trial.asks;
            let kept = accept(simd, tile, c, machine, trial, accepted, rules).kept;
            turn(simd, tile, accepted, kept, Mask::none(), scratch, rules);
        }
    }
}
