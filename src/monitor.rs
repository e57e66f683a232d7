//! Callbacks: host code that is called between steps, sees how lanes stand, and can stop the run.

use crate::batch::Batch;
use crate::engine::{Summary, Totals};
use crate::error::{Error, Result};
use crate::outcome::LaneResult;

/// What a monitor answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    #[default]
    Continue,
    /// End the run: lanes that are not done end [`Stopped`](crate::Status::Stopped), with all they have found.
    Stop,
}

/// How a run stands after a step; what it is asked for it fetches, and nothing else.
pub struct Step<'a> {
    batch: &'a mut Batch,
    /// What [`summaries`](Step::summaries) fetched, or why it could not.
    summaries: Option<Vec<Summary>>,
    failure: Option<Error>,
}

impl<'a> Step<'a> {
    pub(crate) fn new(batch: &'a mut Batch) -> Self {
        Self { batch, summaries: None, failure: None }
    }

    /// The lane with the lowest value so far.
    pub fn best(&mut self) -> LaneResult {
        self.batch.best()
    }

    /// Lanes that are not done, queued ones included.
    pub fn active(&self) -> usize {
        self.batch.active()
    }

    /// How many lanes there are in all.
    pub fn lanes(&self) -> usize {
        self.batch.lanes()
    }

    /// How each resident lane stands, and each that has ended since this was last asked; by lane. They come from the device
    /// when they are first asked for in a step. If that fails there are none, and the run ends with the device's error.
    pub fn summaries(&mut self) -> &[Summary] {
        let Self { batch, summaries, failure } = self;
        summaries.get_or_insert_with(|| {
            batch.summaries().unwrap_or_else(|error| {
                *failure = Some(error);
                Vec::new()
            })
        })
    }

    /// The error of a device that could not tell how lanes stand.
    pub(crate) fn failure(self) -> Result<()> {
        self.failure.map_or(Ok(()), Err)
    }

    /// What has been done so far.
    pub fn totals(&self) -> Totals {
        self.batch.totals()
    }
}

/// Watches a run. Implemented for closures `|step: &mut Step| ...` that answer nothing, a [`Control`], or a
/// `Result<Control, E>`.
///
/// ```
/// use manymin::prelude::*;
///
/// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let mut steps = 0;
/// let outcome = Minimizer::new(Lbfgs::default())
///     .monitor(|_: &mut Step| steps += 1)
///     .monitor(|step: &mut Step| if step.best().value < 1e-8 { Control::Stop } else { Control::Continue })
///     .minimize(&Device::auto()?, &bowl, &starts)?;
/// assert!(outcome.best().value < 1e-8 && steps > 0);
/// # Ok::<(), manymin::Error>(())
/// ```
pub trait Monitor {
    /// Called after a step.
    ///
    /// # Errors
    /// Whatever should end the run as [`Error::Monitor`].
    fn step(&mut self, step: &mut Step<'_>) -> Result<Control>;
}

impl<F, A> Monitor for F
where
    F: FnMut(&mut Step<'_>) -> A,
    A: Answer,
{
    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        self(step).control()
    }
}

/// What a closure may answer as a monitor.
pub trait Answer {
    /// The answer as a [`Control`].
    ///
    /// # Errors
    /// The answer's own error, as [`Error::Monitor`].
    fn control(self) -> Result<Control>;
}

impl Answer for () {
    fn control(self) -> Result<Control> {
        Ok(Control::Continue)
    }
}

impl Answer for Control {
    fn control(self) -> Result<Control> {
        Ok(self)
    }
}

impl<E: std::fmt::Display> Answer for Result<Control, E> {
    fn control(self) -> Result<Control> {
        self.map_err(|error| Error::Monitor { message: error.to_string() })
    }
}
