//! How much a dispatch does: by measured time, and within what the driver lets a loop do.

use super::shader::WORKGROUP;
use super::shape::Shape;
use crate::error::DeviceError;

/// Decides on the rounds of each dispatch, and on its lanes.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// The most rounds that the driver's limit on loops allows.
    most: u32,
    /// Seconds that a round of one lane takes, as far as is known.
    round: f64,
    /// Rounds sent off before, which the next ones may double.
    rounds: u32,
    dispatches: u64,
}

/// Loop iterations that an objective of unknown length has to leave for the rest of its round.
pub(super) fn reserve(shape: Shape) -> u64 {
    let (round, around) = shape.loop_iterations();
    round + around
}

/// Seconds that the rounds of a dispatch should take: a display's frame, far from any watchdog's two seconds.
const SECONDS: f64 = 0.02;
/// The most that one dispatch may take: lanes are sent off in portions where a single round of all takes longer.
const LONGEST: f64 = 0.2;
/// Seconds of a loop's iteration until they are measured: those of a slow device, so that the first dispatch is none too
/// long.
const ITERATION: f64 = 1e-9;
/// The most rounds in one dispatch, and while lanes wait for places.
const MOST_ROUNDS: u32 = 64;
const MOST_WHILE_QUEUED: u32 = 16;
/// Rounds of a dispatch of `step()`: most searches are over by then, and lanes that have accepted wait at no cost.
const ROUNDS_OF_STEP: u32 = 8;
/// Dispatches whose time says nothing: they wait for the driver's compiler.
const FIRST: u64 = 2;

impl Pace {
    /// For lanes of a given shape whose objective takes `objective` loop iterations, under the driver's limit if it has one.
    /// An objective that takes an unknown number has a dispatch for each round, and checks itself what it leaves.
    pub(super) fn new(shape: Shape, objective: Option<u64>, limit: Option<u32>) -> Result<Self, DeviceError> {
        let (round, around) = shape.loop_iterations();
        let round = round.saturating_add(objective.unwrap_or_else(|| reserve(shape)));
        let most = match limit {
            None => MOST_ROUNDS,
            Some(limit) => {
                let rounds = u64::from(limit).saturating_sub(around) / round;
                if rounds == 0 {
                    return Err(DeviceError::LoopLimit { needs: round.saturating_add(around), limit });
                }
                rounds.min(if objective.is_none() { 1 } else { u64::from(MOST_ROUNDS) }) as u32
            }
        };
        Ok(Self { most, round: round as f64 * ITERATION, rounds: 1, dispatches: 0 })
    }

    /// Rounds of the next dispatch of so many lanes that run free; fewer while other lanes wait for places.
    pub(super) fn rounds(&self, lanes: usize, queued: bool) -> u32 {
        let most = if queued { MOST_WHILE_QUEUED } else { MOST_ROUNDS }.min(self.most).min(2 * self.rounds);
        let wanted = SECONDS / (self.round * lanes as f64);
        (wanted as u32).clamp(1, most)
    }

    /// Rounds of the next dispatch of a step: fewer where those of the fewest lanes that are sent off would take too long.
    pub(super) fn rounds_of_step(&self) -> u32 {
        let short = LONGEST / (self.round * f64::from(WORKGROUP));
        ROUNDS_OF_STEP.min(self.most).min((short as u32).max(1))
    }

    /// The most lanes of one dispatch of so many rounds.
    pub(super) fn portion(&self, rounds: u32) -> u32 {
        let lanes = LONGEST / (self.round * f64::from(rounds));
        ((lanes / f64::from(WORKGROUP)) as u32).max(1).saturating_mul(WORKGROUP)
    }

    /// Which of two buffers the next dispatch reports to.
    pub(super) fn next_turn(&mut self) -> usize {
        self.dispatches += 1;
        (self.dispatches % 2) as usize
    }

    /// Takes note of the seconds that rounds of so many lanes took, and of the evaluations of lanes in them.
    pub(super) fn note(&mut self, rounds: u32, lanes: u32, evaluations: u32, seconds: f64) {
        self.rounds = rounds.max(1);
        // Where most lanes had ended or waited, the time says little of a round.
        if self.dispatches > FIRST && evaluations >= rounds.saturating_mul(lanes) / 2 {
            self.round = seconds / f64::from(evaluations.max(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { dimension: 10, memory: 8, matrix: 0, parameters: 0, bounded: false, trail: 0 };

    #[test]
    fn a_round_beyond_the_drivers_limit_is_refused() {
        assert!(matches!(Pace::new(SHAPE, Some(70_000), Some(65_535)), Err(DeviceError::LoopLimit { limit: 65_535, .. })));
        assert!(Pace::new(SHAPE, Some(70_000), None).is_ok());
        let pace = Pace::new(SHAPE, Some(20_000), Some(65_535)).unwrap();
        assert_eq!(pace.most, 3, "three rounds of a little over 20,000 fit");
        assert_eq!(pace.rounds_of_step(), 3);
    }

    #[test]
    fn dispatches_are_as_long_as_they_should_be() {
        let mut pace = Pace::new(SHAPE, Some(9), None).unwrap();
        assert_eq!(pace.rounds(1, false), 2, "rounds grow by doubling");
        for _ in 0..3 {
            pace.next_turn();
        }
        // A microsecond a lane and round.
        pace.note(64, 1_000, 64_000, 0.064);
        assert_eq!(pace.rounds(1_000, false), 20);
        assert_eq!(pace.rounds(1_000, true), 16, "lanes wait");
        assert_eq!(pace.rounds(10, false), 64);
        assert_eq!(pace.rounds(1_000_000, false), 1);
        assert_eq!(pace.portion(1), 200_000 / 64 * 64, "a fifth of a second");
        // Ten seconds a lane and round: a portion is never empty.
        pace.note(1, 100, 100, 1_000.0);
        assert_eq!(pace.portion(1), 64);
        assert_eq!(pace.rounds_of_step(), 1, "nor does a step send off more than a round of it");
        // A step in which most lanes wait for a few.
        pace.note(8, 1_000, 10, 1.0);
        assert_eq!(pace.round, 10.0);
    }
}
