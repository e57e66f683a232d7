//! Monitors: host code that is asked while a run goes on, sees how lanes stand, and can stop the run.
//!
//! A monitor is a closure, or a [`Monitor`] of your own, or one that is here:
//!
//! | to | take |
//! | --- | --- |
//! | record best, median and quantiles, and chosen lanes in full; CSV and JSON | [`History`] |
//! | stop at a target, without progress, when enough lanes are done or agree | [`EarlyStopping`] |
//! | stop after some time | [`TimeLimit`] |
//! | save the run every so often | [`Checkpointing`] |
//! | stop from outside, as with Ctrl-C | [`Interrupt`] |
//! | feed another thread without blocking the run | [`Channel`] |
#![cfg_attr(feature = "progress", doc = "| see how far a run is | [`ProgressBar`] |")]
#![cfg_attr(feature = "plot", doc = "| see the convergence, as SVG or PNG | [`Plot`] |")]
#![cfg_attr(feature = "tracing", doc = "| have events for `tracing` | [`Events`] |")]
//!
//! Features of the crate bring `ProgressBar` (`progress`), `Plot` (`plot`) and `Events` (`tracing`).
//!
//! What a monitor costs depends on [when](Every) it is asked and on what it asks for: a run whose monitors are asked by time is
//! free in between; [`Step::summaries`] brings some words a lane from the device, and [`Step::points`] all points. A run that
//! is watched finds the same to the bit as one that is not, until a monitor has it stopped.
//!
//! ```
//! use std::time::Duration;
//! use manymin::monitor::{EarlyStopping, History, TimeLimit};
//! use manymin::prelude::*;
//!
//! let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
//! let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 1_000, 42);
//! let mut history = History::new();
//! let outcome = Minimizer::new(Lbfgs::default())
//!     .monitor(EarlyStopping::new().share_done(0.9))
//!     .monitor(TimeLimit(Duration::from_secs(60)))
//!     .watched_by(&mut history)
//!     .minimize(&Device::auto()?, &rosenbrock, &starts)?;
//! for row in history.rows() {
//!     println!("{:>4} {:12.4e} {:12.4e}", row.number, row.best, row.value.median);
//! }
//! assert!(outcome.best().value < 1e-8);
//! # Ok::<(), manymin::Error>(())
//! ```

mod channel;
mod checkpointing;
mod early_stopping;
#[cfg(feature = "tracing")]
mod events;
mod every;
mod history;
mod interrupt;
#[cfg(feature = "plot")]
mod plot;
#[cfg(feature = "progress")]
mod progress;
mod step;
mod time_limit;
pub(crate) mod watched;

use std::time::Duration;

pub use channel::{Channel, Snapshot};
pub use checkpointing::Checkpointing;
pub use early_stopping::{EarlyStopping, Reason};
#[cfg(feature = "tracing")]
pub use events::Events;
pub use every::{Every, Watch};
pub use history::{History, LaneRow, Quantiles, Row};
pub use interrupt::Interrupt;
#[cfg(feature = "plot")]
pub use plot::{Against, Plot};
#[cfg(feature = "progress")]
pub use progress::ProgressBar;
pub use step::Step;
pub use time_limit::TimeLimit;

use crate::error::{MonitorError, Result};

/// What a monitor answers. Of several answers the strongest counts, which is the last in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Control {
    /// Go on.
    #[default]
    Continue,
    /// End the run, that time being up: lanes that are not done end [`TimeLimit`](crate::Status::TimeLimit), with all they
    /// have found.
    TimeLimit(Duration),
    /// End the run: lanes that are not done end [`Stopped`](crate::Status::Stopped), with all they have found.
    Stop,
}

/// Watches a run. Implemented for closures `|step: &mut Step| ...` that answer nothing, a [`Control`], or a
/// `Result<Control, E>`; they are asked after every step unless [`every`](Monitor::every) says otherwise.
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
///
/// A monitor of one's own, that is asked by time and has a last word:
///
/// ```
/// use manymin::prelude::*;
///
/// #[derive(Default)]
/// struct Evaluations(Vec<u64>);
///
/// impl Monitor for Evaluations {
///     fn when(&self) -> Every { Every::Seconds(0.5) }
///     fn step(&mut self, step: &mut Step) -> manymin::Result<Control> {
///         self.0.push(step.totals().evaluations);
///         Ok(Control::Continue)
///     }
///     fn end(&mut self, step: &mut Step) -> manymin::Result<()> {
///         self.step(step).map(drop)
///     }
/// }
///
/// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let mut evaluations = Evaluations::default();
/// let outcome = Minimizer::new(Lbfgs::default()).watched_by(&mut evaluations).minimize(&Device::auto()?, &bowl, &starts)?;
/// assert_eq!((evaluations.0[0], evaluations.0.last()), (100, Some(&outcome.evaluations())));
/// # Ok::<(), manymin::Error>(())
/// ```
///
/// # Errors and panics
/// A monitor that answers with an error, or panics, ends the run with [`Error::Monitor`](crate::Error::Monitor). Other monitors
/// are shown the end, and the batch is as it was after the last step: it can go on.
pub trait Monitor {
    /// When the monitor is asked; looked at when a run begins. After every step, unless it says otherwise.
    fn when(&self) -> Every {
        Every::Step
    }

    /// Called when a run begins, before anything is evaluated.
    ///
    /// # Errors
    /// What should end the run.
    fn begin(&mut self, _step: &mut Step<'_>) -> Result<()> {
        Ok(())
    }

    /// Called at the start, as step 0, and then [when](Monitor::when) it is time.
    ///
    /// # Errors
    /// What should end the run.
    fn step(&mut self, step: &mut Step<'_>) -> Result<Control>;

    /// Called once when the run is over, for whatever reason, and shown how lanes have ended.
    ///
    /// # Errors
    /// What the run should return, if nothing has failed before.
    fn end(&mut self, _step: &mut Step<'_>) -> Result<()> {
        Ok(())
    }

    /// What the monitor calls what it [saves](Monitor::save).
    fn name(&self) -> &str {
        "monitor"
    }

    /// What the monitor knows, for a checkpoint to keep; nothing, unless it says otherwise. It comes back with
    /// [`load`](Monitor::load) to the monitor of the same name when the saved run goes on; of several with one name, in their order.
    fn save(&self) -> Option<Vec<u8>> {
        None
    }

    /// Takes up what was saved, before the run goes on.
    ///
    /// # Errors
    /// What is no state of this monitor's.
    fn load(&mut self, _state: &[u8]) -> Result<()> {
        Ok(())
    }

    /// Whether the monitor writes down what the others [save](Monitor::save): then it is asked after them, finds it in
    /// [`Step::saved`], and is asked once more when the run is over, before lanes are stopped.
    fn saves(&self) -> bool {
        false
    }

    /// The same monitor, asked at other times.
    fn every(self, every: Every) -> Watch<Self>
    where
        Self: Sized,
    {
        Watch::every(every, self)
    }
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

/// A monitor that someone else keeps.
pub(crate) struct Lent<'m>(pub(crate) &'m mut dyn Monitor);

impl Monitor for Lent<'_> {
    fn when(&self) -> Every {
        self.0.when()
    }

    fn begin(&mut self, step: &mut Step<'_>) -> Result<()> {
        self.0.begin(step)
    }

    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        self.0.step(step)
    }

    fn end(&mut self, step: &mut Step<'_>) -> Result<()> {
        self.0.end(step)
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn save(&self) -> Option<Vec<u8>> {
        self.0.save()
    }

    fn load(&mut self, state: &[u8]) -> Result<()> {
        self.0.load(state)
    }

    fn saves(&self) -> bool {
        self.0.saves()
    }
}

/// What a closure may answer as a monitor.
pub trait Answer {
    /// The answer as a [`Control`].
    ///
    /// # Errors
    /// The answer's own error, as [`Error::Monitor`](crate::Error::Monitor).
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
        self.map_err(|error| MonitorError::new(error.to_string()).into())
    }
}
