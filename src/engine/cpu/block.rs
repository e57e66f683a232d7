//! A block of lanes: what a worker keeps in its cache and takes through round after round.

use pulp::Simd;

use super::accept::{Accepted, accept, forget};
use super::direction::turn;
use super::ending::end_search;
use super::judge::{Verdict, judge};
use super::lbfgs::Scratch;
use super::levenberg_marquardt;
use super::tests::{end_at_limits, stop_at_floor, test};
use super::tile::{Rules, Tile};
use super::trial::{Trial, measure, propose};
use crate::engine::Lanes;
use crate::engine::lane::{Fields, Phase};
use crate::engine::placement::Start;
use crate::engine::state::LaneState;
use crate::method::{Method, Status};
use crate::problem::evaluate::chunk::{CHUNK, CHUNKS, Chunk, LANES, Mask};
use crate::problem::evaluate::dispatch::{WithVectors, in_vectors};
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
    /// What the evaluation says of the tile at hand.
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
            in_vectors(Propose { block: self, tiles });
        }
        self.proposed = true;
        self.machine.evaluate(tiles);
        in_vectors(Conclude { block: self, tiles, rules, stepping });
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
    /// Tile by tile through all stages, up to the next trial: one tile fills a good part of the first cache, and a block does not fit.
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
        let fresh = |tile: &Tile<T>| Mask::of(tile.lanes.phase, |phase| phase == Phase::Fresh as u32);
        if !At::any(*simd, &accepted) {
            return Step { turns: Mask::none(), kept: Mask::none() };
        }
        let Accepted { decrease, kept } = accept(*simd, tile, *c, machine, trial, accepted, rules);
        if let Method::LevenbergMarquardt(settings) = rules.walk.method {
            levenberg_marquardt::remember(tile, *c, machine, accepted, accepted.and(fresh(tile)), settings);
        }
        let turns = test(*simd, tile, accepted, trial, decrease, rules);
        if stepping {
            tile.lanes.waits = accepted.without(fresh(tile)).and(turns).choose_words(Chunk::splat(1), tile.lanes.waits);
        }
        Step { turns, kept }
    }

    /// Ends searches that have found nothing, gives lanes new directions, and ends those that have done as much as they may.
    #[inline(always)]
    fn turn(&mut self, trial: &Trial<T>, ended: Mask<T>, step: &Step<T>, scratch: &mut Scratch<T>) {
        let Self { simd, tile, rules, .. } = self;
        let (mut turns, mut restarts) = (step.turns, Mask::none());
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
        let told = tile.keep_curvatures(trial.asks, step.kept);
        if At::any(*simd, &turns) {
            turn(*simd, tile, turns, step.kept, restarts, scratch, rules);
            stop_at_floor(*simd, tile, turns.without(restarts), rules);
        }
        end_at_limits(*simd, tile, trial.asks);
        tile.keep_curvatures(trial.asks.without(told), Mask::none());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::{Demands, Limits};
    use crate::problem::Problem;
    use crate::problem::evaluate::dispatch::{OnEach, in_vectors_of, on_each};

    const ROUNDS: usize = 40;

    /// All that lanes of Rosenbrock's function come to, some of them ended, of the first instruction set.
    struct Same<T> {
        dimension: usize,
        bounded: bool,
        expected: Option<String>,
        precision: std::marker::PhantomData<T>,
    }

    impl<T: Real> Same<T> {
        fn of(dimension: usize, bounded: bool) -> Self {
            Self { dimension, bounded, expected: None, precision: std::marker::PhantomData }
        }

        fn block(&self, rules: &Rules<T>) -> Block<T> {
            let n = self.dimension;
            let valley =
                Problem::new(n, |x| x.sum(0..n - 1, |i| 100.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2) + (1.0 - x.at(i)).powi(2)));
            let mut block = Block::new(valley.expect("the objective is sound").machine(), rules);
            for lane in 0..LANES - 7 {
                let point = (0..n).map(|i| 1.0 + 0.01 * lane as f64 * ((lane * n + i) as f64 * 1.7).sin()).collect();
                let side = |at: f64| vec![at; if self.bounded { n } else { 0 }];
                // Some bounds hold the minimum off.
                let upper = if lane % 2 == 0 { 0.7 } else { 3.0 };
                let start = Start { point, parameters: Vec::new(), lower: side(-3.0), upper: side(upper), demands: Demands::default() };
                block.place(lane, lane, &start);
            }
            block
        }
    }

    impl<T: Real> OnEach for Same<T> {
        fn on<S: Simd>(&mut self, name: &str, simd: S) {
            let rules = Rules { bounded: self.bounded, ..Rules::lbfgs(self.dimension, 5, T::from_f64(4.0) * T::EPSILON) };
            let mut block = self.block(&rules);
            in_vectors_of(simd, Propose { block: &block, tiles: CHUNKS });
            for _ in 0..ROUNDS {
                block.machine.evaluate(CHUNKS);
                in_vectors_of(simd, Conclude { block: &mut block, tiles: CHUNKS, rules: &rules, stepping: false });
            }
            let (mut states, mut ended) = (Vec::new(), Lanes::default());
            block.export(&mut states);
            block.collect(&rules, &mut ended);
            assert!(!states.is_empty() && !ended.records.is_empty(), "{} lanes go on, {} have ended", states.len(), ended.records.len());
            let all = format!("{states:?} {ended:?}");
            assert!(&all == self.expected.get_or_insert_with(|| all.clone()), "{name}, n = {}", self.dimension);
        }
    }

    #[test]
    fn every_instruction_set_takes_lanes_the_same_way() {
        for (dimension, bounded) in [(3, false), (16, false), (3, true), (16, true)] {
            on_each(&mut Same::<f32>::of(dimension, bounded));
            on_each(&mut Same::<f64>::of(dimension, bounded));
        }
    }

    #[test]
    fn a_lane_that_a_limit_has_ended_goes_on_as_if_it_had_been_collected_at_once() {
        let rules = Rules { keeps: true, ..Rules::lbfgs(3, 5, f32::EPSILON) };
        let kept = |waits: usize| {
            let mut block = Same::<f32>::of(3, false).block(&rules);
            block.take(&|_| true, &mut Vec::new());
            let place = |block: &mut Block<f32>, at: usize, iterations: u32| {
                let demands = Demands { limits: Limits { iterations, ..Limits::default() }, ..Demands::default() };
                let point = vec![-1.2, 1.0, 0.5 + at as f64];
                block.place(at, at, &Start { point, parameters: Vec::new(), lower: Vec::new(), upper: Vec::new(), demands });
            };
            place(&mut block, 0, 8);
            place(&mut block, 1, 8);
            while block.active() > 0 {
                block.round(&rules, false);
            }
            // Others take their places in the same tile, and their pairs go round.
            place(&mut block, 2, 500);
            (0..waits).for_each(|_| block.round(&rules, false));
            let mut ended = Lanes::default();
            block.collect(&rules, &mut ended);
            ended.kept.retain(|state| state.fields.lane < 2);
            assert!(ended.kept.iter().all(|state| state.rho.len() == 5), "of five pairs each");
            format!("{:?}", ended.kept)
        };
        let at_once = kept(0);
        for waits in 1..15 {
            assert_eq!(kept(waits), at_once, "collected {waits} rounds later");
        }
    }

    #[test]
    fn what_a_lane_leaves_in_its_place_does_not_touch_the_next_one() {
        let start = || Start {
            point: vec![-1.2, 1.0, 0.5],
            parameters: Vec::new(),
            lower: Vec::new(),
            upper: Vec::new(),
            demands: Demands::default(),
        };
        for bad in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
            let rules = Rules::lbfgs(3, 5, f32::EPSILON);
            let mut block = Same::<f32>::of(3, false).block(&rules);
            (0..10).for_each(|_| block.round(&rules, false));
            block.take(&|_| true, &mut Vec::new());
            let mut state = LaneState::fresh(0, start());
            // As a file may have it.
            state.fields.pairs = 2;
            (state.s, state.y, state.rho) = (vec![bad; 6], vec![0.5; 6], vec![1.0, bad]);
            block.place_state(0, &state);
            let mut placed = Vec::new();
            block.export(&mut placed);
            assert_eq!((&placed[0].s[3..], &placed[0].y[3..], placed[0].rho[1]), (&[0.0; 3][..], &[0.0; 3][..], 0.0), "a pair of {bad}");
            (0..3).for_each(|_| block.round(&rules, false));
            block.take(&|_| true, &mut Vec::new());
            block.place(0, 0, &start());
            block.place(1, 1, &start());
            (0..10).for_each(|_| block.round(&rules, false));
            let mut states = Vec::new();
            block.export(&mut states);
            let [one, other] = &mut states[..] else { panic!("both go on") };
            other.fields.lane = 0;
            assert_eq!(format!("{one:?}"), format!("{other:?}"), "after a pair of {bad}");
        }
    }
}
