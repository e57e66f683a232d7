//! When monitors are asked.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use super::{Control, Monitor, Step};
use crate::error::{Error, Result};

/// When a monitor is asked, after the start, which all are shown.
///
/// A run goes step by step if one of its monitors wants steps. Else it is free in between, as [`Batch::run`](crate::Batch::run)
/// is, and costs what that costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Every {
    /// After every step.
    #[default]
    Step,
    /// After every so many steps, at least 1.
    Steps(u64),
    /// After so many seconds, not negative, and at the next end of a step if the run goes step by step. As many as no clock can
    /// show are never.
    Seconds(f64),
    /// As often as costs nothing worth a word: after each step if the run goes step by step, else some twenty times a second, and more
    /// rarely, down to five times a second, where the run would spend more than a tenth of its time on being looked at.
    Sync,
}

/// In a free run, the host stops to look so often where nobody says when,
const SLICE: Duration = Duration::from_millis(50);
/// but runs so many times as long as the last look took,
const RUN_OVER_LOOK: u32 = 10;
/// and no longer than this: who waits for an end of the run waits for the next look.
const LONGEST_SLICE: Duration = Duration::from_millis(200);

impl Every {
    /// Checks the range.
    pub(crate) fn validate(self) -> Result<()> {
        let refused = |name, value: String, must| Err(Error::Setting { name, value, must });
        match self {
            Self::Steps(0) => refused("Every::Steps", "0".into(), "at least 1"),
            Self::Seconds(seconds) if !(seconds >= 0.0) => refused("Every::Seconds", seconds.to_string(), "0 or more"),
            _ => Ok(()),
        }
    }

    /// Whether the run has to go step by step.
    pub(crate) fn wants_steps(self) -> bool {
        matches!(self, Self::Step | Self::Steps(_))
    }

    /// When a free run has to look next, having begun at `begun`, and now looked for so long.
    pub(crate) fn next(self, begun: Instant, now: Instant, looked: Duration) -> Option<Instant> {
        match self {
            Self::Step | Self::Steps(_) => None,
            Self::Seconds(0.0) => Some(now),
            // In time with the beginning, however long monitors take.
            Self::Seconds(seconds) => {
                let past = ((now - begun).as_secs_f64() / seconds).floor();
                begun.checked_add(Duration::try_from_secs_f64((past + 1.0) * seconds).ok()?)
            }
            Self::Sync => now.checked_add(looked.saturating_mul(RUN_OVER_LOOK).clamp(SLICE, LONGEST_SLICE)),
        }
    }
}

/// A monitor that is asked at other times than it would be by itself; all else is the monitor's.
///
/// ```
/// use manymin::monitor::{Every, History, Watch};
/// use manymin::prelude::*;
///
/// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let mut history = History::new().every(Every::Steps(5));
/// Minimizer::new(Lbfgs::default())
///     .monitor(Watch::every(Every::Steps(10), |step: &mut Step| println!("{}: {}", step.number(), step.best().value)))
///     .watched_by(&mut history)
///     .minimize(&Device::auto()?, &rosenbrock, &starts)?;
/// assert_eq!(history.rows()[1].number, 5);
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Watch<M> {
    monitor: M,
    every: Every,
}

impl<M: Monitor> Watch<M> {
    /// Has `monitor` asked as often as `every` says. [`Monitor::every`] is the same.
    pub fn every(every: Every, monitor: M) -> Self {
        Self { monitor, every }
    }

    /// The monitor itself.
    pub fn into_inner(self) -> M {
        self.monitor
    }
}

impl<M> Deref for Watch<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.monitor
    }
}

impl<M> DerefMut for Watch<M> {
    fn deref_mut(&mut self) -> &mut M {
        &mut self.monitor
    }
}

impl<M: Monitor> Monitor for Watch<M> {
    fn when(&self) -> Every {
        self.every
    }

    fn begin(&mut self, step: &mut Step<'_>) -> Result<()> {
        self.monitor.begin(step)
    }

    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        self.monitor.step(step)
    }

    fn end(&mut self, step: &mut Step<'_>) -> Result<()> {
        self.monitor.end(step)
    }

    fn name(&self) -> &str {
        self.monitor.name()
    }

    fn saves(&self) -> bool {
        self.monitor.saves()
    }

    fn save(&self) -> Option<Vec<u8>> {
        self.monitor.save()
    }

    fn load(&mut self, state: &[u8]) -> Result<()> {
        self.monitor.load(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_keep_time_with_the_beginning() {
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs_f64(seconds);
        let next = |every: Every, now| every.next(begun, now, Duration::ZERO);
        assert_eq!(next(Every::Seconds(2.0), begun), Some(after(2.0)));
        assert_eq!(next(Every::Seconds(2.0), after(2.5)), Some(after(4.0)), "however late it was asked");
        assert_eq!(next(Every::Seconds(2.0), after(9.0)), Some(after(10.0)), "what was missed is not made up for");
        assert_eq!(next(Every::Seconds(0.0), after(1.0)), Some(after(1.0)));
        assert_eq!(next(Every::Seconds(f64::MAX), after(1.0)), None, "never");
        assert_eq!(next(Every::Seconds(f64::INFINITY), begun), None, "never");
    }

    #[test]
    fn where_nobody_says_when_looks_take_a_tenth_of_the_time() {
        let now = Instant::now();
        let slice = |looked| Every::Sync.next(now, now, Duration::from_millis(looked)).map(|next| (next - now).as_millis());
        assert_eq!([0, 5, 8, 100, 5_000].map(slice), [50, 50, 80, 200, 200].map(Some));
    }
}
