//! Where starts come from.

use std::ops::Range;

use super::recipe::Recipe;
use crate::error::StartsError;
use crate::method::{Demands, Limits, Tolerances};

/// Gives lanes their starting points and parameters, as they are needed; never all at once.
///
/// A lane's start must depend on its number alone: lanes are asked for in any order, from any thread. A
/// [checkpoint](crate::Batch::save) asks for all of them, and holds them as numbers.
///
/// ```
/// use manymin::prelude::*;
///
/// /// Lane k starts at (k, k).
/// struct Diagonal(usize);
/// impl Source for Diagonal {
///     fn lanes(&self) -> usize { self.0 }
///     fn dimension(&self) -> usize { 2 }
///     fn fill(&self, lane: usize, point: &mut [f64], _: &mut [f64]) { point.fill(lane as f64); }
/// }
///
/// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
/// let outcome = Minimizer::new(Lbfgs::default()).minimize(&Device::cpu(Precision::F64), &bowl, &Starts::new(Diagonal(10)))?;
/// assert!(outcome.best().value < 1e-9);
/// # Ok::<(), manymin::Error>(())
/// ```
pub trait Source: Send + Sync {
    /// How many lanes there are.
    fn lanes(&self) -> usize;

    /// The components of a starting point.
    fn dimension(&self) -> usize;

    /// The parameters that each lane gets, none unless said otherwise.
    fn parameters(&self) -> usize {
        0
    }

    /// When a lane has converged, where that is not what the minimizer says.
    fn tolerances(&self, _lane: usize) -> Option<Tolerances> {
        None
    }

    /// How much work a lane may do, where that is not what the minimizer says.
    fn limits(&self, _lane: usize) -> Option<Limits> {
        None
    }

    /// Whether lanes have bounds of their own, which [`fill_bounds`](Source::fill_bounds) then gives; not unless said
    /// otherwise.
    fn has_bounds(&self) -> bool {
        false
    }

    /// Writes the bounds of `lane`, inclusive; infinite ones, which bound nothing, stand there before. Asked only where
    /// [`has_bounds`](Source::has_bounds); a lane's bounds must depend on its number alone, and hold a number for each
    /// component, which is checked for all lanes when a batch starts.
    fn fill_bounds(&self, _lane: usize, _lower: &mut [f64], _upper: &mut [f64]) {}

    /// Checked when a batch starts; nothing unless said otherwise.
    ///
    /// # Errors
    /// What is wrong with the starts.
    fn validate(&self) -> Result<(), StartsError> {
        Ok(())
    }

    /// What the starts are made from, for checkpoints; of those that don't say, all lanes are written down.
    #[doc(hidden)]
    fn recipe(&self) -> Option<Recipe> {
        None
    }

    /// Writes the starting point of `lane`, and its parameters.
    fn fill(&self, lane: usize, point: &mut [f64], parameters: &mut [f64]);
}

impl Demands {
    /// Those of one lane, where these are for all that have none of their own.
    pub(crate) fn of(&self, source: &dyn Source, lane: usize) -> Self {
        Self { tolerances: source.tolerances(lane).unwrap_or(self.tolerances), limits: source.limits(lane).unwrap_or(self.limits) }
    }
}

/// Lanes that are still to start.
pub(crate) type Queue = Range<usize>;
