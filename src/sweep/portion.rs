//! The lanes of some rows: every start with each row's parameters.

use nalgebra::DMatrix;

use crate::engine::source::Source;
use crate::error::StartsError;
use crate::method::{Limits, Tolerances};
use crate::starts::Starts;

/// Lane r k + j has row r's parameters and start j of k; or, where each row brings its own point, lane r begins there.
pub(super) struct Portion {
    pub(super) starts: Starts,
    /// One column a row.
    pub(super) parameters: DMatrix<f64>,
    /// One column a row.
    pub(super) points: Option<DMatrix<f64>>,
}

impl Portion {
    /// The row of a lane, and its start's number.
    fn place(&self, lane: usize) -> (usize, usize) {
        let each = if self.points.is_some() { 1 } else { self.starts.lanes() };
        (lane / each, lane % each)
    }
}

impl Source for Portion {
    fn lanes(&self) -> usize {
        self.parameters.ncols() * if self.points.is_some() { 1 } else { self.starts.lanes() }
    }

    fn dimension(&self) -> usize {
        self.starts.dimension()
    }

    fn parameters(&self) -> usize {
        self.parameters.nrows()
    }

    fn tolerances(&self, lane: usize) -> Option<Tolerances> {
        self.starts.source().tolerances(self.place(lane).1)
    }

    fn limits(&self, lane: usize) -> Option<Limits> {
        self.starts.source().limits(self.place(lane).1)
    }

    fn has_bounds(&self) -> bool {
        self.starts.source().has_bounds()
    }

    fn fill_bounds(&self, lane: usize, lower: &mut [f64], upper: &mut [f64]) {
        self.starts.source().fill_bounds(self.place(lane).1, lower, upper);
    }

    fn validate(&self) -> Result<(), StartsError> {
        self.starts.source().validate()
    }

    fn fill(&self, lane: usize, point: &mut [f64], parameters: &mut [f64]) {
        let (row, start) = self.place(lane);
        match &self.points {
            Some(points) => point.copy_from_slice(points.column(row).as_slice()),
            // Parameters that the starts bring give way to the row's.
            None => self.starts.source().fill(start, point, &mut vec![0.0; self.starts.source().parameters()]),
        }
        parameters.copy_from_slice(self.parameters.column(row).as_slice());
    }
}
