//! The CPU engine: the lane's state machine over blocks of lanes, in f32 or f64, on all cores.
//!
//! A block is what stays in a core's cache. In a free run each worker takes its block through round after round and fills
//! the places of lanes that end from the queue; `step()` and `advance()` take all resident blocks along together.

mod accept;
mod backtracking;
mod bfgs;
mod block;
mod bounds;
mod components;
mod conjugate_gradient;
mod delta_bar_delta;
mod direction;
mod ending;
mod held;
mod history;
mod initial_step;
mod judge;
mod lbfgs;
mod levenberg_marquardt;
mod line_search;
mod momentum;
mod more_thuente;
pub(crate) mod probe;
mod roughness;
mod steepest_descent;
mod sums;
mod tests;
mod tile;
mod trial;
mod worker;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rayon::prelude::*;

use super::placement::{Placement, Start};
use super::queue::Queue;
use super::state::{self, LaneState, Standing};
use super::{Engine, Lanes, Summary, Totals};
use crate::error::Result;
use crate::method::Walk;
use crate::method::constants::NOISE_UNITS;
use crate::problem::Problem;
use crate::problem::evaluate::chunk::LANES;
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;
use block::Block;
use tile::{Rules, Tile};
use worker::Worker;

/// What a run is set up from; validated.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) problem: Problem,
    pub(crate) placement: Placement,
    pub(crate) walk: Walk,
    /// Whether results bring the diagonal of the inverse Hessian.
    pub(crate) curvature: bool,
    /// Rows that lanes keep of their progress.
    pub(crate) trail: usize,
    /// Whether lanes that a limit has ended are kept, to go on later.
    pub(crate) keeps: bool,
    pub(crate) pool: usize,
}

/// Lanes on the CPU.
#[derive(Clone)]
pub(crate) struct CpuEngine<T: Real> {
    placement: Placement,
    rules: Rules<T>,
    /// What a new block's evaluator is copied from.
    machine: Machine<T>,
    blocks: Vec<Block<T>>,
    /// Lanes under way that wait for a place, the next one last: they come before the queue.
    held: Vec<LaneState>,
    /// Lanes that have not been placed.
    queue: Queue,
    pool: usize,
    /// The last that lanes did was a free run: the pool is what workers had with them.
    ran_free: bool,
    finished: Lanes,
}

impl<T: Real> CpuEngine<T> {
    /// An engine that goes on from `standing`.
    pub(crate) fn new(setup: &Setup, standing: Standing) -> Self {
        let Standing { mut states, queue, .. } = standing;
        states.reverse();
        let rules = Rules {
            dimension: setup.problem.dimension(),
            bounded: setup.placement.is_bounded(),
            walk: setup.walk,
            memory: setup.walk.method.memory(),
            matrix: setup.walk.method.matrix(setup.problem.dimension()),
            curvature: setup.curvature,
            trail: setup.trail,
            keeps: setup.keeps,
            noise: T::from_f64(NOISE_UNITS + setup.problem.terms().max(1.0).log2()) * T::EPSILON,
        };
        let machine = match setup.walk.method.has_regions() {
            true => setup.problem.normal_machine().unwrap_or_else(|_| unreachable!("refused before an engine is set up")),
            false => setup.problem.machine(),
        };
        Self {
            placement: setup.placement.clone(),
            rules,
            machine,
            blocks: Vec::new(),
            held: states,
            queue,
            pool: setup.pool,
            ran_free: false,
            finished: Lanes::default(),
        }
    }

    /// Fills free places of the pool with lanes that wait, in order.
    fn fill(&mut self) {
        self.ran_free = false;
        let mut filler = Filler::new(&self.placement);
        let mut at = 0;
        let mut room = self.pool.saturating_sub(self.blocks.iter().map(Block::active).sum());
        while room > 0 && !(self.held.is_empty() && self.queue.is_empty()) {
            if at == self.blocks.len() {
                self.blocks.push(Block::new(self.machine.clone(), &self.rules));
            }
            let block = &mut self.blocks[at];
            let before = block.active();
            let places: Vec<usize> = block.free().into_iter().take(room).collect();
            let places = place_held(block, &places, &mut self.held);
            filler.fill(block, places, &Mutex::new(&mut self.queue));
            room -= block.active() - before;
            // Starts that are not finite end at once, and leave their places to others.
            let mut ended = Lanes::default();
            block.collect(&self.rules, &mut ended);
            at += usize::from(ended.records.is_empty());
            self.finished.append(ended);
        }
    }

    /// Takes every resident block through `rounds`, all cores at work, then collects and refills.
    fn all_blocks(&mut self, rounds: impl Fn(&mut Block<T>, &Rules<T>) + Sync) {
        self.fill();
        let rules = &self.rules;
        self.blocks.par_iter_mut().for_each(|block| rounds(block, rules));
        self.blocks.iter_mut().for_each(|block| block.collect(rules, &mut self.finished));
        self.fill();
    }
}

/// Puts lanes under way into places of a block, and returns the places that are left.
fn place_held<'a, T: Real>(block: &mut Block<T>, places: &'a [usize], held: &mut Vec<LaneState>) -> &'a [usize] {
    let (first, rest) = places.split_at(held.len().min(places.len()));
    for (&at, state) in first.iter().zip(held.drain(held.len() - first.len()..).rev()) {
        block.place_state(at, &state);
    }
    rest
}

/// Asks for starts and puts them into blocks.
struct Filler<'a> {
    placement: &'a Placement,
    start: Start,
}

impl<'a> Filler<'a> {
    fn new(placement: &'a Placement) -> Self {
        Self { placement, start: placement.room() }
    }

    /// Puts new lanes into `places` of a block, until none is left. Those that get no start, since the user's source panics, go back.
    fn fill<T: Real>(&mut self, block: &mut Block<T>, mut places: &[usize], queue: &Mutex<&mut Queue>) {
        while !places.is_empty() {
            let lanes = lock(queue).take(places.len());
            if lanes.is_empty() {
                return;
            }
            let (taken, left) = places.split_at(lanes.len());
            for (&at, lane) in taken.iter().zip(lanes.clone()) {
                let asked = catch_unwind(AssertUnwindSafe(|| self.placement.fill(lane, &mut self.start)));
                if let Err(panic) = asked {
                    let mut queue = lock(queue);
                    (lane..lanes.end).for_each(|lane| queue.insert(lane));
                    drop(queue);
                    resume_unwind(panic);
                }
                block.place(at, lane, &self.start);
            }
            places = left;
        }
    }
}

/// What `shared` guards, whoever has panicked beside it.
fn lock<A>(shared: &Mutex<A>) -> MutexGuard<'_, A> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Real> Engine for CpuEngine<T> {
    fn step(&mut self) -> Result<()> {
        self.all_blocks(Block::step);
        Ok(())
    }

    fn advance(&mut self, rounds: u32) -> Result<()> {
        self.all_blocks(|block, rules| {
            for _ in 0..rounds {
                if block.active() == 0 {
                    break;
                }
                block.round(rules, false);
            }
        });
        Ok(())
    }

    fn run(&mut self, until: Option<Instant>) -> Result<()> {
        self.ran_free = true;
        let workers = rayon::current_num_threads().min(self.pool.div_ceil(LANES)).max(1);
        let (parked, held, queue) = (Mutex::new(&mut self.blocks), Mutex::new(&mut self.held), Mutex::new(&mut self.queue));
        let (finished, placement, rules) = (Mutex::new(&mut self.finished), &self.placement, &self.rules);
        let worker = Worker { placement, rules, parked: &parked, held: &held, queue: &queue, finished: &finished, until };
        let machines = vec![self.machine.clone(); workers];
        machines.into_par_iter().with_max_len(1).for_each(|machine| worker.run(machine));
        Ok(())
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (tile, l) in self.blocks.iter().flat_map(Block::lanes) {
            totals.evaluations += u64::from(tile.lanes.evaluations.0[l]);
            totals.iterations += u64::from(tile.lanes.iterations.0[l]);
        }
        self.held.iter().for_each(|state| totals.add(state.totals()));
        totals
    }

    fn stop(&mut self) -> Result<()> {
        for block in &mut self.blocks {
            block.stop();
            block.collect(&self.rules, &mut self.finished);
        }
        self.held.drain(..).rev().for_each(|state| state.stop(self.rules.curvature, &mut self.finished));
        self.queue = Queue::default();
        Ok(())
    }

    fn summaries(&mut self) -> Result<Vec<Summary>> {
        // After a free run, whose workers take lanes from the queue by themselves, to fill the pool would only be to look at starts.
        if !self.ran_free || !self.held.is_empty() || self.blocks.iter().all(|block| block.active() == 0) {
            self.fill();
        }
        let of = |block| Block::lanes(block).map(|(tile, l)| tile.record(l).summary);
        // Threads can't share a block, and each takes its own for itself.
        Ok(self.blocks.par_iter_mut().flat_map_iter(|block| of(block)).collect())
    }

    fn lanes(&self) -> Result<Lanes> {
        let mut lanes = Lanes::default();
        self.blocks.iter().flat_map(Block::lanes).for_each(|(tile, l)| tile.report(l, &mut lanes));
        self.held.iter().for_each(|state| state.report(self.rules.curvature, &mut lanes));
        Ok(lanes)
    }

    fn export(&self) -> Result<Vec<LaneState>> {
        let mut states = self.held.clone();
        self.blocks.iter().for_each(|block| block.export(&mut states));
        states.sort_unstable_by_key(LaneState::lane);
        Ok(states)
    }

    fn held(&self) -> Vec<LaneState> {
        self.held.clone()
    }

    fn take(&mut self, which: &dyn Fn(usize) -> bool) -> Result<Vec<LaneState>> {
        let (mut states, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.held).into_iter().partition(|state| which(state.lane()));
        self.held = left;
        self.blocks.iter_mut().for_each(|block| block.take(which, &mut states));
        states.sort_unstable_by_key(LaneState::lane);
        Ok(states)
    }

    fn put(&mut self, states: Vec<LaneState>) {
        self.held.splice(0..0, states.into_iter().rev());
    }

    fn find(&self, lane: usize) -> Result<Lanes> {
        let mut lanes = Lanes::default();
        let is = |tile: &Tile<T>, l: usize| tile.lanes.lane.0[l] as usize == lane;
        self.blocks.iter().flat_map(Block::lanes).filter(|(tile, l)| is(tile, *l)).for_each(|(tile, l)| tile.report(l, &mut lanes));
        let held = self.held.iter().filter(|state| state.lane() == lane);
        held.for_each(|state| state.report(self.rules.curvature, &mut lanes));
        Ok(lanes)
    }

    fn queue(&self) -> &Queue {
        &self.queue
    }

    fn queue_mut(&mut self) -> &mut Queue {
        &mut self.queue
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }

    fn placement_mut(&mut self) -> &mut Placement {
        &mut self.placement
    }

    fn lowest(&self) -> Lanes {
        let key = |&(tile, l): &(&Tile<T>, usize)| (tile.best_value(l).to_f64(), tile.lanes.lane.0[l]);
        let finite = self.blocks.iter().flat_map(Block::lanes).filter(|lane| key(lane).0.is_finite());
        let lowest = finite.min_by(|a, b| key(a).0.total_cmp(&key(b).0).then(key(a).1.cmp(&key(b).1)));
        let mut lanes = state::lowest(&self.held, self.rules.curvature);
        lowest.into_iter().for_each(|(tile, l)| tile.report(l, &mut lanes));
        lanes
    }

    fn take_finished(&mut self) -> Lanes {
        std::mem::take(&mut self.finished)
    }

    fn clone_box(&self) -> Box<dyn Engine> {
        Box::new(self.clone())
    }
}
