//! What lanes keep of their last steps.

use super::{Minimizer, Settings};
#[cfg(doc)]
use crate::batch::Batch;
use crate::engine::trail::MOST_ROWS;
use crate::error::{Error, Result};

impl Minimizer<'_> {
    /// Has each lane keep a trail: f and the largest component of its projected gradient at the start, k = 0, and after each step,
    ///
    /// ```text
    ///     k,  f(x_k),  max_i |P(x_k - g_k) - x_k|_i
    /// ```
    ///
    /// of which the last `rows` stay. [`LaneResult::trail`](crate::LaneResult::trail) has them, and [`Batch::lane`] shows those of a
    /// lane under way. None are kept unless this is set, and at most 32,768.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let outcome = Minimizer::new(Lbfgs::default()).trail(10).minimize(&Device::auto()?, &rosenbrock, &starts)?;
    /// let lane = outcome.lane(7);
    /// for row in &lane.trail {
    ///     println!("{:4} {:.6e} {:.1e}", row.iteration, row.value, row.gradient_max);
    /// }
    /// let last = lane.trail.last().expect("every lane was evaluated");
    /// assert_eq!((last.iteration, last.value), (lane.iterations, lane.last_value));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// Rows are written where the lane is, when it accepts a point: a run is as free as without, nothing is evaluated for it, and on
    /// a GPU nothing is read back before the lane's result is. [`monitor::History`](crate::monitor::History) tells more of each step,
    /// of all steps, and has the run go step by step.
    ///
    /// It takes 2 `rows` numbers of each resident lane, which [`bytes_per_lane`](Minimizer::bytes_per_lane) counts, and as many in f64
    /// of each result until that is [handed out](Batch::drain_finished). What brings points of many lanes, such as
    /// [`Batch::points`], brings their trails along from a GPU; [`Batch::lane`] brings that lane's alone. A [`Sweep`](crate::Sweep)
    /// hands out the trail of the best lane of each row; a [`Search`](crate::Search) lets go of them.
    pub fn trail(mut self, rows: usize) -> Self {
        self.settings.trail = rows;
        self
    }
}

impl Settings {
    /// Whether a trail is no longer than lanes can carry.
    pub(crate) fn check_trail(&self) -> Result<()> {
        if self.trail <= MOST_ROWS {
            return Ok(());
        }
        Err(Error::Setting {
            name: "trail",
            value: self.trail.to_string(),
            must: "at most 32768 rows; `monitor::History` records runs of any length",
        })
    }
}
