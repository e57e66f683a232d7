//! A run from its start, or from a checkpoint, to its end, by whatever way it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use manymin::monitor::{Checkpointing, EarlyStopping, Interrupt, ProgressBar, TimeLimit};
use manymin::{Batch, Control, Error, Every, Monitor, MonitorError, Outcome, Step};
use serde::{Deserialize, Serialize};

use super::args::{CheckpointArgs, LimitArgs};
use super::failure::{Failure, Result};
use super::files;
use super::setup::check_seconds;

/// What a checkpoint keeps for the command line.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Notes {
    pub(super) problem: String,
    pub(super) by_value: bool,
    pub(super) polish: Option<usize>,
    /// Seconds that the run has taken, before this part of it.
    pub(super) seconds: f64,
    #[serde(skip)]
    begun: Option<Instant>,
}

impl Notes {
    pub(super) fn new(problem: String, by_value: bool, polish: Option<usize>) -> Self {
        Self { problem, by_value, polish, ..Self::default() }
    }
}

impl Monitor for Notes {
    fn when(&self) -> Every {
        Every::Seconds(f64::INFINITY)
    }

    fn step(&mut self, _: &mut Step<'_>) -> manymin::Result<Control> {
        Ok(Control::Continue)
    }

    fn name(&self) -> &str {
        "command line"
    }

    fn save(&self) -> Option<Vec<u8>> {
        let seconds = self.seconds + self.begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64());
        serde_json::to_vec(&Self { seconds, ..self.clone() }).ok()
    }

    fn load(&mut self, state: &[u8]) -> manymin::Result<()> {
        let saved: Self = serde_json::from_slice(state).map_err(|error| MonitorError::new(error.to_string()))?;
        *self = Self { begun: self.begun, ..saved };
        Ok(())
    }
}

/// A run that has ended.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) notes: Notes,
    pub(super) interrupted: bool,
    /// Why the run could not be saved, which has ended it.
    pub(super) unsaved: Option<Failure>,
}

/// Seconds between checkpoints.
const EVERY: f64 = 60.0;

/// Runs to the end, or until a limit or Ctrl-C. Time counts from `begun`.
pub(super) fn drive(mut batch: Batch, mut notes: Notes, begun: Instant, limits: &LimitArgs, checkpoint: &CheckpointArgs) -> Result<Ended> {
    check_seconds("--every", checkpoint.every)?;
    if checkpoint.every.is_some() && checkpoint.checkpoint.is_none() {
        return Err(Failure::Misuse("--every is for --checkpoint FILE, which is not given".into()));
    }
    let interrupted = on_interrupt()?;
    notes.begun = Some(begun);
    let mut bar = ProgressBar::new();
    let mut interrupt = Interrupt::new(&interrupted);
    let mut limit = limits.time_limit.map(|seconds| TimeLimit(rest(seconds, begun)));
    let mut target = limits.target.map(|value| EarlyStopping::new().target(value).every(Every::Sync));
    let every = Every::Seconds(checkpoint.every.unwrap_or(EVERY));
    // A link is to stay one.
    let mut keeper = checkpoint.checkpoint.as_ref().map(|path| Checkpointing::new(files::target(path)).every(every));
    let mut monitors: Vec<&mut dyn Monitor> = vec![&mut notes, &mut bar, &mut interrupt];
    monitors.extend(limit.iter_mut().map(|monitor| monitor as &mut dyn Monitor));
    monitors.extend(target.iter_mut().map(|monitor| monitor as &mut dyn Monitor));
    monitors.extend(keeper.iter_mut().map(|monitor| monitor as &mut dyn Monitor));
    let unsaved = match batch.run_with(&mut monitors) {
        Ok(()) => None,
        // What was found until then is reported all the same.
        Err(error @ Error::Checkpoint(_)) => {
            batch.stop()?;
            Some(Failure::Device(error.to_string()))
        }
        Err(error) => return Err(error.into()),
    };
    notes.seconds += begun.elapsed().as_secs_f64();
    Ok(Ended { outcome: batch.finish()?, notes, interrupted: interrupted.load(Ordering::Relaxed), unsaved })
}

/// What is left of so many seconds.
pub(super) fn rest(seconds: f64, begun: Instant) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).saturating_sub(begun.elapsed())
}

/// Whether Ctrl-C was pressed; a second time ends the program at once.
pub(super) fn on_interrupt() -> Result<Arc<AtomicBool>> {
    let pressed = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&pressed);
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Failure::Interrupted.code()));
        }
    };
    ctrlc::set_handler(handler).map_err(|error| Failure::Device(format!("Ctrl-C can't be listened for: {error}")))?;
    Ok(pressed)
}
