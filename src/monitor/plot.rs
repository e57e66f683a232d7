//! A picture of the convergence.

mod chart;
mod lettering;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Control, History, Monitor, Step};
use crate::error::{Error, MonitorError, Result};

/// What a [`Plot`] shows values against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Against {
    /// Steps of the run, or pauses of a run that is free in between.
    #[default]
    Steps,
    /// Evaluations over all lanes.
    Evaluations,
    /// Seconds from the beginning of the run.
    Seconds,
}

/// Draws the convergence of a run: the lowest value so far, and median and quartiles of the lanes' values, as SVG or PNG by the
/// ending of the file's name. The file is written when the run is over, also one that fails, and [while it
/// runs](Plot::redrawn_every) if asked for. Values have a logarithmic axis if none is negative and they differ a hundredfold; it
/// shows zero as the lowest of the others.
///
/// Text in a PNG is drawn in letters of its own, so that no font has to be there.
///
/// It is asked after every step, unless [`every`](Monitor::every) says otherwise: by time, so that the run is free in between.
///
/// ```
/// use manymin::monitor::{Against, Plot};
/// use manymin::prelude::*;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("convergence.svg");
/// # let path = path.to_str().expect("a path that is text");
/// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let plot = Plot::new(path).against(Against::Evaluations);   // "convergence.svg"
/// Minimizer::new(Lbfgs::default()).monitor(plot).minimize(&Device::auto()?, &rosenbrock, &starts)?;
/// assert!(std::fs::read_to_string(path)?.contains("median"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plot {
    path: PathBuf,
    against: Against,
    history: History,
    /// Between two drawings while the run is on, and when the next is due.
    pause: Option<Duration>,
    due: Option<Instant>,
}

impl Plot {
    /// A plot that is written to `path`, which ends in `.svg` or `.png`.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_path_buf(), against: Against::default(), history: History::new(), pause: None, due: None }
    }

    /// What values are shown against; steps unless set.
    pub fn against(self, against: Against) -> Self {
        Self { against, ..self }
    }

    /// Draws it anew while the run is on, so long after it was last drawn and at the earliest when the plot is next asked: a
    /// viewer that looks at the file again shows the run live. A drawing takes some hundredths of a second.
    pub fn redrawn_every(self, pause: Duration) -> Self {
        Self { pause: Some(pause), ..self }
    }

    /// What is drawn.
    pub fn history(&self) -> &History {
        &self.history
    }

    fn draw(&mut self) -> Result<()> {
        let failed = |message| MonitorError::new(format!("{}: {message}", self.path.display()));
        chart::draw(&self.path, self.history.rows(), self.against).map_err(failed)?;
        self.due = self.pause.and_then(|pause| Instant::now().checked_add(pause));
        Ok(())
    }
}

impl Monitor for Plot {
    fn begin(&mut self, step: &mut Step<'_>) -> Result<()> {
        if chart::Format::of(&self.path).is_none() {
            let value = self.path.display().to_string();
            return Err(Error::Setting { name: "Plot::new: path", value, must: "the name of a file that ends in .svg or .png" });
        }
        self.due = self.pause.and_then(|pause| Instant::now().checked_add(pause));
        self.history.begin(step)
    }

    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        self.history.step(step)?;
        if self.due.is_some_and(|due| Instant::now() >= due) {
            self.draw()?;
        }
        Ok(Control::Continue)
    }

    fn end(&mut self, step: &mut Step<'_>) -> Result<()> {
        let recorded = self.history.end(step);
        let drawn = if self.history.rows().is_empty() { Ok(()) } else { self.draw() };
        recorded.and(drawn)
    }

    fn name(&self) -> &str {
        "plot"
    }

    fn save(&self) -> Option<Vec<u8>> {
        self.history.save()
    }

    fn load(&mut self, state: &[u8]) -> Result<()> {
        self.history.load(state)
    }
}
