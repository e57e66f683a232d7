//! Starts with tolerances and limits of each lane's own.

use super::Starts;
use crate::engine::source::Source;
use crate::error::StartsError;
use crate::method::{Limits, Tolerances};

/// Starts whose lanes end as each is told.
pub(super) struct WithDemands {
    starts: Starts,
    tolerances: Option<Vec<Tolerances>>,
    limits: Option<Vec<Limits>>,
}

impl WithDemands {
    pub(super) fn new(starts: Starts, tolerances: Option<Vec<Tolerances>>, limits: Option<Vec<Limits>>) -> Self {
        Self { starts, tolerances, limits }
    }
}

impl Source for WithDemands {
    fn lanes(&self) -> usize {
        self.starts.lanes()
    }

    fn dimension(&self) -> usize {
        self.starts.dimension()
    }

    fn parameters(&self) -> usize {
        self.starts.source.parameters()
    }

    fn has_bounds(&self) -> bool {
        self.starts.source.has_bounds()
    }

    fn fill_bounds(&self, lane: usize, lower: &mut [f64], upper: &mut [f64]) {
        self.starts.source.fill_bounds(lane, lower, upper);
    }

    fn validate(&self) -> Result<(), StartsError> {
        self.starts.source.validate()?;
        let starts = self.lanes();
        if let Some(tolerances) = &self.tolerances {
            all_lanes("tolerances", tolerances.len(), starts)?;
        }
        if let Some(limits) = &self.limits {
            all_lanes("limits", limits.len(), starts)?;
        }
        Ok(())
    }

    fn fill(&self, lane: usize, point: &mut [f64], parameters: &mut [f64]) {
        self.starts.source.fill(lane, point, parameters);
    }

    fn tolerances(&self, lane: usize) -> Option<Tolerances> {
        self.tolerances.as_ref().map(|all| all[lane]).or_else(|| self.starts.source.tolerances(lane))
    }

    fn limits(&self, lane: usize) -> Option<Limits> {
        self.limits.as_ref().map(|all| all[lane]).or_else(|| self.starts.source.limits(lane))
    }
}

fn all_lanes(what: &'static str, given: usize, starts: usize) -> Result<(), StartsError> {
    if given == starts { Ok(()) } else { Err(StartsError::Each { what, given, starts }) }
}
