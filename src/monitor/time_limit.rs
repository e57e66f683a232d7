//! An end after some time.

use std::time::Duration;

use super::{Control, Every, Monitor, Step};
use crate::error::Result;

/// Ends a run that has taken so long: lanes that are not done end [`TimeLimit`](crate::Status::TimeLimit), with the best they
/// have found. Until then the run is free, unless other monitors have it go step by step; it ends at the next end of a
/// dispatch, or of a step. A run that is taken up again has the whole time again.
///
/// ```
/// use std::time::Duration;
/// use manymin::monitor::TimeLimit;
/// use manymin::prelude::*;
///
/// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let outcome = Minimizer::new(Lbfgs::default())
///     .monitor(TimeLimit(Duration::ZERO))
///     .minimize(&Device::auto()?, &bowl, &starts)?;
/// assert!(outcome.statuses().iter().all(|&status| status == Status::TimeLimit));
/// assert!(outcome.best().value.is_finite(), "starts are evaluated");
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimit(
    /// How long the run may take.
    pub Duration,
);

/// Seconds are rounded by less than this on their way.
const ROUNDING: Duration = Duration::from_micros(1);

impl Monitor for TimeLimit {
    fn when(&self) -> Every {
        Every::Seconds(self.0.as_secs_f64())
    }

    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        let over = step.elapsed().saturating_add(ROUNDING) >= self.0;
        Ok(if over { Control::TimeLimit(self.0) } else { Control::Continue })
    }
}
