//! A block of lanes: what a worker keeps in its cache and takes through round after round.

use pulp::Simd;

use super::accept::{Accepted, accept, forget};
use super::direction::turn;
use super::judge::{Verdict, judge};
use super::levenberg_marquardt;
use super::line_search::end_search;
use super::tests::{end_at_limits, stop_at_floor, test};
use super::tile::{Rules, Tile};
use super::trial::{Trial, measure, propose};
use super::two_loop::Scratch;
use crate::engine::Lanes;
use crate::engine::lane::{Fields, Phase};
use crate::engine::placement::Start;
use crate::engine::state::LaneState;
use crate::method::{Method, Status};
use crate::problem::evaluate::chunk::{CHUNK, CHUNKS, Chunk, LANES, Mask};
use crate::problem::evaluate::dispatch::{WithVectors, vectors};
use crate::problem::evaluate::lanes::At;
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// Lanes side by side, with the evaluator that they share.
#[derive(Clone)]
pub(super) struct Block<T: Real> {
    machine: Machine<T>,
    tiles: Vec<Tile<T>>,
    /// Whether the evaluator has the point that each lane tries next.
    proposed: bool,
    /// The tile's at hand.
    trial: Trial<T>,
    scratch: Scratch<T>,
}

impl<T: Real> Block<T> {
    pub(super) fn new(machine: Machine<T>, rules: &Rules<T>) -> Self {
        let tiles = (0..CHUNKS).map(|_| Tile::new(rules)).collect();
        Self { machine, tiles, proposed: false, trial: Trial::new(), scratch: Scratch::new(rules.dimension, rules.memory) }
    }

    /// How many lanes are under way.
    pub(super) fn active(&self) -> usize {
        self.tiles.iter().map(Tile::active).sum()
    }

    /// Tiles up to the last that has a lane under way.
    fn tiles_in_use(&self) -> usize {
        self.tiles.iter().rposition(|tile| tile.active() > 0).map_or(0, |last| last + 1)
    }

    /// One evaluation of every lane, and what follows from it. In a `step()` a lane that has accepted a point waits.
    pub(super) fn round(&mut self, rules: &Rules<T>, stepping: bool) {
        let tiles = self.tiles_in_use();
        if !self.proposed {
            vectors(Propose { block: self, tiles });
        }
        self.proposed = true;
        self.machine.evaluate(tiles);
        vectors(Conclude { block: self, tiles, rules, stepping });
    }

    /// Rounds until every lane has accepted one step or ended.
    pub(super) fn step(&mut self, rules: &Rules<T>) {
        self.wait_no_longer();
        while self.tiles.iter().any(|tile| (0..CHUNK).any(|l| tile.is_active(l) && tile.lanes.waits.0[l] == 0)) {
            self.round(rules, true);
        }
        self.wait_no_longer();
    }

    fn wait_no_longer(&mut self) {
        self.proposed = false;
        for tile in &mut self.tiles {
            tile.lanes.waits = Chunk::splat(0);
        }
    }

    /// Free places.
    pub(super) fn free(&self) -> Vec<usize> {
        (0..LANES).filter(|&at| self.tiles[at / CHUNK].is_free(at % CHUNK)).collect()
    }

    /// Puts a new lane into a free place.
    pub(super) fn place(&mut self, at: usize, lane: usize, start: &Start) {
        self.proposed = false;
        self.tiles[at / CHUNK].set_box(at % CHUNK, &start.lower, &start.upper);
        self.tiles[at / CHUNK].place(at % CHUNK, &Fields::fresh(lane, &start.demands), &start.point);
        self.machine.set_parameters(at, &start.parameters);
    }

    /// Puts a lane under way into a free place.
    pub(super) fn place_state(&mut self, at: usize, state: &LaneState) {
        self.proposed = false;
        self.tiles[at / CHUNK].place_state(at % CHUNK, state);
        self.machine.set_parameters(at, &state.parameters);
    }

    /// Adds the whole state of every lane under way to `out`.
    pub(super) fn export(&self, out: &mut Vec<LaneState>) {
        for at in 0..LANES {
            let (tile, l) = (&self.tiles[at / CHUNK], at % CHUNK);
            if tile.is_active(l) {
                out.push(tile.state(l, self.machine.parameters(at)));
            }
        }
    }

    /// Takes lanes under way that `which` says yes to by their numbers away to `out`, which frees their places.
    pub(super) fn take(&mut self, which: &dyn Fn(usize) -> bool, out: &mut Vec<LaneState>) {
        self.proposed = false;
        for at in 0..LANES {
            let (tile, l) = (&mut self.tiles[at / CHUNK], at % CHUNK);
            if tile.is_active(l) && which(tile.lanes.lane.0[l] as usize) {
                out.push(tile.state(l, self.machine.parameters(at)));
                tile.leave(l);
            }
        }
    }

    /// Moves the results of lanes that have ended to `out`, which frees their places.
    pub(super) fn collect(&mut self, rules: &Rules<T>, out: &mut Lanes) {
        for at in 0..LANES {
            let (tile, l) = (&mut self.tiles[at / CHUNK], at % CHUNK);
            if tile.is_active(l) || tile.is_free(l) {
                continue;
            }
            tile.report(l, out);
            if rules.keeps && Status::from_code(tile.lanes.status.0[l]).is_some_and(Status::is_budget) {
                out.kept.push(tile.state(l, self.machine.parameters(at)).revived());
            }
            tile.free(l);
        }
    }

    /// The lanes under way, each as its tile and its place in it.
    pub(super) fn lanes(&self) -> impl Iterator<Item = (&Tile<T>, usize)> {
        self.tiles.iter().flat_map(|tile| (0..CHUNK).map(move |l| (tile, l))).filter(|(tile, l)| tile.is_active(*l))
    }

    /// Ends all lanes, stopped by the host.
    pub(super) fn stop(&mut self) {
        let nan = T::from_f64(f64::NAN);
        for tile in &mut self.tiles {
            (0..CHUNK).for_each(|l| {
                if tile.is_active(l) {
                    tile.keep_curvature(l, false);
                    tile.finish(l, Status::Stopped, nan, nan)
                }
            });
        }
    }

    /// Takes over lanes under way from another block, as many as there are places for.
    pub(super) fn absorb(&mut self, other: &mut Self) {
        (self.proposed, other.proposed) = (false, false);
        let mut places = self.free().into_iter();
        for from in 0..LANES {
            if !other.tiles[from / CHUNK].is_active(from % CHUNK) {
                continue;
            }
            let Some(at) = places.next() else {
                return;
            };
            self.tiles[at / CHUNK].take_lane(at % CHUNK, &mut other.tiles[from / CHUNK], from % CHUNK);
            self.machine.copy_parameters(at, &other.machine, from);
        }
    }
}

struct Propose<'a, T: Real> {
    block: &'a Block<T>,
    tiles: usize,
}

impl<T: Real> WithVectors for Propose<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (c, tile) in self.block.tiles[..self.tiles].iter().enumerate() {
            propose(simd, tile, c, self.block.machine.point());
        }
    }
}

struct Conclude<'a, T: Real> {
    block: &'a mut Block<T>,
    tiles: usize,
    rules: &'a Rules<T>,
    stepping: bool,
}

impl<T: Real> WithVectors for Conclude<'_, T> {
    /// Tile by tile, through all stages up to the next trial: what a tile holds is more than a part of the first cache.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Block { machine, tiles, trial, scratch, .. } = self.block;
        for (c, tile) in tiles[..self.tiles].iter_mut().enumerate() {
            let mut stages = Stages { simd, tile, c, machine, rules: self.rules };
            let verdict = stages.judge(trial);
            let step = stages.accept(trial, verdict.accepted, self.stepping);
            stages.turn(trial, verdict.ended, &step, scratch);
            propose(simd, tile, c, machine.point());
        }
    }
}

/// The stages of a round after the evaluation, for one tile.
struct Stages<'a, S: Simd, T: Real> {
    simd: S,
    tile: &'a mut Tile<T>,
    c: usize,
    machine: &'a Machine<T>,
    rules: &'a Rules<T>,
}

/// What comes of accepted points.
struct Step<T: Real> {
    /// Lanes that go on from there.
    turns: Mask<T>,
    /// Lanes with a new pair.
    kept: Mask<T>,
}

impl<S: Simd, T: Real> Stages<'_, S, T> {
    /// Reads the evaluation, and judges each lane's trial by it.
    #[inline(always)]
    fn judge(&mut self, trial: &mut Trial<T>) -> Verdict<T> {
        measure(self.simd, self.tile, self.c, self.machine, trial);
        match self.rules.walk.method {
            Method::LevenbergMarquardt(settings) => levenberg_marquardt::judge(self.tile, trial, self.c, self.machine, settings),
            _ => judge(self.simd, self.tile, trial, self.rules),
        }
    }

    /// Moves lanes to the points that they accept, and ends those that pass a test there.
    #[inline(always)]
    fn accept(&mut self, trial: &Trial<T>, accepted: Mask<T>, stepping: bool) -> Step<T> {
        let Self { simd, tile, c, machine, rules } = self;
        let none = Mask::lanes(|_| false);
        let fresh = |tile: &Tile<T>| Mask::of(tile.lanes.phase, |phase| phase == Phase::Fresh as u32);
        if !At::any(*simd, &accepted) {
            return Step { turns: none, kept: none };
        }
        let Accepted { decrease, kept } = accept(*simd, tile, *c, machine, trial, accepted, rules);
        if let Method::LevenbergMarquardt(settings) = rules.walk.method {
            levenberg_marquardt::remember(tile, *c, machine, accepted, accepted.and(fresh(tile)), settings);
        }
        let turns = test(*simd, tile, accepted, trial, decrease, rules);
        if stepping {
            tile.lanes.waits = accepted.without(fresh(tile)).and(turns).words(Chunk::splat(1), tile.lanes.waits);
        }
        Step { turns, kept }
    }

    /// Ends searches that have found nothing, gives lanes new directions, and ends those that have done as much as they may.
    #[inline(always)]
    fn turn(&mut self, trial: &Trial<T>, ended: Mask<T>, step: &Step<T>, scratch: &mut Scratch<T>) {
        let Self { simd, tile, rules, .. } = self;
        let none = Mask::lanes(|_| false);
        let (mut turns, mut restarts) = (step.turns, none);
        if At::any(*simd, &ended) {
            let mut again = [false; CHUNK];
            for l in ended.each() {
                again[l] = end_search(tile, l, trial, rules);
            }
            restarts = Mask::lanes(|l| again[l]).opaque();
            if restarts.any() {
                At::each::<T>(*simd).for_each(|at| forget(at, tile, at.which(&restarts)));
                turns = turns.or(restarts);
            }
        }
        let mut told = none;
        if rules.curvature {
            told = trial.asks.without(Mask::of(tile.lanes.phase, |phase| phase != Phase::Idle as u32));
            told.each().for_each(|l| tile.keep_curvature(l, step.kept.has(l)));
        }
        if At::any(*simd, &turns) {
            turn(*simd, tile, turns, step.kept, restarts, scratch, rules);
            stop_at_floor(*simd, tile, turns.without(restarts), rules);
        }
        end_at_limits(*simd, tile, trial.asks);
        if rules.curvature {
            let ended = trial.asks.without(told).without(Mask::of(tile.lanes.phase, |phase| phase != Phase::Idle as u32));
            ended.each().for_each(|l| tile.keep_curvature(l, false));
        }
    }
}
