//! Checkpoints while a run goes on.

use std::path::{Path, PathBuf};

use super::{Control, Every, Monitor, Step};
use crate::error::Result;

/// Saves the run to a file every so often, 60 seconds unless [`every`](Monitor::every) says otherwise, and once more when it is
/// over, before lanes are stopped: from the file they can go on. What other monitors have to [save](Monitor::save) is saved with
/// it, and comes back to monitors of the same kinds when the loaded batch [runs](crate::Batch::run_with).
///
/// ```
/// use manymin::monitor::{Checkpointing, EarlyStopping, History};
/// use manymin::prelude::*;
///
/// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let device = Device::cpu(Precision::F64);
/// # let directory = tempfile::tempdir().expect("a directory");
/// # let path = directory.path().join("run.manymin");
/// Minimizer::new(Lbfgs::default())
///     .monitor(Checkpointing::to(&path).every(Every::Seconds(10.0)))
///     .monitor(EarlyStopping::new().share_done(0.5))
///     .minimize(&device, &rosenbrock, &starts)?;
///
/// let mut batch = Batch::load(&path, &device)?;
/// assert!(batch.active() > 0 && batch.active() <= 50);
/// let mut history = History::new();
/// batch.run_with(&mut [&mut history, &mut Checkpointing::to(&path)])?;
/// assert!(batch.finish()?.statuses().iter().all(|status| status.is_success()));
/// # Ok::<(), manymin::Error>(())
/// ```
///
/// A run that goes step by step is saved at the end of a step. A file that can't be written ends the run with
/// [`Error::Checkpoint`](crate::Error::Checkpoint).
#[derive(Clone, Debug)]
pub struct Checkpointing {
    path: PathBuf,
}

/// Seconds between checkpoints.
const EVERY: f64 = 60.0;

impl Checkpointing {
    /// Saves to the file at `path`.
    pub fn to(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_path_buf() }
    }
}

impl Monitor for Checkpointing {
    fn when(&self) -> Every {
        Every::Seconds(EVERY)
    }

    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        let saved = step.saved().to_vec();
        step.batch().save_with(&self.path, &saved)?;
        Ok(Control::Continue)
    }

    fn name(&self) -> &str {
        "checkpointing"
    }

    fn saves(&self) -> bool {
        true
    }
}
