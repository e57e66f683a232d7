//! The GPU engine against the CPU engine: the same functions, the same objectives, the same lanes.

mod objectives;
mod operations;

use manymin::prelude::*;
use manymin::probe::{Evaluated, evaluate_on};
use nalgebra::DMatrix;

use crate::devices::gpu;

const EPSILON: f64 = f32::EPSILON as f64;

/// Points that both engines are asked at, with parameters: rounded to f32 first, so that all precisions are asked the same.
#[derive(Clone, Debug, Default)]
struct Questions {
    points: Vec<Vec<f64>>,
    parameters: Vec<Vec<f64>>,
}

impl Questions {
    fn ask(&mut self, point: &[f64], parameters: &[f64]) {
        self.points.push(point.iter().map(|&v| single(v)).collect());
        self.parameters.push(parameters.iter().map(|&v| single(v)).collect());
    }

    /// What the GPU engine's kernels answer.
    fn answers(&self, problem: &Problem) -> Vec<Evaluated> {
        let matrix = |rows: usize, columns: &[Vec<f64>]| DMatrix::from_iterator(rows, columns.len(), columns.iter().flatten().copied());
        let starts = Starts::from_matrix(matrix(problem.dimension(), &self.points));
        let starts = starts.with_parameters(matrix(problem.parameters(), &self.parameters));
        evaluate_on(&gpu(), problem, &starts).unwrap()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is the point")]
fn single(value: f64) -> f64 {
    f64::from(value as f32)
}

/// |a - b| in [`EPSILON`]s of `size`; none where they are the same, and infinitely many where one is not a number.
fn off(a: f64, b: f64, size: f64) -> f64 {
    let difference = (a - b).abs() / (EPSILON * size);
    if a == b || (a.is_nan() && b.is_nan()) {
        0.0
    } else if difference.is_nan() {
        f64::INFINITY
    } else {
        difference
    }
}
