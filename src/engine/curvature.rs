//! What the pairs of a lane say of the inverse Hessian.
//!
//! # References
//! R. H. Byrd, J. Nocedal, R. B. Schnabel: Representations of quasi-Newton matrices and their use in limited memory methods,
//! Math. Program. 63 (1994), theorem 2.2.

use nalgebra::{DMatrix, DVector};

/// The diagonal of the matrix H that the L-BFGS update makes of `gamma I` by the pairs in `s` and `y`, newest first, each of
/// `dimension` components:
///
/// ```text
/// H = gamma I + [S  gamma Y] [ R^-T (D + gamma Y'Y) R^-1   -R^-T ] [S  gamma Y]'
///                            [ -R^-1                         0   ]
/// ```
///
/// with the pairs as columns of S and Y, the oldest first, R the upper triangle of S'Y and D its diagonal. Row i of H needs row
/// i of S and Y alone: m^2 operations a component.
pub(crate) fn inverse_hessian_diagonal(s: &[f64], y: &[f64], gamma: f64, dimension: usize) -> Vec<f64> {
    let oldest_first = |pairs: &[f64]| {
        let columns: Vec<&[f64]> = pairs.chunks(dimension).rev().collect();
        DMatrix::from_fn(dimension, columns.len(), |i, k| columns[k][i])
    };
    let (s, y) = (oldest_first(s), oldest_first(y));
    if s.ncols() == 0 {
        // Before the first step there is no scale.
        return vec![if gamma > 0.0 { gamma } else { f64::NAN }; dimension];
    }
    let products = s.transpose() * &y;
    let upper = products.upper_triangle();
    let mut middle = gamma * y.transpose() * &y;
    for k in 0..s.ncols() {
        middle[(k, k)] += products[(k, k)];
    }
    let diagonal = |i: usize| {
        let (s_i, y_i): (DVector<f64>, DVector<f64>) = (s.row(i).transpose(), y.row(i).transpose());
        // R is singular where a pair has no curvature, and such pairs are not kept.
        let u = upper.solve_upper_triangular(&s_i)?;
        Some(gamma + (middle.clone() * &u).dot(&u) - 2.0 * gamma * u.dot(&y_i))
    };
    (0..dimension).map(|i| diagonal(i).unwrap_or(f64::NAN)).collect()
}

/// The diagonal of the matrix whose lower triangle is `h`, row by row, after the BFGS update by a pair (s, y) where there is one
/// (Nocedal and Wright, 2006, equation 6.17).
pub(crate) fn diagonal_of_matrix(h: &[f64], pair: Option<(&[f64], &[f64])>) -> Vec<f64> {
    let at = |i: usize, j: usize| h[i.max(j) * (i.max(j) + 1) / 2 + i.min(j)];
    let n = (0..).take_while(|n| n * (n + 1) / 2 < h.len()).count();
    let Some((s, y)) = pair else { return (0..n).map(|i| at(i, i)).collect() };
    let v: Vec<f64> = (0..n).map(|i| (0..n).map(|j| at(i, j) * y[j]).sum()).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let rho = 1.0 / dot(s, y);
    let longer = 1.0 + rho * dot(y, &v);
    (0..n).map(|i| at(i, i) + rho * (longer * s[i] * s[i] - 2.0 * s[i] * v[i])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What f64 makes of a handful of products in another order.
    const ROUNDING: f64 = 1e-10;

    #[test]
    fn the_diagonal_is_that_of_the_dense_update() {
        const N: usize = 5;
        let number = |i: usize, k: usize| ((7 * i + 13 * k) as f64 + 1.0).sin();
        for pairs in 0..=4 {
            let gamma = 0.37;
            let root = DMatrix::from_fn(N, N, number);
            let hessian = &root * root.transpose() + DMatrix::identity(N, N);
            let steps: Vec<DVector<f64>> = (0..pairs).map(|k| DVector::from_fn(N, |i, _| number(i, 10 + k))).collect();
            let mut before = None;
            let mut dense: DMatrix<f64> = gamma * DMatrix::identity(N, N);
            for s in &steps {
                // Nocedal and Wright (2006), equation 6.17.
                let y = &hessian * s;
                let rho = 1.0 / s.dot(&y);
                let v = DMatrix::identity(N, N) - rho * &y * s.transpose();
                before = Some(dense.clone());
                dense = v.transpose() * dense * v + rho * s * s.transpose();
            }
            let newest_first =
                |vectors: Vec<DVector<f64>>| vectors.iter().rev().flat_map(|v| v.iter().copied().collect::<Vec<_>>()).collect();
            let s: Vec<f64> = newest_first(steps.clone());
            let y: Vec<f64> = newest_first(steps.iter().map(|s| &hessian * s).collect());
            let diagonal = inverse_hessian_diagonal(&s, &y, gamma, N);
            let triangle = |h: &DMatrix<f64>| (0..N).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|at| h[at]).collect::<Vec<f64>>();
            let of_matrix = diagonal_of_matrix(&triangle(&dense), None);
            let of_update = before.map(|h| diagonal_of_matrix(&triangle(&h), Some((&s[..N], &y[..N]))));
            for i in 0..N {
                let expected = dense[(i, i)];
                for found in [Some(diagonal[i]), Some(of_matrix[i]), of_update.as_ref().map(|d| d[i])].into_iter().flatten() {
                    assert!((found - expected).abs() <= ROUNDING * expected.abs(), "{pairs} pairs, component {i}: {found} and {expected}");
                }
            }
        }
    }
}
