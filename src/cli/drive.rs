//! A run from its start, or from a checkpoint, to its end, by whatever way it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use manymin::{Batch, Outcome};
use serde::{Deserialize, Serialize};

use super::args::{CheckpointArgs, LimitArgs};
use super::failure::{Failure, Result};
use super::progress::Progress;
use super::setup::check_seconds;

/// What a checkpoint keeps for the command line.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Notes {
    pub(super) problem: String,
    pub(super) by_value: bool,
    pub(super) polish: Option<usize>,
    /// That the run has taken so far.
    pub(super) seconds: f64,
}

/// A run that has ended.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) notes: Notes,
    pub(super) interrupted: bool,
}

/// How often the run is looked at.
const SLICE: Duration = Duration::from_millis(100);
/// Seconds between checkpoints.
const EVERY: f64 = 60.0;

/// Runs to the end, or until a limit or Ctrl-C. Time counts from `begun`.
pub(super) fn drive(mut batch: Batch, mut notes: Notes, begun: Instant, limits: &LimitArgs, checkpoint: &CheckpointArgs) -> Result<Ended> {
    let keeper = Keeper::new(checkpoint)?;
    let interrupted = on_interrupt()?;
    let before = notes.seconds;
    let progress = Progress::new(batch.lanes());
    let mut due = Instant::now() + keeper.every;
    let mut limit = None;
    while batch.active() > 0 {
        batch.run_for(SLICE)?;
        notes.seconds = before + begun.elapsed().as_secs_f64();
        progress.show(&batch);
        if Instant::now() >= due {
            keeper.save(&mut batch, &notes)?;
            due = Instant::now() + keeper.every;
        }
        let late = limits.time_limit.is_some_and(|seconds| begun.elapsed().as_secs_f64() >= seconds);
        let reached = limits.target.is_some_and(|target| batch.best().value <= target);
        if interrupted.load(Ordering::Relaxed) || late || reached {
            limit = Some(late && !reached);
            break;
        }
    }
    progress.clear();
    // As it stands, before lanes are stopped, so that they can go on.
    keeper.save(&mut batch, &notes)?;
    if let Some(late) = limit {
        if late { batch.stop_in_time()? } else { batch.stop()? }
    }
    Ok(Ended { outcome: batch.finish()?, notes, interrupted: interrupted.load(Ordering::Relaxed) })
}

/// Who saves the run, if that is asked for.
struct Keeper {
    path: Option<PathBuf>,
    every: Duration,
}

impl Keeper {
    fn new(args: &CheckpointArgs) -> Result<Self> {
        check_seconds("--every", args.every)?;
        if args.every.is_some() && args.checkpoint.is_none() {
            return Err(Failure::Misuse("--every is for --checkpoint FILE, which is not given".into()));
        }
        let every = Duration::try_from_secs_f64(args.every.unwrap_or(EVERY)).unwrap_or(Duration::MAX);
        Ok(Self { path: args.checkpoint.clone(), every: every.min(Duration::from_secs(1 << 32)) })
    }

    fn save(&self, batch: &mut Batch, notes: &Notes) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let notes = serde_json::to_vec(notes).map_err(Failure::misuse)?;
        Ok(batch.save_with(path, &[(NOTES.to_string(), notes)])?)
    }
}

/// The name under which a checkpoint keeps what is the command line's own.
pub(super) const NOTES: &str = "command line";

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
