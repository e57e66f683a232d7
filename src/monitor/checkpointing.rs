//! A file to go on from.

use std::path::{Path, PathBuf};

use super::{Control, Every, Monitor, Step};
use crate::error::Result;

/// Saves the batch while it runs, as [`Batch::save`](crate::Batch::save) does, so that a run that is killed goes on from the last
/// file: every ten seconds, unless [`every`](Monitor::every) says otherwise, at the start, and when the run is over. What other
/// monitors [save](Monitor::save) is in the file. A run that is stopped, by Ctrl-C or a time limit, is saved before its lanes are:
/// it can go on as well.
///
/// ```
/// use manymin::monitor::{Checkpointing, History};
/// use manymin::prelude::*;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.manymin");
/// # let path = path.to_str().expect("a path that is text");
/// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let device = Device::auto()?;
/// let mut history = History::new();
/// let outcome = Minimizer::new(Lbfgs::default())
///     .monitor(Checkpointing::new(path).every(Every::Steps(10)))                // "run.manymin"
///     .monitor(|step: &mut Step| if step.number() == 25 { Control::Stop } else { Control::Continue })
///     .watched_by(&mut history)
///     .minimize(&device, &rosenbrock, &starts)?;
/// assert!(outcome.statuses().contains(&Status::Stopped));
///
/// // Later, or elsewhere: the batch goes on, and the history with it.
/// let mut batch = Batch::load(path, &device)?;
/// let mut history = History::new();
/// batch.run_with(&mut [&mut history])?;
/// assert_eq!((history.rows()[0].number, batch.active()), (0, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What it costs is what a file costs, since the run waits while it is written: see [`Batch::save`](crate::Batch::save). A file
/// that can't be written ends the run with its error, and the batch is as it was.
#[derive(Clone, Debug)]
pub struct Checkpointing {
    path: PathBuf,
    written: u64,
}

/// Seconds from one file to the next.
const SECONDS: f64 = 10.0;

impl Checkpointing {
    /// Writes to `path`, over the file before.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_path_buf(), written: 0 }
    }

    /// How many files have been written, each over the one before.
    pub fn written(&self) -> u64 {
        self.written
    }
}

impl Monitor for Checkpointing {
    fn when(&self) -> Every {
        Every::Seconds(SECONDS)
    }

    fn saves(&self) -> bool {
        true
    }

    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        let saved = step.saved().to_vec();
        step.batch().save_with(&self.path, &saved)?;
        self.written += 1;
        Ok(Control::Continue)
    }
}
