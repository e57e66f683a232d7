//! Ill-conditioned programs and oversized first steps: no lane jams.

use manymin::prelude::*;

use super::cube;
use super::problems::{Programs, styblinski};
use crate::devices::{devices, epsilon, minimizer};

#[test]
fn quadratic_programs_end_where_their_conditions_hold() {
    const CONDITION: f64 = 1e4;
    for (n, condition, seed) in [(1, 1.0, 1), (2, 10.0, 2), (20, CONDITION, 3)] {
        let programs = Programs::new(n, condition, 100, seed);
        for device in devices() {
            let exact = device.precision() == Precision::F64;
            let tolerance = if exact { 1e-8 } else { 1e-4 };
            let outcome = minimizer()
                .tolerances(Tolerances { gradient_max: tolerance, ..Tolerances::default() })
                .max_iterations(2_000)
                .minimize(&device, &programs.problem, &programs.starts)
                .unwrap();
            for lane in outcome.iter() {
                let residual = programs.residual(lane.lane, &lane.point);
                assert!(lane.status.is_success(), "{device}, n = {n}: {lane:?}");
                // Where f has no more digits: g^2 / 2 of the largest curvature is hidden in the noise of terms of that size.
                let size = lane.value.abs() + condition * n as f64;
                let floor = (2.0 * condition * 32.0 * epsilon(&device) * size).sqrt();
                let limit =
                    if matches!(lane.status, Status::Converged(_)) { 10.0 * tolerance + 1e3 * epsilon(&device) * condition } else { floor };
                assert!(residual <= limit, "{device}, n = {n}, lane {}, {:?}: residual {residual:e} of {limit:e}", lane.lane, lane.status);
            }
            let mean = outcome.evaluations() as f64 / 100.0;
            println!("{device}, n = {n}, condition {condition:e}: {mean:.1} evaluations a lane, {:?}", outcome.status_counts());
            assert!(mean < 100.0, "{device}, n = {n}: {mean} evaluations a lane");
        }
    }
}

#[test]
fn first_steps_far_beyond_the_box_do_no_harm() {
    const N: usize = 10;
    let bounds = cube(N, -5.0, 5.0);
    let starts = Starts::uniform(&bounds, 500, 3);
    for device in devices() {
        for factor in [1.0, 1e3, 1e-3] {
            let scaled = Problem::new(N, |x| factor * 0.5 * x.sum(0..N, |i| x.at(i).powi(4) - 16.0 * x.at(i).powi(2) + 5.0 * x.at(i)));
            let problem = if factor == 1.0 { styblinski(N) } else { scaled.unwrap() };
            let outcome = minimizer().bounds(&bounds).minimize(&device, &problem, &starts).unwrap();
            for lane in outcome.iter() {
                assert!(lane.status.is_success(), "{device}, {factor} f: {lane:?}");
                // Every component stands in one of the two basins.
                assert!(lane.point.iter().all(|x| (x + 2.9035).abs() < 1e-2 || (x - 2.7468).abs() < 1e-2), "{device}: {lane:?}");
            }
            let mean = outcome.evaluations() as f64 / 500.0;
            assert!(mean < 40.0, "{device}, {factor} f: {mean} evaluations a lane");
        }
    }
}

/// Boxes that are small beside the first step, of which most lanes meet a side in every component.
#[test]
fn boxes_smaller_than_the_first_step_are_searched_inside() {
    let bounds = cube(10, -5.0, -5.0 + 1e-3);
    for device in devices() {
        let outcome = minimizer().bounds(&bounds).minimize(&device, &styblinski(10), &Starts::uniform(&bounds, 200, 5)).unwrap();
        for lane in outcome.iter() {
            assert_eq!(lane.status, Status::Converged(Test::Gradient), "{device}: {lane:?}");
            assert!(lane.evaluations <= 5, "{device}: f falls to one corner: {lane:?}");
        }
    }
}
