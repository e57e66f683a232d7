//! How many rounds a dispatch takes: by measured time, and within what the driver lets a loop do.

use super::shader::Shape;
use crate::error::DeviceError;

/// Decides on the rounds of each dispatch.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// The most rounds that the driver's limit on loops allows.
    most: u32,
    rounds: u32,
    /// Dispatches so far.
    dispatches: u64,
}

/// Loop iterations that an objective of unknown length has to leave for the rest of its round.
pub(super) fn reserve(shape: Shape) -> u64 {
    let (round, around) = shape.loop_iterations();
    round + around
}

/// Seconds that a dispatch should take: a display's frame, far from any watchdog's two seconds.
const SECONDS: f64 = 0.02;
/// The most rounds in one dispatch, and while lanes wait for places.
const MOST_ROUNDS: u32 = 64;
const MOST_WHILE_QUEUED: u32 = 16;
/// Rounds of a dispatch of `step()`: most searches are over by then, and lanes that have accepted wait at no cost.
const ROUNDS_OF_STEP: u32 = 4;

impl Pace {
    /// For rounds of a given shape whose objective takes `objective` loop iterations, under the driver's limit if it has
    /// one. An objective that takes an unknown number has a dispatch for each round, and checks itself what it leaves.
    pub(super) fn new(shape: Shape, objective: Option<u64>, limit: Option<u32>) -> Result<Self, DeviceError> {
        let (round, around) = shape.loop_iterations();
        let needs = round + objective.unwrap_or_else(|| reserve(shape));
        let most = match limit {
            None => MOST_ROUNDS,
            Some(limit) if around + needs > u64::from(limit) => {
                return Err(DeviceError::LoopLimit { needs: around + needs, limit });
            }
            Some(_) if objective.is_none() => 1,
            Some(limit) => ((u64::from(limit) - around) / needs).min(u64::from(MOST_ROUNDS)) as u32,
        };
        Ok(Self { most, rounds: 1, dispatches: 0 })
    }

    /// Rounds of the next dispatch in a free run; fewer while lanes wait for places.
    pub(super) fn rounds(&self, queued: bool) -> u32 {
        self.rounds.min(if queued { MOST_WHILE_QUEUED } else { MOST_ROUNDS })
    }

    /// Rounds of the next dispatch of a step.
    pub(super) fn rounds_of_step(&self) -> u32 {
        ROUNDS_OF_STEP.min(self.most)
    }

    /// Which of two buffers the next dispatch reports to.
    pub(super) fn next_turn(&mut self) -> usize {
        self.dispatches += 1;
        (self.dispatches % 2) as usize
    }

    /// Takes note of how long a dispatch of so many rounds took.
    pub(super) fn note(&mut self, rounds: u32, seconds: f64) {
        // The first one waits for the driver's compiler.
        if self.dispatches > 2 {
            let wanted = f64::from(rounds) * SECONDS / seconds.max(1e-6);
            self.rounds = (wanted as u32).clamp(1, (2 * self.rounds).min(self.most));
        } else {
            self.rounds = self.rounds.max(2).min(self.most);
        }
    }
}
