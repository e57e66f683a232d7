//! Second derivatives, exact: the gradient's program, differentiated once more along a direction.

use std::sync::Arc;

use nalgebra::DMatrix;

use super::Problem;
use super::differentiate::{Scatter, gradient};
use super::evaluate::chunk::{CHUNK, LANES};
use super::evaluate::machine::Machine;
use super::evaluate::real::Real;
use super::program::Program;
use super::tangent::{Direction, tangents};
use crate::error::{ProblemError, Result};

impl Problem {
    /// The Hessian at a point, `H[i, j] = d^2 f / dx_i dx_j`, in f64: exact derivatives of the program, no differences.
    ///
    /// It takes n products `H e_k`, which the lanes of a block compute side by side, each as long as a few evaluations. What
    /// rounding makes of `H[i, j]` and `H[j, i]` is averaged, so that the matrix is symmetric to the bit. On a kink it is that
    /// of the side which the gradient is of.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let hessian = rosenbrock.hessian(&[1.0, 1.0], &[])?;
    /// assert_eq!(hessian.as_slice(), [802.0, -400.0, -400.0, 200.0]);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Problem::evaluate`].
    pub fn hessian(&self, point: &[f64], parameters: &[f64]) -> Result<DMatrix<f64>> {
        self.check_lengths(point, parameters)?;
        self.check_cpu("`hessian`")?;
        let columns = self.hessian_columns(point, parameters);
        Ok(0.5 * (&columns + columns.transpose()))
    }

    /// The Hessian at a point times `direction`, in f64, for a few times what an evaluation takes, however large n is.
    ///
    /// # Errors
    /// As [`Problem::evaluate`]; [`ProblemError::WrongLength`] if the direction has not as many components as the point.
    pub fn hessian_vector(&self, point: &[f64], parameters: &[f64], direction: &[f64]) -> Result<Vec<f64>> {
        self.check_lengths(point, parameters)?;
        let (given, wanted) = (direction.len(), self.dimension());
        if given != wanted {
            return Err(ProblemError::WrongLength { what: "the direction", given, wanted }.into());
        }
        self.check_cpu("`hessian_vector`")?;
        let mut machine = self.hessian_machine::<f64>();
        machine.set_lane(0, point, &with(parameters, direction));
        machine.evaluate(1);
        Ok(machine.outputs()[self.dimension()..].iter().map(|row| row[0].get().0[0]).collect())
    }

    /// The products of the Hessian with the unit vectors, a column each.
    fn hessian_columns(&self, point: &[f64], parameters: &[f64]) -> DMatrix<f64> {
        let n = self.dimension();
        let mut machine = self.hessian_machine::<f64>();
        self.along_units(&mut machine, point, parameters, n..2 * n)
    }

    /// A machine that computes value, gradient and, in the n outputs behind that, the Hessian times the direction v, which is
    /// the n parameters behind those of the problem. Who sets one up has asked `check_cpu` before.
    pub(super) fn hessian_machine<T: Real>(&self) -> Machine<T> {
        let Some(traced) = self.traced() else { unreachable!("verbatim WGSL is refused before a machine is set up") };
        let make = || self.compile(&hessian_program(&traced.program, self.dimension(), self.parameters()), self.dimension());
        self.machine_of(Arc::clone(traced.derived.hessian.get_or_init(make)), self.dimension())
    }

    /// Runs a program whose last n parameters are a direction along every unit vector, a block of them at a time. Returns
    /// the outputs in `range`, a column for each vector.
    pub(super) fn along_units(
        &self,
        machine: &mut Machine<f64>,
        point: &[f64],
        parameters: &[f64],
        range: std::ops::Range<usize>,
    ) -> DMatrix<f64> {
        let n = self.dimension();
        let mut columns = DMatrix::zeros(range.len(), n);
        let mut unit = with(parameters, &vec![0.0; n]);
        for first in (0..n).step_by(LANES) {
            let lanes = (n - first).min(LANES);
            for lane in 0..lanes {
                unit[parameters.len() + first + lane] = 1.0;
                machine.set_lane(lane, point, &unit);
                unit[parameters.len() + first + lane] = 0.0;
            }
            machine.evaluate(lanes.div_ceil(CHUNK));
            for (row, output) in machine.outputs()[range.clone()].iter().enumerate() {
                for lane in 0..lanes {
                    columns[(row, first + lane)] = output[lane / CHUNK].get().0[lane % CHUNK];
                }
            }
        }
        columns
    }
}

/// The parameters, and a direction behind them.
pub(super) fn with(parameters: &[f64], direction: &[f64]) -> Vec<f64> {
    [parameters, direction].concat()
}

/// The program of value, gradient and Hessian times v, with v in the parameters from `parameters` on.
fn hessian_program(program: &Program, dimension: usize, parameters: usize) -> Program {
    let mut graph = program.graph.clone();
    let mut scatters = gradient(&mut graph, program.traced);
    let values: Vec<_> = scatters.iter().map(|s| s.value).collect();
    let along = tangents(&mut graph, &values, Direction::Parameters { first: parameters });
    let products: Vec<Scatter> = scatters
        .iter()
        .zip(along)
        .filter_map(|(scatter, tangent)| {
            let mut index = scatter.index.clone();
            index.constant += dimension as i64;
            tangent.map(|value| Scatter { nest: scatter.nest.clone(), index, value })
        })
        .collect();
    scatters.extend(products);
    Program::with_outputs(graph, program.traced, scatters, 2 * dimension)
}
