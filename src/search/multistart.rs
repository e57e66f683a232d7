//! Every start by itself.

use super::collect::{Collector, Numbers};
use crate::device::Device;
use crate::engine::source::Source;
use crate::error::{Result, StartsError};
use crate::method::{Limits, Tolerances};
use crate::minimizer::Minimizer;
use crate::problem::Problem;
use crate::starts::Starts;

/// Minimises from the chosen starts.
pub(super) fn run(
    minimizer: &mut Minimizer<'_>,
    device: &Device,
    problem: &Problem,
    starts: &Starts,
    chosen: &Numbers,
    collector: &mut Collector,
) -> Result<()> {
    from(minimizer, device, problem, Chosen { starts: starts.clone(), numbers: chosen.clone(), points: None }, collector)
}

/// Minimises from these lanes, and has the collector take what they find.
pub(super) fn from(
    minimizer: &mut Minimizer<'_>,
    device: &Device,
    problem: &Problem,
    chosen: Chosen,
    collector: &mut Collector,
) -> Result<()> {
    collector.numbers = chosen.numbers.clone();
    let mut batch = minimizer.start(device, problem, &Starts::new(chosen))?;
    minimizer.run_batch(&mut batch, collector)?;
    collector.run_over();
    Ok(())
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
