//! What a fit by least squares says of its parameters.

use nalgebra::{Cholesky, DMatrix};

use super::Problem;
use super::evaluate::machine::Machine;
use super::evaluate::real::Real;
use super::normal::normal_program;
use super::residuals::MOST_LISTED;
use crate::error::{DeviceError, FitError, Result};

/// The largest n that normal equations are set up for: n^2 numbers a lane.
pub(crate) const MOST_COMPONENTS: usize = 256;
/// The most operations of f, g and J'J: as many as the CPU engine takes of f and g.
const MOST_OPERATIONS: usize = 1 << 20;

/// How well a fit by least squares determines its parameters; see [`Problem::fit_statistics`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FitStatistics {
    /// RSS, the sum of the squares of the residuals (with their weights): f.
    pub residual_sum_of_squares: f64,
    /// `m - n`: residuals less components of the point.
    pub degrees_of_freedom: usize,
    /// `s^2 = RSS / (m - n)`, the estimate of the variance of one observation of weight 1.
    pub residual_variance: f64,
    /// `s^2 (J'J)^-1`, the covariance of the components of the point, to first order in the errors of the observations.
    pub covariance: DMatrix<f64>,
    /// The standard deviation of each component: the roots of the diagonal of `covariance`.
    pub standard_errors: Vec<f64>,
    /// `2 s^2 H^-1` with the exact Hessian H of f: the observed information in place of the expected one. For a model that is
    /// linear in its parameters, or residuals of 0, the same as `covariance`. None where H is not positive definite: the point is
    /// not a minimum, or not to rounding.
    pub observed_covariance: Option<DMatrix<f64>>,
}

impl FitStatistics {
    /// s, the residual standard deviation.
    pub fn residual_standard_deviation(&self) -> f64 {
        self.residual_variance.sqrt()
    }

    /// The standard errors by the exact Hessian: the roots of the diagonal of `observed_covariance`.
    pub fn observed_standard_errors(&self) -> Option<Vec<f64>> {
        self.observed_covariance.as_ref().map(roots_of_diagonal)
    }

    /// The correlation of components `i` and `j`, between -1 and 1.
    ///
    /// # Panics
    /// If there is no such component, as indexing does.
    pub fn correlation(&self, i: usize, j: usize) -> f64 {
        self.covariance[(i, j)] / (self.standard_errors[i] * self.standard_errors[j])
    }
}

impl Problem {
    /// Residual variance, covariance and standard errors at the solution of a least-squares problem, in f64.
    ///
    /// For `f = sum over k of r_k(x)^2` with m residuals and n components, J the Jacobian of r and H the Hessian of f:
    ///
    /// ```text
    ///     s^2 = f / (m - n)       covariance = s^2 (J'J)^-1       standard error of x_i = sqrt(covariance[i, i])
    ///                             observed covariance = 2 s^2 H^-1
    /// ```
    ///
    /// This is what statistics programs print, and what NIST certifies: observations are taken to have independent errors of one
    /// unknown variance, or, with weights in the objective, variances in inverse proportion to the weights. It is about the
    /// point that is given: at any other than the minimum it means little.
    ///
    /// The inverse comes from a QR factorisation of J with its columns scaled, so that it keeps its digits where J'J would
    /// have lost them; beyond 131,072 residuals from J'J.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// // The mean of four numbers, and its standard error.
    /// let mean = Problem::builder(1).data("y", &[2.0, 4.0, 4.0, 6.0])
    ///     .build(|x, c| x.sum(0..4, |i| (c.data("y").at(i) - x[0]).powi(2)))?;
    /// let fit = mean.fit_statistics(&[4.0], &[])?;
    /// assert_eq!(fit.degrees_of_freedom, 3);
    /// assert!((fit.residual_variance - 8.0 / 3.0).abs() < 1e-12);
    /// assert!((fit.standard_errors[0] - (8.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-12);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Problem::evaluate`]; [`FitError`] where the objective is no sum of squares, has no more residuals than components, is
    /// not finite at the point or leaves a component undetermined.
    pub fn fit_statistics(&self, point: &[f64], parameters: &[f64]) -> Result<FitStatistics> {
        self.check_lengths(point, parameters)?;
        self.check_cpu("`fit_statistics`")?;
        let (m, n) = (self.sum_of_squares()?.count, self.dimension());
        if m <= n {
            return Err(FitError::TooFew { residuals: m, components: n }.into());
        }
        let value = self.evaluate(point, parameters)?.value;
        let root = if m <= MOST_LISTED { self.root_by_qr(point, parameters)? } else { self.root_by_normal(point, parameters)? };
        let residual_variance = value / (m - n) as f64;
        let covariance = residual_variance * &root * root.transpose();
        if !covariance.iter().all(|v| v.is_finite()) {
            return Err(FitError::NotFinite.into());
        }
        // H with a unit diagonal, for the same reason that the columns of J are scaled.
        let hessian = self.hessian(point, parameters)?;
        let scales: Vec<f64> = hessian.diagonal().iter().map(|d| d.sqrt().recip()).collect();
        let scaled = DMatrix::from_fn(n, n, |i, j| hessian[(i, j)] * scales[i] * scales[j]);
        let inverse = Cholesky::new(scaled).map(|factor| factor.inverse());
        let observed =
            inverse.map(|inverse| DMatrix::from_fn(n, n, |i, j| 2.0 * residual_variance * inverse[(i, j)] * scales[i] * scales[j]));
        Ok(FitStatistics {
            residual_sum_of_squares: value,
            degrees_of_freedom: m - n,
            residual_variance,
            standard_errors: roots_of_diagonal(&covariance),
            covariance,
            observed_covariance: observed.filter(|matrix| matrix.iter().all(|v| v.is_finite())),
        })
    }

    /// A matrix C with `C C' = (J'J)^-1`, from J itself.
    fn root_by_qr(&self, point: &[f64], parameters: &[f64]) -> Result<DMatrix<f64>> {
        let mut jacobian = self.jacobian(point, parameters)?;
        let norms: Vec<f64> = jacobian.column_iter().map(|column| column.norm()).collect();
        for (i, mut column) in jacobian.column_iter_mut().enumerate() {
            column /= norms[i];
        }
        let least = f64::EPSILON * jacobian.nrows() as f64;
        root_from(jacobian.qr().r(), &norms, least)
    }

    /// The same, from J'J.
    fn root_by_normal(&self, point: &[f64], parameters: &[f64]) -> Result<DMatrix<f64>> {
        let n = self.dimension();
        let mut machine = self.normal_machine::<f64>()?;
        machine.set_lane(0, point, parameters);
        machine.evaluate(1);
        let half = DMatrix::from_iterator(n, n, machine.outputs()[n..].iter().map(|row| row[0].get().0[0]));
        let mut matrix = &half + half.transpose();
        let norms: Vec<f64> = matrix.diagonal().iter().map(|d| d.sqrt()).collect();
        matrix.iter_mut().enumerate().for_each(|(k, entry)| *entry /= norms[k % n] * norms[k / n]);
        if !matrix.iter().all(|v| v.is_finite()) {
            return Err(undetermined(&norms).into());
        }
        let factor = Cholesky::new(matrix).ok_or(FitError::Undetermined { component: n - 1 })?;
        root_from(factor.l().transpose(), &norms, f64::EPSILON.sqrt())
    }

    /// An error if there is no [`normal_machine`](Problem::normal_machine).
    pub(crate) fn check_regions(&self) -> Result<()> {
        self.normal_machine::<f64>().map(|_| ())
    }

    /// A machine that computes f, its gradient and, in the n^2 outputs behind that, a matrix B with `J'J = B + B'`.
    pub(crate) fn normal_machine<T: Real>(&self) -> Result<Machine<T>> {
        let n = self.dimension();
        let squares = self.sum_of_squares()?;
        if n > MOST_COMPONENTS {
            return Err(FitError::TooLarge { components: n, limit: MOST_COMPONENTS }.into());
        }
        let Some(traced) = self.traced() else { return Err(FitError::NotSquares.into()) };
        let compiled = match traced.derived.normal.get() {
            Some(compiled) => compiled.clone(),
            None => {
                let program = normal_program(squares, traced.program.traced, n);
                if program.operations > MOST_OPERATIONS {
                    return Err(DeviceError::ObjectiveTooLarge { operations: program.operations, limit: MOST_OPERATIONS }.into());
                }
                traced.derived.normal.get_or_init(|| self.compile(&program, 0)).clone()
            }
        };
        Ok(self.machine_of(compiled, 0))
    }
}

fn roots_of_diagonal(matrix: &DMatrix<f64>) -> Vec<f64> {
    matrix.diagonal().iter().map(|v| v.sqrt()).collect()
}

/// `D^-1 R^-1` for the upper triangle R of J with columns of norm 1, which D brought there.
fn root_from(triangle: DMatrix<f64>, norms: &[f64], least: f64) -> Result<DMatrix<f64>> {
    let n = norms.len();
    if !triangle.iter().all(|v| v.is_finite()) {
        return Err(undetermined(norms).into());
    }
    // Columns of norm 1: a diagonal entry is the sine of the angle between a column and those before it.
    if let Some(component) = (0..n).find(|&k| triangle[(k, k)].abs() <= least) {
        return Err(FitError::Undetermined { component }.into());
    }
    let mut inverse = triangle.solve_upper_triangular(&DMatrix::identity(n, n)).ok_or(FitError::Undetermined { component: n - 1 })?;
    for (i, mut row) in inverse.row_iter_mut().enumerate() {
        row /= norms[i];
    }
    Ok(inverse)
}

/// Why a Jacobian with columns of these norms can't be scaled.
fn undetermined(norms: &[f64]) -> FitError {
    norms.iter().position(|&norm| norm == 0.0).map_or(FitError::NotFinite, |component| FitError::Undetermined { component })
}
