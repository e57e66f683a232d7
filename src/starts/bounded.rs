//! Starts with a box for each lane.

use nalgebra::DMatrix;

use super::Starts;
use crate::engine::source::Source;
use crate::error::StartsError;
use crate::method::{Limits, Tolerances};

/// The columns of two matrices as the lanes' bounds, beside such as the starts bring.
pub(super) struct WithBounds {
    starts: Starts,
    lower: DMatrix<f64>,
    upper: DMatrix<f64>,
}

impl WithBounds {
    pub(super) fn new(starts: Starts, lower: DMatrix<f64>, upper: DMatrix<f64>) -> Self {
        Self { starts, lower, upper }
    }
}

impl Source for WithBounds {
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
        true
    }

    fn fill_bounds(&self, lane: usize, lower: &mut [f64], upper: &mut [f64]) {
        self.starts.source.fill_bounds(lane, lower, upper);
        // The narrower of each two; what is not a number is taken over, and found when the batch starts.
        let narrower = |bound: f64, other: f64, within: bool| if within || other.is_nan() { other } else { bound };
        let (own_lower, own_upper) = (self.lower.column(lane), self.upper.column(lane));
        lower.iter_mut().zip(own_lower.iter()).for_each(|(low, &own)| *low = narrower(*low, own, own > *low));
        upper.iter_mut().zip(own_upper.iter()).for_each(|(high, &own)| *high = narrower(*high, own, own < *high));
    }

    fn validate(&self) -> Result<(), StartsError> {
        self.starts.source.validate()?;
        let (dimension, lanes) = (self.dimension(), self.lanes());
        for (what, matrix) in [("lower", &self.lower), ("upper", &self.upper)] {
            let (rows, columns) = matrix.shape();
            if (rows, columns) != (dimension, lanes) {
                return Err(StartsError::BoundsSize { what, rows, columns, dimension, lanes });
            }
        }
        Ok(())
    }

    fn tolerances(&self, lane: usize) -> Option<Tolerances> {
        self.starts.source.tolerances(lane)
    }

    fn limits(&self, lane: usize) -> Option<Limits> {
        self.starts.source.limits(lane)
    }

    fn fill(&self, lane: usize, point: &mut [f64], parameters: &mut [f64]) {
        self.starts.source.fill(lane, point, parameters);
    }
}
