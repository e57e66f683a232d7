//! What a search has found.

use std::collections::BTreeMap;

use super::certificate::{Certificate, certify};
use super::minima::{Minima, Minimum};
use crate::engine::Totals;
use crate::error::Result;
use crate::method::Status;
use crate::outcome::Run;

/// Why a search came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchEnd {
    /// All starts have had their turn.
    Done,
    /// A lane came to the target.
    Target,
    /// So many minima were found.
    Minima,
    /// Its time was over.
    Time,
    /// Its evaluations were spent.
    Evaluations,
    /// Fewer than one minimum is expected to be unseen.
    AllSeen,
    /// A monitor stopped it.
    Monitor,
}

/// What a search has found; see [`Search`](crate::Search).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Found {
    /// The distinct minima, the lowest first.
    pub minima: Minima,
    /// The lowest point met, whether its lane ended in success or not; none if no value was finite.
    pub best: Option<Minimum>,
    /// How many lanes ended in each way; ways in which none did are left out. In a search by several runs, of all of them.
    pub statuses: BTreeMap<Status, usize>,
    /// Evaluations and iterations, screening included and polishing not.
    pub totals: Totals,
    /// Why it ended.
    pub end: SearchEnd,
    /// The number of minima expected in all, those that are unseen included; see [`Search::until_all_seen`](crate::Search::until_all_seen). None
    /// before so many lanes have ended that it can be told.
    pub expected: Option<f64>,
    /// Seconds that it took, polishing included.
    pub seconds: f64,
    pub(super) run: Run,
}

impl Found {
    /// Value, gradient and lowest eigenvalue of the Hessian at a minimum, in f64 on the CPU: whether it is one.
    ///
    /// ```
    /// use manymin::prelude::*;
    /// use manymin::Search;
    ///
    /// let bowl = Problem::new(2, |x| x[0].powi(2) + 3.0 * x[1].powi(2))?;
    /// let starts = Starts::sobol(&Bounds::new(&[-1.0; 2], &[1.0; 2])?, 64, 42);
    /// let found = Search::new(Minimizer::new(Lbfgs::default())).run(&Device::cpu(Precision::F32), &bowl, &starts)?;
    /// let certificate = found.certify(&found.minima.list[0])?;
    /// assert!((certificate.lowest_curvature - 2.0).abs() < 1e-12 && certificate.gradient_max < 1e-8);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`DeviceError::GpuOnly`](crate::DeviceError::GpuOnly) for [verbatim](crate::Problem::verbatim) WGSL.
    pub fn certify(&self, minimum: &Minimum) -> Result<Certificate> {
        certify(&self.run, minimum)
    }
}
