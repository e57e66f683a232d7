//! The CPU engine: the lane's state machine over blocks of lanes, in f32 or f64, on all cores.
//!
//! A block is what stays in a core's cache. In a free run each worker takes its block through round after round and fills
//! the places of lanes that end from the queue; `step()` and `advance()` take all resident blocks along together.

mod accept;
mod backtracking;
mod bfgs;
mod block;
mod bounds;
mod conjugate_gradient;
mod delta_bar_delta;
mod direction;
mod held;
mod initial_step;
mod judge;
mod levenberg_marquardt;
mod line_search;
mod momentum;
mod more_thuente;
pub(crate) mod probe;
mod roughness;
mod steepest_descent;
mod tests;
mod tile;
mod trial;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::placement::{Placement, Start};
use super::source::Queue;
use super::state::{self, LaneState, Standing};
use super::{Engine, Lanes, Record, Totals};
use crate::error::Result;
use crate::method::Walk;
use crate::method::constants::NOISE_UNITS;
use crate::problem::Problem;
use crate::problem::evaluate::chunk::LANES;
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;
use block::Block;
use tile::{Rules, Tile};

/// What a run is set up from; validated.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) problem: Problem,
    pub(crate) placement: Placement,
    pub(crate) walk: Walk,
    /// Whether results bring the diagonal of the inverse Hessian.
    pub(crate) curvature: bool,
    pub(crate) pool: usize,
}

/// Lanes on the CPU.
#[derive(Clone)]
pub(crate) struct CpuEngine<T: Copy> {
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
    finished: Lanes,
    /// What lanes that have ended did.
    done: Totals,
}

/// A worker in a free run takes new lanes when so many places are free: often enough to stay full, seldom enough that
/// looking for places costs nothing.
const REFILL: usize = 8;

impl<T: Real> CpuEngine<T> {
    /// An engine that goes on from `standing`.
    pub(crate) fn new(setup: &Setup, standing: Standing) -> Self {
        let Standing { mut states, queue, ended } = standing;
        states.reverse();
        let rules = Rules {
            dimension: setup.problem.dimension(),
            bounded: setup.placement.is_bounded(),
            walk: setup.walk,
            memory: setup.walk.method.memory(),
            matrix: setup.walk.method.matrix(setup.problem.dimension()),
            curvature: setup.curvature,
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
            finished: Lanes::default(),
            done: ended,
        }
    }

    fn new_block(&self) -> Block<T> {
        Block::new(self.machine.clone(), &self.rules)
    }

    /// Fills free places of the pool with lanes that wait, in order.
    fn fill(&mut self) {
        let placement = self.placement.clone();
        let mut filler = Filler::new(&placement);
        let mut at = 0;
        let mut room = self.pool.saturating_sub(self.blocks.iter().map(Block::active).sum());
        while room > 0 && !(self.held.is_empty() && self.queue.is_empty()) {
            if at == self.blocks.len() {
                self.blocks.push(self.new_block());
            }
            let block = &mut self.blocks[at];
            let before = block.active();
            let places: Vec<usize> = block.free().into_iter().take(room).collect();
            let places = place_held(block, &places, &mut self.held);
            filler.fill(block, places, &mut self.queue);
            room -= block.active() - before;
            // Starts that are not finite end at once, and leave their places to others.
            let mut ended = Lanes::default();
            block.collect(&mut ended);
            at += usize::from(ended.records.is_empty());
            self.keep(ended);
        }
    }

    /// Takes every resident block through `rounds`, all cores at work, then collects and refills.
    fn all_blocks(&mut self, rounds: impl Fn(&mut Block<T>, &Rules<T>) + Sync) {
        self.fill();
        let rules = &self.rules;
        self.blocks.par_iter_mut().for_each(|block| rounds(block, rules));
        let mut ended = Lanes::default();
        self.blocks.iter_mut().for_each(|block| block.collect(&mut ended));
        self.keep(ended);
        self.fill();
    }

    fn keep(&mut self, ended: Lanes) {
        ended.records.iter().for_each(|record| self.done.add(record.totals()));
        self.finished.append(ended);
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

    /// Puts the next lanes of `queue` into `places` of a block.
    fn fill<T: Real>(&mut self, block: &mut Block<T>, places: &[usize], queue: &mut Queue) {
        for (&at, lane) in places.iter().zip(queue) {
            self.placement.fill(lane, &mut self.start);
            block.place(at, lane, &self.start);
        }
    }
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

    fn run(&mut self) -> Result<()> {
        let workers = rayon::current_num_threads().min(self.pool.div_ceil(LANES)).max(1);
        let parked = Mutex::new(std::mem::take(&mut self.blocks));
        let next = AtomicUsize::new(self.queue.start);
        let held = Mutex::new(std::mem::take(&mut self.held));
        let end = self.queue.end;
        let worker = Worker { placement: &self.placement, rules: &self.rules, parked: &parked, held: &held, next: &next, end };
        let machines = vec![self.machine.clone(); workers];
        let ended: Vec<Lanes> = machines.into_par_iter().with_max_len(1).map(|machine| worker.run(machine)).collect();
        self.queue.start = self.queue.end;
        ended.into_iter().for_each(|ended| self.keep(ended));
        Ok(())
    }

    fn totals(&self) -> Totals {
        let mut totals = self.done;
        for (tile, l) in self.blocks.iter().flat_map(Block::lanes) {
            totals.evaluations += u64::from(tile.lanes.evaluations.0[l]);
            totals.iterations += u64::from(tile.lanes.iterations.0[l]);
        }
        self.held.iter().for_each(|state| totals.add(state.totals()));
        totals
    }

    fn stop(&mut self) -> Result<()> {
        let mut ended = Lanes::default();
        for block in &mut self.blocks {
            block.stop();
            block.collect(&mut ended);
        }
        let resident = ended.curvatures.len();
        self.held.drain(..).rev().for_each(|state| state.stop(&mut ended, self.rules.curvature));
        // As those of lanes in a block, which keep it in their own precision.
        let held = ended.curvatures[resident..].iter_mut().flat_map(|of| &mut of.1);
        held.for_each(|value| *value = T::from_f64(*value).to_f64());
        self.keep(ended);
        self.queue.start = self.queue.end;
        Ok(())
    }

    fn records(&mut self) -> Result<Vec<Record>> {
        self.fill();
        Ok(self.blocks.iter().flat_map(Block::lanes).map(|(tile, l)| tile.record(l)).collect())
    }

    fn lanes(&self) -> Result<Lanes> {
        let mut lanes = Lanes::default();
        self.blocks.iter().flat_map(Block::lanes).for_each(|(tile, l)| tile.report(l, &mut lanes));
        self.held.iter().for_each(|state| state.report(&mut lanes, self.rules.curvature));
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

    fn queued(&self) -> Queue {
        self.queue.clone()
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

/// One core in a free run.
struct Worker<'a, T: Copy> {
    placement: &'a Placement,
    rules: &'a Rules<T>,
    /// Resident blocks that no worker has taken.
    parked: &'a Mutex<Vec<Block<T>>>,
    /// Lanes under way that wait for a place.
    held: &'a Mutex<Vec<LaneState>>,
    /// The next lane of the queue, and its end.
    next: &'a AtomicUsize,
    end: usize,
}

impl<T: Real> Worker<'_, T> {
    fn run(&self, machine: Machine<T>) -> Lanes {
        let mut ended = Lanes::default();
        let mut filler = Filler::new(self.placement);
        let parked = self.parked().pop();
        let mut block = parked.unwrap_or_else(|| Block::new(machine, self.rules));
        loop {
            let active = block.active();
            if active == 0 || active + REFILL <= LANES {
                block.collect(&mut ended);
                self.refill(&mut block, &mut filler);
            }
            if block.active() > 0 {
                block.round(self.rules, false);
            } else if self.is_done() {
                block.collect(&mut ended);
                return ended;
            }
        }
    }

    /// Whether no lane is left to be taken.
    fn is_done(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.end && self.held().is_empty() && self.parked().is_empty()
    }

    fn parked(&self) -> MutexGuard<'_, Vec<Block<T>>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> MutexGuard<'_, Vec<LaneState>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills the free places with lanes that wait, first those under way; when there are none, from blocks that no worker
    /// has taken.
    fn refill(&self, block: &mut Block<T>, filler: &mut Filler<'_>) {
        let places = block.free();
        let places = place_held(block, &places, &mut self.held());
        if self.next.load(Ordering::Relaxed) < self.end {
            let first = self.next.fetch_add(places.len(), Ordering::Relaxed).min(self.end);
            filler.fill(block, places, &mut (first..self.end));
        }
        while block.active() <= LANES / 2 {
            let Some(mut other) = self.parked().pop() else {
                return;
            };
            block.absorb(&mut other);
            if other.active() > 0 {
                self.parked().push(other);
                return;
            }
        }
    }
}
