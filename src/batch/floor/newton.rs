//! Newton's step, by the exact Hessian, for the components that no bound holds.

use nalgebra::{Cholesky, DMatrix, DVector, SymmetricEigen};

use crate::engine::placement::Start;
use crate::problem::Evaluation;

/// Curvatures below this part of the largest are rounding.
const LEAST_CURVATURE: f64 = 1e-15;

/// Eigenvalues that take longer are of numbers that overflow.
const MOST_SWEEPS: usize = 10_000;

/// The quadratic model of f around a point.
pub(super) struct Newton {
    /// The components that no bound holds, and what belongs to them alone.
    free: Vec<usize>,
    gradient: DVector<f64>,
    hessian: DMatrix<f64>,
    dimension: usize,
}

impl Newton {
    pub(super) fn new(start: &Start, here: &Evaluation, hessian: &DMatrix<f64>) -> Self {
        let dimension = here.gradient.len();
        let free: Vec<usize> = (0..dimension).filter(|&i| start.room(i, -here.gradient[i]) > 0.0).collect();
        let gradient = DVector::from_iterator(free.len(), free.iter().map(|&i| here.gradient[i]));
        let hessian = DMatrix::from_fn(free.len(), free.len(), |i, j| hessian[(free[i], free[j])]);
        Self { free, gradient, hessian, dimension }
    }

    /// What f falls by in the model, `g.H^-1 g / 2`, and the least part that elimination leaves of a curvature, which tells how
    /// well H is known. None if H is not positive definite.
    pub(super) fn promise(&self) -> Option<(f64, f64)> {
        let factor = Cholesky::new(self.hessian.clone())?;
        let left = factor.l_dirty().diagonal().zip_map(&self.hessian.diagonal(), |root, curvature| root * root / curvature);
        let half = factor.l_dirty().solve_lower_triangular(&self.gradient)?;
        Some((0.5 * half.norm_squared(), left.iter().copied().fold(f64::INFINITY, f64::min)))
    }

    /// Newton's step with the curvatures' absolute values: away from a saddle too. None if H is not finite, or overflows.
    pub(super) fn step(self) -> Option<Vec<f64>> {
        if !self.hessian.iter().all(|h| h.is_finite()) {
            return None;
        }
        let eigen = SymmetricEigen::try_new(self.hessian, f64::EPSILON, MOST_SWEEPS)?;
        let least = LEAST_CURVATURE * eigen.eigenvalues.amax();
        let along = eigen.eigenvectors.tr_mul(&self.gradient).zip_map(&eigen.eigenvalues, |g, curvature| -g / curvature.abs().max(least));
        let mut step = vec![0.0; self.dimension];
        self.free.iter().zip((eigen.eigenvectors * along).iter()).for_each(|(&i, &by)| step[i] = by);
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Demands;

    /// f = x0^2 / 2 + 2 x1^2 - x2^2 / 2 + x0 + x1 at 0, whose third component a bound holds or not.
    fn saddle(held: bool) -> Newton {
        let infinite = f64::INFINITY;
        let start = Start {
            point: vec![0.0; 3],
            parameters: Vec::new(),
            lower: vec![-infinite, -infinite, if held { 0.0 } else { -infinite }],
            upper: vec![infinite; 3],
            demands: Demands::default(),
        };
        let here = Evaluation { value: 0.0, gradient: vec![1.0, 1.0, 0.5], scale: 0.0 };
        Newton::new(&start, &here, &DMatrix::from_diagonal(&DVector::from_vec(vec![1.0, 4.0, -1.0])))
    }

    #[test]
    fn what_a_bound_holds_is_left_out() {
        let (promise, pivot) = saddle(true).promise().expect("positive definite");
        assert!((promise - 0.5 * (1.0 + 0.25)).abs() < 1e-15 && pivot == 1.0, "{promise}, {pivot}");
        assert_eq!(saddle(true).step(), Some(vec![-1.0, -0.25, 0.0]));
    }

    #[test]
    fn at_a_saddle_nothing_is_promised_and_the_step_leads_away() {
        assert_eq!(saddle(false).promise(), None);
        assert_eq!(saddle(false).step(), Some(vec![-1.0, -0.25, -0.5]));
    }

    #[test]
    fn directions_that_are_hardly_told_apart_leave_small_pivots() {
        let start =
            Start { point: vec![0.0; 2], parameters: Vec::new(), lower: Vec::new(), upper: Vec::new(), demands: Demands::default() };
        let here = Evaluation { value: 0.0, gradient: vec![1.0, -1.0], scale: 0.0 };
        let (promise, pivot) =
            Newton::new(&start, &here, &DMatrix::from_row_slice(2, 2, &[1.0, 0.999, 0.999, 1.0])).promise().expect("definite");
        assert!((promise - 1000.0).abs() < 1e-9 && (pivot - 0.001999).abs() < 1e-9, "{promise}, {pivot}");
    }

    #[test]
    fn what_overflows_gives_no_step() {
        for number in [f64::NAN, f64::INFINITY, 1e308] {
            let mut newton = saddle(false);
            newton.hessian.fill(number);
            assert_eq!(newton.promise(), None, "{number}");
            newton.step().into_iter().for_each(|step| assert_eq!(step.len(), 3, "{number}"));
        }
    }
}
