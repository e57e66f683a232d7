//! Second derivatives against dual numbers and against differences.

use manymin::prelude::*;

use super::programs::all;

/// As for gradients, but every operation on the way has rounded twice as often, and powers multiply a relative error by up to
/// 40 twice.
const AGREEMENT: f64 = 1e-11;

/// Differences of gradients over `h = EPSILON^(1/3)`: the rounding of a gradient, 1e-15 of its largest component, over h is
/// 1e-10, and the third derivative times h^2 less than 1e-6 of the largest entry here.
const DIFFERENCES: f64 = 1e-6;

/// Differences of a thousand gradients take their time, and dual numbers have had a look at all programs.
const MOST_COMPONENTS: usize = 20;

#[test]
fn every_program_has_the_hessian_of_its_oracle() {
    for case in all() {
        for (point, parameters) in &case.points {
            let hessian = case.problem.hessian(point, parameters).unwrap();
            let n = point.len();
            let expected: Vec<f64> =
                (0..n).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|at| case.expected_second(point, parameters, at)).collect();
            // Entries that cancel to near 0 have the rounding of the large ones beside them.
            let largest = expected.iter().filter(|h| h.is_finite()).fold(f64::MIN_POSITIVE, |m: f64, h| m.max(h.abs()));
            let mut next = expected.iter();
            for i in 0..n {
                for j in 0..=i {
                    let (h, exact) = (hessian[(i, j)], next.next().unwrap());
                    assert_eq!(h.to_bits(), hessian[(j, i)].to_bits(), "{} at {point:?}: not symmetric", case.name);
                    // Dual numbers multiply 0 by infinity where nothing is to be multiplied.
                    if exact.is_finite() {
                        assert!((h - exact).abs() <= AGREEMENT * largest, "{} at {point:?}: ({i}, {j}) is {h} for {exact}", case.name);
                    }
                }
            }
        }
    }
}

#[test]
fn a_product_with_a_direction_is_that_of_the_matrix() {
    for case in all() {
        for (point, parameters) in &case.points {
            let direction: Vec<f64> = (0..point.len()).map(|k| (k as f64 * 1.3 + 0.4).sin()).collect();
            let product = case.problem.hessian_vector(point, parameters, &direction).unwrap();
            let hessian = case.problem.hessian(point, parameters).unwrap();
            let largest = hessian.amax() * (point.len() as f64).sqrt();
            let expected = hessian * nalgebra::DVector::from_vec(direction);
            for (k, (p, e)) in product.iter().zip(expected.iter()).enumerate() {
                assert!((p - e).abs() <= AGREEMENT * largest.max(f64::MIN_POSITIVE), "{}: component {k} is {p} for {e}", case.name);
            }
        }
    }
}

#[test]
fn differences_of_gradients_confirm_the_hessian_of_smooth_programs() {
    for case in all().into_iter().filter(|case| case.smooth) {
        for (point, parameters) in case.points.iter().filter(|at| at.0.len() <= MOST_COMPONENTS) {
            let hessian = case.problem.hessian(point, parameters).unwrap();
            let gradient = |x: &[f64]| case.problem.evaluate(x, parameters).unwrap().gradient;
            let mut x = point.clone();
            for k in 0..x.len() {
                let step = f64::EPSILON.cbrt() * point[k].abs().max(0.1);
                let around = [-2.0, -1.0, 1.0, 2.0].map(|steps| {
                    x[k] = point[k] + steps * step;
                    gradient(&x)
                });
                x[k] = point[k];
                for i in 0..x.len() {
                    let d = |steps: usize| around[steps][i];
                    let difference = (8.0 * (d(2) - d(1)) - (d(3) - d(0))) / (12.0 * step);
                    let noise = 1e-15 / step * around.iter().flatten().fold(0.0, |m: f64, g| m.max(g.abs()));
                    let error = (hessian[(i, k)] - difference).abs();
                    assert!(
                        error <= DIFFERENCES * hessian.amax() + noise,
                        "{} at {point:?}: ({i}, {k}) is {} for {difference}",
                        case.name,
                        hessian[(i, k)]
                    );
                }
            }
        }
    }
}

#[test]
fn a_derivative_that_is_zero_by_chance_in_a_branch_still_has_a_slope() {
    // Inside a branch reverse mode writes "0 where the adjoint is 0": here the adjoint, 2 sin(x) cos(x), is 0 at x = 0.
    let problem = Problem::new(1, |x| x[0].less(1.0).select(x[0].sin().powi(2), x[0].sqrt())).unwrap();
    assert_eq!(problem.evaluate(&[0.0], &[]).unwrap().gradient, [0.0], "a stationary point");
    assert_eq!(problem.hessian(&[0.0], &[]).unwrap()[(0, 0)], 2.0, "the second derivative of sin^2 at 0");
    assert_eq!(problem.hessian(&[4.0], &[]).unwrap()[(0, 0)], -0.03125, "that of the root at 4");
    // The branch not taken has neither value nor derivatives.
    let guarded = Problem::new(1, |x| x[0].greater(0.0).select(x[0].sqrt().sin(), x[0].powi(3))).unwrap();
    assert_eq!(guarded.hessian(&[-2.0], &[]).unwrap()[(0, 0)], -12.0, "of the cube");
}

#[test]
fn more_components_than_a_block_has_lanes_are_computed_block_by_block() {
    let n = 300;
    let problem = Problem::new(n, |x| x.sum(0..n - 1, |i| x.at(i) * x.at(i + 1).powi(2))).unwrap();
    let point: Vec<f64> = (0..n).map(|k| 1.0 + k as f64).collect();
    let hessian = problem.hessian(&point, &[]).unwrap();
    for i in 0..n {
        for j in 0..n {
            let expected = match i.abs_diff(j) {
                0 if i > 0 => 2.0 * point[i - 1],
                1 => 2.0 * point[i.max(j)],
                _ => 0.0,
            };
            assert_eq!(hessian[(i, j)], expected, "entry ({i}, {j})");
        }
    }
}

#[test]
fn what_does_not_fit_is_told() {
    let problem = Problem::new(2, |x| x[0] * x[1]).unwrap();
    assert!(problem.hessian(&[1.0], &[]).is_err(), "one component too few");
    let error = problem.hessian_vector(&[1.0, 2.0], &[], &[1.0]).unwrap_err();
    assert!(error.to_string().contains("the length of the direction is 1"), "{error}");
}

#[cfg(feature = "gpu")]
#[test]
fn verbatim_wgsl_has_no_hessian_here() {
    let bowl = Problem::verbatim(1, "fn objective() -> f32 { add_gradient(0u, 2.0 * x_at(0u)); return x_at(0u) * x_at(0u); }").unwrap();
    assert!(matches!(bowl.hessian(&[1.0], &[]), Err(manymin::Error::Device(manymin::DeviceError::GpuOnly { .. }))), "a typed error");
}
