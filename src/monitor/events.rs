//! Events of a run, for `tracing`.

use tracing::{Span, debug, info, info_span, warn};

use super::{Control, Monitor, Step};
use crate::error::Result;

/// Tells `tracing` of a run, in a span `manymin` with the number of `lanes`: the beginning and the end at level info, steps at
/// level debug, and each lane that has failed at level warn, with its number and status. Fields are numbers that a
/// subscriber can take as such: `step`, `active`, `best`, `evaluations`, `iterations`, `seconds`; `lane`, `status`, `value`.
///
/// It is asked after every step, unless [`every`](Monitor::every) says otherwise: by time, so that the run is free in between.
///
/// ```
/// use manymin::monitor::Events;
/// use manymin::prelude::*;
///
/// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let events = Events::new().every(Every::Seconds(1.0));
/// Minimizer::new(Lbfgs::default()).monitor(events).minimize(&Device::auto()?, &bowl, &starts)?;
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Events {
    span: Span,
}

impl Events {
    /// Events for the subscriber that is there when the run begins.
    pub fn new() -> Self {
        Self { span: Span::none() }
    }

    fn warn_of_failures(step: &mut Step<'_>) {
        for summary in step.summaries().iter().filter(|summary| summary.status.is_failure()) {
            warn!(lane = summary.lane, status = summary.status.name(), value = summary.value, "a lane failed: {}", summary.status);
        }
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

impl Monitor for Events {
    fn begin(&mut self, step: &mut Step<'_>) -> Result<()> {
        self.span = info_span!("manymin", lanes = step.lanes());
        self.span.in_scope(|| info!(lanes = step.lanes(), active = step.active(), "the run begins"));
        Ok(())
    }

    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        self.span.in_scope(|| {
            Self::warn_of_failures(step);
            let totals = step.totals();
            debug!(
                step = step.number(),
                active = step.active(),
                best = step.best().value,
                evaluations = totals.evaluations,
                iterations = totals.iterations,
                "step"
            );
        });
        Ok(Control::Continue)
    }

    fn end(&mut self, step: &mut Step<'_>) -> Result<()> {
        self.span.in_scope(|| {
            Self::warn_of_failures(step);
            let totals = step.totals();
            info!(
                step = step.number(),
                active = step.active(),
                best = step.best().value,
                evaluations = totals.evaluations,
                iterations = totals.iterations,
                seconds = step.elapsed().as_secs_f64(),
                "the run is over"
            );
        });
        Ok(())
    }
}
