//! The problems of the tests with bounds.

use manymin::prelude::*;
use nalgebra::DMatrix;

/// The ten problems of tests/data/bounds.py, by name.
pub(crate) fn named(name: &str, n: usize) -> Problem {
    match name {
        "sphere" => Problem::new(n, |x| x.sum(0..n, |i| (x.at(i) - (i + 1).number() / n as f64).powi(2))),
        "scaled" => {
            let weights: Vec<f64> = (0..n).map(|i| 1000.0_f64.powf(i as f64 / (n - 1) as f64)).collect();
            Problem::builder(n).data("w", &weights).build(|x, c| x.sum(0..n, |i| c.data("w").at(i) * (x.at(i) - 1.0).powi(2)))
        }
        "chain" => Problem::new(n, |x| {
            (x[0] - 1.0).powi(2) + x.sum(0..n - 1, |i| (x.at(i + 1) - x.at(i) - 0.5).powi(2)) + 0.1 * x.sum(0..n, |i| x.at(i).powi(2))
        }),
        "rosenbrock2" | "rosenbrock6" => {
            Problem::new(n, |x| x.sum(0..n - 1, |i| 100.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2) + (1.0 - x.at(i)).powi(2)))
        }
        "booth" => Problem::new(n, |x| (x[0] + 2.0 * x[1] - 7.0).powi(2) + (2.0 * x[0] + x[1] - 5.0).powi(2)),
        "matyas" => Problem::new(n, |x| 0.26 * (x[0].powi(2) + x[1].powi(2)) - 0.48 * x[0] * x[1] + 1.0),
        "exponential" => Problem::new(n, |x| x.sum(0..n, |i| x.at(i).exp()) + (x.sum(0..n, |i| x.at(i)) + 2.0).powi(2)),
        "entropy" => Problem::new(n, |x| x.sum(0..n, |i| x.at(i) * x.at(i).ln()) + 10.0 * (x.sum(0..n, |i| x.at(i)) - 1.0).powi(2)),
        "logistic" => {
            let a: Vec<f64> = (0..20 * n).map(|k| (3.0 * (k / n) as f64 + 5.0 * (k % n) as f64).sin()).collect();
            Problem::builder(n).data("a", &a).build(|x, c| {
                let a = c.data("a");
                let loss = x.sum(0..20, |i| ((x.sum(0..n, |j| a.at(n * i + j) * x.at(j)) - 0.5).exp() + 1.0).ln());
                loss + 0.05 * x.sum(0..n, |j| x.at(j).powi(2))
            })
        }
        other => panic!("there is no problem {other}"),
    }
    .unwrap()
}

/// sum (x_i^4 - 16 x_i^2 + 5 x_i) / 2 (Styblinski and Tang), whose box is [-5, 5].
pub(crate) fn styblinski(n: usize) -> Problem {
    Problem::new(n, |x| 0.5 * x.sum(0..n, |i| x.at(i).powi(4) - 16.0 * x.at(i).powi(2) + 5.0 * x.at(i))).unwrap()
}

/// Numbers in [0, 1) by SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 * (-53.0_f64).exp2()
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

/// Quadratic programs in boxes, a lane each: x'Hx / 2 - b'x with eigenvalues 1 to `condition` in a basis turned by two
/// Householder reflections, H = A'DA with A = (1 - 2 v v')(1 - 2 u u').
pub(crate) struct Programs {
    pub(crate) problem: Problem,
    pub(crate) starts: Starts,
    pub(crate) parameters: DMatrix<f64>,
    pub(crate) lower: DMatrix<f64>,
    pub(crate) upper: DMatrix<f64>,
    /// H and b of each lane.
    pub(crate) quadratics: Vec<(DMatrix<f64>, DMatrix<f64>)>,
}

impl Programs {
    pub(crate) fn new(n: usize, condition: f64, lanes: usize, seed: u64) -> Self {
        let eigenvalues: Vec<f64> = (0..n).map(|i| condition.powf(i as f64 / (n - 1).max(1) as f64)).collect();
        // The parameters are u, v, b and 2 u.v.
        let problem = Problem::builder(n)
            .parameters(3 * n + 1)
            .data("eigenvalues", &eigenvalues)
            .build(|x, c| {
                let p = c.parameters();
                let (ux, vx) = (2.0 * x.sum(0..n, |i| p.at(i) * x.at(i)), 2.0 * x.sum(0..n, |i| p.at(i + n) * x.at(i)));
                let vy = vx - p.at(3 * n) * ux;
                x.sum(0..n, |i| {
                    let turned = x.at(i) - ux * p.at(i) - vy * p.at(i + n);
                    0.5 * c.data("eigenvalues").at(i) * turned * turned - p.at(i + 2 * n) * x.at(i)
                })
            })
            .unwrap();
        let mut random = Random(seed);
        let (mut parameters, mut points) = (DMatrix::zeros(3 * n + 1, lanes), DMatrix::zeros(n, lanes));
        let (mut lower, mut upper) = (DMatrix::zeros(n, lanes), DMatrix::zeros(n, lanes));
        let mut quadratics = Vec::new();
        for lane in 0..lanes {
            let mut unit = || {
                let v = DMatrix::from_fn(n, 1, |_, _| random.between(-1.0, 1.0));
                v.normalize()
            };
            let (u, v) = (unit(), unit());
            let reflect = |v: &DMatrix<f64>| DMatrix::identity(n, n) - 2.0 * v * v.transpose();
            let a = reflect(&v) * reflect(&u);
            let d = DMatrix::from_diagonal(&nalgebra::DVector::from_vec(eigenvalues.clone()));
            let h = a.transpose() * d * a;
            // The minimum without bounds is a point around the box.
            let minimum = DMatrix::from_fn(n, 1, |_, _| random.between(-2.0, 2.0));
            let b = &h * minimum;
            for i in 0..n {
                let ends = [random.between(-1.5, 1.5), random.between(-1.5, 1.5)];
                (lower[(i, lane)], upper[(i, lane)]) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
                points[(i, lane)] = random.between(lower[(i, lane)], upper[(i, lane)]);
                (parameters[(i, lane)], parameters[(n + i, lane)], parameters[(2 * n + i, lane)]) = (u[i], v[i], b[i]);
            }
            parameters[(3 * n, lane)] = 2.0 * u.dot(&v);
            quadratics.push((h, b));
        }
        let starts = Starts::from_matrix(points).with_parameters(parameters.clone()).with_bounds(lower.clone(), upper.clone());
        Self { problem, starts, parameters, lower, upper, quadratics }
    }

    /// max |P(x - g) - x| at a point of a lane, in f64 and by its matrix.
    pub(crate) fn residual(&self, lane: usize, point: &[f64]) -> f64 {
        let (h, b) = &self.quadratics[lane];
        let x = DMatrix::from_column_slice(point.len(), 1, point);
        let gradient = h * &x - b;
        let residual = |i: usize| ((x[i] - gradient[i]).clamp(self.lower[(i, lane)], self.upper[(i, lane)]) - x[i]).abs();
        (0..point.len()).map(residual).fold(0.0, f64::max)
    }
}
