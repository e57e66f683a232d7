//! An end before all lanes have ended.

use super::{Control, Monitor, Step};
use crate::engine::Summary;
use crate::error::{Error, MonitorError, Result};

/// Why [`EarlyStopping`] has stopped a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A lane is at the target, or below.
    Target,
    /// The lowest values agree.
    Agreement,
    /// Enough lanes are done.
    ShareDone,
    /// The lowest value has not fallen for too long.
    Patience,
}

/// Stops a run when it has what is wanted: at a target, when the lowest minima agree, when enough lanes are done, or when the
/// lowest value falls no more. Each of these is off until it is set, and the first that holds stops the run; lanes that are not
/// done end [`Stopped`](crate::Status::Stopped), with the best they have found.
///
/// It is asked after every step, so that a run stops at the same step wherever it is repeated on one device, unless
/// [`every`](Monitor::every) says otherwise.
///
/// ```
/// use manymin::monitor::{EarlyStopping, Reason};
/// use manymin::prelude::*;
///
/// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 1_000, 42);
/// let mut stopping = EarlyStopping::new().agreement(5, 1e-6).patience(50, 1e-9);
/// let outcome = Minimizer::new(Lbfgs::default()).watched_by(&mut stopping).minimize(&Device::auto()?, &rosenbrock, &starts)?;
/// assert_eq!(stopping.reason(), Some(Reason::Agreement));
/// assert!(outcome.statuses().contains(&Status::Stopped));
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct EarlyStopping {
    target: Option<f64>,
    agreement: Option<(usize, f64)>,
    share: Option<f64>,
    patience: Option<(u64, f64)>,
    /// The lowest value when it last fell by enough, and how often the monitor was asked since.
    best: Option<f64>,
    since: u64,
    /// The lowest values of lanes that have ended in success, and their lanes; as many as have to agree.
    lowest: Vec<(f64, usize)>,
    reason: Option<Reason>,
}

impl EarlyStopping {
    /// One that never stops a run, until it is told when to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops when the lowest value of all lanes is at `value`, or below. [`Tolerances::target`](crate::Tolerances) ends the lane
    /// that is, and no other.
    pub fn target(self, value: f64) -> Self {
        Self { target: Some(value), ..self }
    }

    /// Stops when of the lanes that have ended in success, `lanes` of them, at least 2, the lowest, have values that differ by
    /// `tolerance` at most, and no lane under way is lower by more.
    pub fn agreement(self, lanes: usize, tolerance: f64) -> Self {
        Self { agreement: Some((lanes, tolerance)), ..self }
    }

    /// Stops when so great a share of all lanes, from 0 to 1, is done.
    pub fn share_done(self, share: f64) -> Self {
        Self { share: Some(share), ..self }
    }

    /// Stops when the lowest value of all lanes has not fallen by more than `delta` in `asks` times, at least 1, that this
    /// monitor was asked: steps, unless [`every`](Monitor::every) says otherwise.
    pub fn patience(self, asks: u64, delta: f64) -> Self {
        Self { patience: Some((asks, delta)), ..self }
    }

    /// Why the run was stopped; none if it was not.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }

    fn validate(&self) -> Result<()> {
        let refused = |name, value: String, must| Err(Error::Setting { name, value, must });
        if let Some(target) = self.target.filter(|target| target.is_nan()) {
            return refused("EarlyStopping::target", target.to_string(), "a number");
        }
        match (self.agreement, self.share, self.patience) {
            (Some((lanes, _)), ..) if lanes < 2 => refused("EarlyStopping::agreement: lanes", lanes.to_string(), "at least 2"),
            (Some((_, tolerance)), ..) if !(tolerance >= 0.0) => {
                refused("EarlyStopping::agreement: tolerance", tolerance.to_string(), "0 or more")
            }
            (_, Some(share), _) if !(0.0..=1.0).contains(&share) => refused("EarlyStopping::share_done", share.to_string(), "from 0 to 1"),
            (.., Some((0, _))) => refused("EarlyStopping::patience: asks", "0".into(), "at least 1"),
            (.., Some((_, delta))) if !(delta >= 0.0) => refused("EarlyStopping::patience: delta", delta.to_string(), "0 or more"),
            _ => Ok(()),
        }
    }

    /// Whether the lowest values agree; to be asked every time, so that no end is missed.
    fn agrees(&mut self, step: &mut Step<'_>) -> bool {
        let Some((lanes, tolerance)) = self.agreement else { return false };
        let summaries = step.summaries();
        let ended = |summary: &&Summary| summary.status.is_success() && !self.lowest.iter().any(|known| known.1 == summary.lane);
        let new: Vec<(f64, usize)> = summaries.iter().filter(ended).map(|summary| (summary.value, summary.lane)).collect();
        self.lowest.extend(new);
        self.lowest.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        self.lowest.truncate(lanes);
        let (Some(first), Some(last)) = (self.lowest.first(), self.lowest.get(lanes - 1)) else { return false };
        let lower = |summary: &Summary| summary.status.is_active() && summary.value < first.0 - tolerance;
        last.0 - first.0 <= tolerance && !summaries.iter().any(lower)
    }

    /// Whether the lowest value has not fallen for too long.
    fn is_impatient(&mut self, step: &mut Step<'_>) -> bool {
        let Some((asks, delta)) = self.patience else { return false };
        let best = step.best().value;
        if best.is_finite() && self.best.is_none_or(|before| best < before - delta) {
            (self.best, self.since) = (Some(best), 0);
            return false;
        }
        self.since += 1;
        self.since >= asks
    }
}

impl Monitor for EarlyStopping {
    fn begin(&mut self, _: &mut Step<'_>) -> Result<()> {
        self.reason = None;
        self.validate()
    }

    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        let (agrees, impatient) = (self.agrees(step), self.is_impatient(step));
        let at_target = self.target.is_some_and(|target| step.best().value <= target);
        let done = (step.lanes() - step.active()) as f64;
        let enough = self.share.is_some_and(|share| done >= share * step.lanes() as f64);
        let reasons =
            [(at_target, Reason::Target), (agrees, Reason::Agreement), (enough, Reason::ShareDone), (impatient, Reason::Patience)];
        let holds = reasons.into_iter().find(|(holds, _)| *holds && step.active() > 0);
        self.reason = holds.map(|(_, reason)| reason);
        Ok(if self.reason.is_some() { Control::Stop } else { Control::Continue })
    }

    fn name(&self) -> &str {
        "early stopping"
    }

    fn save(&self) -> Option<Vec<u8>> {
        postcard::to_stdvec(&(self.best, self.since, &self.lowest)).ok()
    }

    fn load(&mut self, state: &[u8]) -> Result<()> {
        let read = postcard::from_bytes(state).map_err(|error| MonitorError::new(format!("no state of early stopping: {error}")))?;
        (self.best, self.since, self.lowest) = read;
        Ok(())
    }
}
