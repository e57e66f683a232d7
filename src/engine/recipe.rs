//! Starts as data, by which they are written to files and made again.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::method::{Bounds, Limits, Tolerances};

/// What starts are made from. It can't be made outside the crate: other sources are asked for all their lanes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recipe {
    pub(crate) points: Points,
    /// What is given for each lane; what is not, is not there.
    pub(crate) parameters: Option<Columns>,
    /// Lower bounds and upper ones.
    pub(crate) bounds: Option<[Columns; 2]>,
    pub(crate) tolerances: Option<Vec<Option<Tolerances>>>,
    pub(crate) limits: Option<Vec<Option<Limits>>>,
}

/// Where starting points come from. Checkpoints name these by their order: new ones stand at the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Points {
    /// Drawn from a box.
    Uniform { bounds: Bounds, lanes: usize, seed: u64 },
    /// One column a lane.
    Matrix(Columns),
    /// Sobol points in a box.
    Sobol { bounds: Bounds, lanes: usize, seed: u64 },
    /// A Latin hypercube in a box.
    Latin { bounds: Bounds, lanes: usize, seed: u64 },
    /// A grid over a box.
    Grid { bounds: Bounds, counts: Vec<usize> },
    /// A point, and others drawn from a box around it.
    Around { point: Vec<f64>, bounds: Bounds, lanes: usize, seed: u64 },
}

impl From<Points> for Recipe {
    /// With nothing besides.
    fn from(points: Points) -> Self {
        Self { points, parameters: None, bounds: None, tolerances: None, limits: None }
    }
}

/// A matrix, column by column.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "(usize, usize, Vec<f64>)", try_from = "(usize, usize, Vec<f64>)")]
pub(crate) struct Columns(pub(crate) DMatrix<f64>);

impl From<Columns> for (usize, usize, Vec<f64>) {
    fn from(table: Columns) -> Self {
        let (rows, columns) = table.0.shape();
        (rows, columns, table.0.as_slice().to_vec())
    }
}

impl TryFrom<(usize, usize, Vec<f64>)> for Columns {
    type Error = &'static str;

    fn try_from((rows, columns, values): (usize, usize, Vec<f64>)) -> Result<Self, Self::Error> {
        match rows.checked_mul(columns) {
            Some(elements) if elements == values.len() => Ok(Self(DMatrix::from_vec(rows, columns, values))),
            _ => Err("a matrix has another number of elements than rows times columns"),
        }
    }
}
