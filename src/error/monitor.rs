//! A monitor that failed.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::outcome::Outcome;

/// A monitor that failed, with an error of its own or a panic. The run has ended in order: a [`Batch`](crate::Batch) is as it
/// was after the last step, and can go on. [`Minimizer::minimize`](crate::Minimizer::minimize), which keeps its batch to itself,
/// hands out here what was found.
///
/// ```
/// use manymin::prelude::*;
///
/// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let minimizer = Minimizer::new(Lbfgs::default()).monitor(|_: &mut Step| Err::<Control, _>("the disk is full"));
/// match minimizer.minimize(&Device::cpu(Precision::F64), &bowl, &starts) {
///     Err(manymin::Error::Monitor(error)) => {
///         assert_eq!(error.message, "the disk is full");
///         assert_eq!(error.outcome().map(Outcome::lanes), Some(100));
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Clone, Error)]
#[error("a monitor failed: {message}")]
#[non_exhaustive]
pub struct MonitorError {
    /// What the monitor said.
    pub message: String,
    outcome: Option<Arc<Outcome>>,
}

impl MonitorError {
    /// That a monitor of yours has failed, and why.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), outcome: None }
    }

    /// The error with what was found until it came.
    pub(crate) fn with_outcome(self, outcome: Option<Outcome>) -> Self {
        Self { outcome: outcome.map(Arc::new), ..self }
    }

    /// What [`Minimizer::minimize`](crate::Minimizer::minimize) had found when the monitor failed: lanes that were not done are
    /// [`Active`](crate::Status::Active) in it. None from a batch of your own, which has it all, and if the device has failed as well.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_deref()
    }
}

impl fmt::Debug for MonitorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MonitorError").field("message", &self.message).finish_non_exhaustive()
    }
}

/// Two that say the same are the same.
impl PartialEq for MonitorError {
    fn eq(&self, other: &Self) -> bool {
        self.message == other.message
    }
}
