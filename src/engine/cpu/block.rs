//! A block of lanes: what a worker keeps in its cache and takes through round after round.

use super::accept::{accept, forget};
use super::direction::{Scratch, turn};
use super::judge::judge;
use super::levenberg_marquardt;
use super::line_search::end_search;
use super::tests::{end_at_limits, stop_at_floor, test};
use super::tile::{Rules, Tile};
use super::trial::{measure, propose};
use crate::engine::Lanes;
use crate::engine::lane::{Fields, Phase};
use crate::engine::placement::Start;
use crate::engine::state::LaneState;
use crate::method::{Method, Status};
use crate::problem::evaluate::chunk::{CHUNK, CHUNKS, Chunk, LANES, Mask};
use crate::problem::evaluate::dispatch::dispatch;
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// Lanes side by side, with the evaluator that they share.
#[derive(Clone)]
pub(super) struct Block<T: Copy> {
    machine: Machine<T>,
    tiles: Vec<Tile<T>>,
    scratch: Scratch<T>,
}

impl<T: Real> Block<T> {
    pub(super) fn new(machine: Machine<T>, rules: &Rules<T>) -> Self {
        let tiles = (0..CHUNKS).map(|_| Tile::new(rules)).collect();
        Self { machine, tiles, scratch: Scratch::new(rules.dimension, rules.memory) }
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
        dispatch(Propose { block: self, tiles });
        self.machine.evaluate(tiles);
        dispatch(Conclude { block: self, tiles, rules, stepping });
    }

    /// Rounds until every lane has accepted one step or ended.
    pub(super) fn step(&mut self, rules: &Rules<T>) {
        for tile in &mut self.tiles {
            tile.lanes.waits = Chunk::splat(0);
        }
        while self.tiles.iter().any(|tile| (0..CHUNK).any(|l| tile.is_active(l) && tile.lanes.waits.0[l] == 0)) {
            self.round(rules, true);
        }
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
        self.tiles[at / CHUNK].set_box(at % CHUNK, &start.lower, &start.upper);
        self.tiles[at / CHUNK].place(at % CHUNK, &Fields::fresh(lane, &start.demands), &start.point);
        self.machine.set_parameters(at, &start.parameters);
    }

    /// Puts a lane under way into a free place.
    pub(super) fn place_state(&mut self, at: usize, state: &LaneState) {
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

struct Propose<'a, T: Copy> {
    block: &'a Block<T>,
    tiles: usize,
}

impl<T: Real> pulp::NullaryFnOnce for Propose<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (c, tile) in self.block.tiles[..self.tiles].iter().enumerate() {
            propose(tile, c, self.block.machine.point());
        }
    }
}

struct Conclude<'a, T: Copy> {
    block: &'a mut Block<T>,
    tiles: usize,
    rules: &'a Rules<T>,
    stepping: bool,
}

impl<T: Real> pulp::NullaryFnOnce for Conclude<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Block { machine, tiles, scratch } = self.block;
        let rules = self.rules;
        for (c, tile) in tiles[..self.tiles].iter_mut().enumerate() {
            let trial = measure(tile, c, machine);
            let verdict = match rules.walk.method {
                Method::LevenbergMarquardt(settings) => levenberg_marquardt::judge(tile, &trial, c, machine, settings),
                _ => judge(tile, &trial, rules),
            };
            let none = Mask::lanes(|_| false);
            let (mut turns, mut kept, mut restarts) = (none, none, none);
            if verdict.accepted.any() {
                let fresh = Mask::of(tile.lanes.phase, |phase| phase == Phase::Fresh as u32);
                let stepped = verdict.accepted.without(fresh);
                let accepted = accept(tile, c, machine, &trial, verdict.accepted, rules);
                if let Method::LevenbergMarquardt(settings) = rules.walk.method {
                    levenberg_marquardt::remember(tile, c, machine, verdict.accepted, verdict.accepted.and(fresh), settings);
                }
                turns = test(tile, verdict.accepted, &trial, accepted.decrease, rules);
                kept = accepted.kept;
                if self.stepping {
                    tile.lanes.waits = stepped.and(turns).words(Chunk::splat(1), tile.lanes.waits);
                }
            }
            if verdict.ended.any() {
                let mut again = [false; CHUNK];
                for l in verdict.ended.each() {
                    again[l] = end_search(tile, l, &trial, rules);
                }
                restarts = Mask::lanes(|l| again[l]).opaque();
                forget(tile, restarts);
                turns = turns.or(restarts);
            }
            let mut ended = none;
            if rules.curvature {
                ended = trial.asks.without(Mask::of(tile.lanes.phase, |phase| phase != Phase::Idle as u32));
                ended.each().for_each(|l| tile.keep_curvature(l, kept.has(l)));
            }
            if turns.any() {
                turn(tile, turns, kept, restarts, scratch, rules);
                stop_at_floor(tile, turns.without(restarts), rules);
            }
            end_at_limits(tile, trial.asks);
            if rules.curvature {
                let ended = trial.asks.without(ended).without(Mask::of(tile.lanes.phase, |phase| phase != Phase::Idle as u32));
                ended.each().for_each(|l| tile.keep_curvature(l, false));
            }
        }
    }
}
