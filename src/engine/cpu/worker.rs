//! What a core does in a free run.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::block::Block;
use super::tile::Rules;
use super::{Filler, place_held};
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
const LOOK: u32 = 4;

/// One core in a free run.
pub(super) struct Worker<'a, 'b, T: Real> {
    pub(super) placement: &'a Placement,
    pub(super) rules: &'a Rules<T>,
    /// Resident blocks that no worker has taken.
    pub(super) parked: &'a Mutex<Vec<Block<T>>>,
    /// Lanes under way that wait for a place.
    pub(super) held: &'a Mutex<Vec<LaneState>>,
    /// Lanes that have not been placed.
    pub(super) queue: &'a Mutex<Queue>,
    /// Results of lanes that have ended.
    pub(super) finished: &'a Mutex<&'b mut Lanes>,
    /// When to hand back, if lanes are left then.
    pub(super) until: Option<Instant>,
}

impl<'b, T: Real> Worker<'_, 'b, T> {
    /// Takes lanes through round after round until none is left, or until the time is up.
    pub(super) fn run(&self, machine: Machine<T>) {
        let mut ended = Lanes::default();
        let mut filler = Filler::new(self.placement);
        let parked = self.parked().pop();
        let mut block = parked.unwrap_or_else(|| Block::new(machine, self.rules));
        let mut rounds = 0_u32;
        loop {
            let active = block.active();
            if active == 0 || active + REFILL <= LANES {
                block.collect(self.rules, &mut ended);
                if ended.records.len() >= HANDED {
                    self.finished().take_all(&mut ended);
                }
                self.refill(&mut block, &mut filler);
            }
            if block.active() > 0 {
                block.round(self.rules, false);
                rounds += 1;
                if rounds.is_multiple_of(LOOK) && self.until.is_some_and(|until| Instant::now() >= until) {
                    block.collect(self.rules, &mut ended);
                    self.parked().push(block);
                    break;
                }
            } else if self.is_done() {
                block.collect(self.rules, &mut ended);
                break;
            }
        }
        self.finished().take_all(&mut ended);
    }

    /// Whether no lane is left to be taken.
    fn is_done(&self) -> bool {
        self.queue().is_empty() && self.held().is_empty() && self.parked().is_empty()
    }

    fn parked(&self) -> MutexGuard<'_, Vec<Block<T>>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> MutexGuard<'_, Vec<LaneState>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finished(&self) -> MutexGuard<'_, &'b mut Lanes> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills the free places with lanes that wait, first those under way; when there are none, from blocks that no worker
    /// has taken.
    fn refill(&self, block: &mut Block<T>, filler: &mut Filler<'_>) {
        let places = block.free();
        let places = place_held(block, &places, &mut self.held());
        filler.fill(block, places, |most| self.queue().take(most));
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
