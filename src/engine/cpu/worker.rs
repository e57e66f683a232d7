//! What a core does in a free run.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::time::Instant;

use super::block::Block;
use super::tile::Rules;
use super::{Filler, lock, place_held};
use crate::engine::Lanes;
use crate::engine::placement::Placement;
use crate::engine::queue::Queue;
use crate::engine::state::LaneState;
use crate::problem::evaluate::chunk::LANES;
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// A worker in a free run takes new lanes when so many places are free: often enough to stay full, seldom enough that
/// looking for places costs nothing.
const REFILL: usize = 8;
/// A worker hands over the results of so many lanes at once: few enough to stay in its cache until then, and to be written to fresh
/// memory only once.
const HANDED: usize = 512;
/// Rounds between two looks at the clock, which then cost nothing beside the least of objectives.
const LOOK: u64 = 4;

/// One core in a free run. What workers share is the engine's, and stays so whatever becomes of them.
pub(super) struct Worker<'a, 'b, T: Real> {
    pub(super) placement: &'a Placement,
    pub(super) rules: &'a Rules<T>,
    /// Resident blocks that no worker has taken.
    pub(super) parked: &'a Mutex<&'b mut Vec<Block<T>>>,
    /// Lanes under way that wait for a place.
    pub(super) held: &'a Mutex<&'b mut Vec<LaneState>>,
    /// Lanes that have not been placed.
    pub(super) queue: &'a Mutex<&'b mut Queue>,
    /// Results of lanes that have ended.
    pub(super) finished: &'a Mutex<&'b mut Lanes>,
    /// When to hand back, if lanes are left then.
    pub(super) until: Option<Instant>,
}

impl<T: Real> Worker<'_, '_, T> {
    /// Takes lanes through round after round until none is left, or until the time is up. A panic, in a user's source of starts,
    /// loses no lane.
    pub(super) fn run(&self, machine: Machine<T>) {
        let mut ended = Lanes::default();
        let parked = lock(self.parked).pop();
        let mut block = parked.unwrap_or_else(|| Block::new(machine, self.rules));
        let rounds = catch_unwind(AssertUnwindSafe(|| self.rounds(&mut block, &mut ended)));
        block.collect(self.rules, &mut ended);
        lock(self.finished).take_all(&mut ended);
        if block.active() > 0 {
            lock(self.parked).push(block);
        }
        if let Err(panic) = rounds {
            resume_unwind(panic);
        }
    }

    fn rounds(&self, block: &mut Block<T>, ended: &mut Lanes) {
        let mut filler = Filler::new(self.placement);
        for passes in 1_u64.. {
            let active = block.active();
            if active == 0 || active + REFILL <= LANES {
                block.collect(self.rules, ended);
                if ended.records.len() >= HANDED {
                    lock(self.finished).take_all(ended);
                }
                self.refill(block, &mut filler);
            }
            if block.active() > 0 {
                block.round(self.rules, false);
            } else if self.is_done() {
                return;
            }
            if passes.is_multiple_of(LOOK) && self.until.is_some_and(|until| Instant::now() >= until) {
                return;
            }
        }
    }

    /// Whether no lane is left to be taken.
    fn is_done(&self) -> bool {
        lock(self.queue).is_empty() && lock(self.held).is_empty() && lock(self.parked).is_empty()
    }

    /// Fills the free places with lanes that wait, first those under way; when there are none, from blocks that no worker
    /// has taken.
    fn refill(&self, block: &mut Block<T>, filler: &mut Filler<'_>) {
        let places = block.free();
        let places = place_held(block, &places, &mut lock(self.held));
        filler.fill(block, places, self.queue);
        while block.active() <= LANES / 2 {
            // Until it is back where others see it: else they take it that nothing is left for them.
            let mut parked = lock(self.parked);
            let Some(mut other) = parked.pop() else {
                return;
            };
            block.absorb(&mut other);
            if other.active() > 0 {
                parked.push(other);
                return;
            }
        }
    }
}
