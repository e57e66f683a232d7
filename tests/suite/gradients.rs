//! Values and gradients against dual numbers and against differences.

use manymin::prelude::*;

use super::programs::all;

/// Dual numbers and the program round differently: a few dozen operations of 1e-16 each, sums of up to 1,000 terms, and
/// powers that multiply a relative error by up to 40. A wrong derivative is off by far more.
const AGREEMENT: f64 = 1e-12;

/// What `check_gradient` promises for a correct gradient of a smooth function.
const DIFFERENCES: f64 = 1e-5;

#[test]
fn every_program_has_the_value_and_gradient_of_its_oracle() {
    for case in all() {
        for (point, parameters) in &case.points {
            let at = case.problem.evaluate(point, parameters).unwrap();
            let (value, gradient) = case.expected(point, parameters);
            // Where terms cancel, what rounds are the terms.
            assert!(
                (at.value - value).abs() <= AGREEMENT * value.abs().max(at.scale),
                "{} at {point:?}: {} for {value}",
                case.name,
                at.value
            );
            // Components that cancel to near 0 have the rounding of the large ones beside them.
            let largest = gradient.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
            for (k, (g, exact)) in at.gradient.iter().zip(&gradient).enumerate() {
                assert!((g - exact).abs() <= AGREEMENT * largest, "{} at {point:?}: component {k} is {g} for {exact}", case.name);
            }
        }
    }
}

#[test]
fn differences_confirm_the_gradient_of_smooth_programs() {
    for case in all().into_iter().filter(|case| case.smooth) {
        for (point, parameters) in &case.points {
            let check = case.problem.check_gradient(point, parameters).unwrap();
            assert!(
                check.error < DIFFERENCES,
                "{} at {point:?}: {} at component {}: {} for {}",
                case.name,
                check.error,
                check.worst,
                check.gradient[check.worst],
                check.differences[check.worst]
            );
        }
    }
}

#[test]
fn a_kink_shows_in_the_check_of_its_component() {
    let problem = Problem::new(3, |x| x[0] * x[0] + (x[1] - 2.0).abs() + x[2]).unwrap();
    let check = problem.check_gradient(&[1.0, 2.0, 3.0], &[]).unwrap();
    assert_eq!(check.worst, 1, "the kink is at x[1] = 2");
    assert!(check.error > 0.5, "one side's slope is 1, the difference across the kink 0: {}", check.error);
    assert!(problem.check_gradient(&[1.0, 2.1, 3.0], &[]).unwrap().error < DIFFERENCES, "beside the kink all is smooth");
}

#[test]
fn a_value_that_is_not_finite_shows_in_the_check() {
    let problem = Problem::new(2, |x| x[0].sqrt() + x[1]).unwrap();
    let check = problem.check_gradient(&[1e-9, 1.0], &[]).unwrap();
    assert_eq!((check.worst, check.error), (0, f64::INFINITY), "the root of a negative number is within the step");
}
