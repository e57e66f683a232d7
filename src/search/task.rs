//! Minimisations from some of the starts.

use super::collect::{Collector, Numbers};
use crate::device::Device;
use crate::engine::source::Source;
use crate::error::{Result, StartsError};
use crate::method::{Limits, Tolerances};
use crate::minimizer::Minimizer;
use crate::problem::Problem;
use crate::starts::Starts;

/// What all strategies have: who minimises what on which device, from which starts, and who takes what is found.
pub(super) struct Task<'t, 'm> {
    pub(super) minimizer: &'t mut Minimizer<'m>,
    pub(super) device: &'t Device,
    pub(super) problem: &'t Problem,
    pub(super) starts: &'t Starts,
    pub(super) collector: &'t mut Collector,
}

impl Task<'_, '_> {
    /// Minimises from these starts, or from `points` in their places, one after another.
    pub(super) fn minimize(&mut self, numbers: Numbers, points: Option<Vec<f64>>) -> Result<()> {
        self.collector.numbers = numbers.clone();
        let chosen = Chosen { starts: self.starts.clone(), numbers, points };
        let mut batch = self.minimizer.start(self.device, self.problem, &Starts::new(chosen))?;
        self.minimizer.run_batch(&mut batch, self.collector)?;
        self.collector.run_over();
        Ok(())
    }
}

/// Some of the starts, as they are or moved elsewhere.
pub(super) struct Chosen {
    pub(super) starts: Starts,
    pub(super) numbers: Numbers,
    /// One after another, where lanes begin elsewhere than the starts say.
    pub(super) points: Option<Vec<f64>>,
}

impl Source for Chosen {
    fn lanes(&self) -> usize {
        self.numbers.len()
    }

    fn dimension(&self) -> usize {
        self.starts.dimension()
    }

    fn parameters(&self) -> usize {
        self.starts.source().parameters()
    }

    fn tolerances(&self, lane: usize) -> Option<Tolerances> {
        self.starts.source().tolerances(self.numbers.get(lane))
    }

    fn limits(&self, lane: usize) -> Option<Limits> {
        self.starts.source().limits(self.numbers.get(lane))
    }

    fn has_bounds(&self) -> bool {
        self.starts.source().has_bounds()
    }

    fn fill_bounds(&self, lane: usize, lower: &mut [f64], upper: &mut [f64]) {
        self.starts.source().fill_bounds(self.numbers.get(lane), lower, upper);
    }

    fn validate(&self) -> Result<(), StartsError> {
        self.starts.source().validate()
    }

    fn fill(&self, lane: usize, point: &mut [f64], parameters: &mut [f64]) {
        self.starts.source().fill(self.numbers.get(lane), point, parameters);
        if let Some(points) = &self.points {
            let n = point.len();
            point.copy_from_slice(&points[lane * n..][..n]);
        }
    }
}
