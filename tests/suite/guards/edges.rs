//! Problems at the edges: few lanes and many components, flat ones, kinks, offsets.

use manymin::prelude::*;

use crate::devices::{bowl, devices, epsilon, minimizer, rosenbrock, single, starts_at, starts_in};
use crate::lanes::{ackley, untrue_successes};

/// A gradient of 1e-5 at a curvature of 2 leaves 5e-6.
const BOWL_ERROR: f64 = 1e-5;

#[test]
fn any_number_of_lanes_is_minimised_whole() {
    for device in devices() {
        for lanes in [1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 257] {
            let outcome = minimizer().minimize(&device, &bowl(3), &starts_in(3, -5.0, 5.0, lanes, 1)).unwrap();
            assert_eq!((outcome.lanes(), outcome.statuses().len()), (lanes, lanes), "{device}");
            for (k, lane) in outcome.iter().enumerate() {
                assert_eq!(lane.lane, k, "{device}: {lanes} lanes, in order");
                assert!(lane.status.is_success(), "{device}, lane {k} of {lanes}: {:?}", lane.status);
                assert!(lane.point.iter().all(|x| x.abs() < BOWL_ERROR), "{device}, lane {k} of {lanes}: {:?}", lane.point);
            }
        }
    }
}

#[test]
fn one_component_is_enough() {
    let problem = Problem::new(1, |x| (x[0] - 3.0).powi(4) + x[0] * x[0]).unwrap();
    for device in devices() {
        let outcome = minimizer().minimize(&device, &problem, &starts_in(1, -50.0, 50.0, 65, 2)).unwrap();
        for lane in outcome.iter() {
            assert!(lane.status.is_success(), "{device}: {:?}", lane.status);
            // 4 (x - 3)^3 + 2 x = 0 at 1.9236..., of curvature 16: Newton's method in f64.
            assert!((lane.point[0] - one_component_minimum()).abs() < 1e-5, "{device}: {:?}", lane.point);
        }
    }
}

fn one_component_minimum() -> f64 {
    (0..50).fold(2.0, |x: f64, _| x - (4.0 * (x - 3.0).powi(3) + 2.0 * x) / (12.0 * (x - 3.0).powi(2) + 2.0))
}

#[test]
fn two_hundred_components_are_minimised() {
    for device in devices() {
        let starts = starts_in(200, -2.0, 2.0, 65, 3);
        let outcome =
            minimizer().limits(Limits { iterations: 5000, ..Limits::default() }).minimize(&device, &rosenbrock(200), &starts).unwrap();
        for lane in outcome.iter() {
            assert!(lane.status.is_success(), "{device}, lane {}: {:?}", lane.lane, lane.status);
        }
        let untrue = untrue_successes(&outcome, &outcome.polish(&(0..65).collect::<Vec<_>>()).unwrap());
        assert!(untrue.is_empty(), "{device}: {untrue:#?}");
    }
}

#[test]
fn a_start_at_the_minimum_has_converged_after_one_evaluation() {
    for device in devices() {
        let lane = single(minimizer(), &device, &rosenbrock(4), &[1.0; 4]);
        assert_eq!((lane.status, lane.iterations, lane.evaluations), (Status::Converged(Test::Gradient), 0, 1), "{device}");
        assert_eq!((lane.value, lane.point.as_slice()), (0.0, [1.0; 4].as_slice()), "{device}: it stays there");
        // With a tolerance of 0, a gradient of 0 is within it.
        let tolerances = Tolerances { gradient_max: 0.0, ..Tolerances::default() };
        let lane = single(minimizer().tolerances(tolerances), &device, &bowl(2), &[0.0, 0.0]);
        assert_eq!((lane.status, lane.evaluations), (Status::Converged(Test::Gradient), 1), "{device}: tolerances are inclusive");
    }
}

#[test]
fn a_flat_function_has_converged_where_it_starts() {
    let flat = Problem::new(3, |x| x.constant(7.0) + 0.0 * x[0]).unwrap();
    let steps = Problem::new(1, |x| x[0].floor()).unwrap();
    for device in devices() {
        let lane = single(minimizer(), &device, &flat, &[1.0, 2.0, 3.0]);
        assert_eq!((lane.status, lane.value, lane.evaluations), (Status::Converged(Test::Gradient), 7.0, 1), "{device}");
        assert_eq!(lane.point, [1.0, 2.0, 3.0], "{device}");
        assert_eq!(single(minimizer(), &device, &steps, &[2.5]).value, 2.0, "{device}: a step's tread is flat");
    }
}

#[test]
fn an_offset_costs_digits_and_no_lane() {
    let raised = Problem::new(4, |x| 1000.0 + x.sum(0..4, |i| (i.number() + 1.0) * (x.at(i) - 1.0).powi(2))).unwrap();
    for device in devices() {
        let outcome = minimizer().minimize(&device, &raised, &starts_in(4, -5.0, 5.0, 200, 4)).unwrap();
        for lane in outcome.iter() {
            assert!(lane.status.is_success(), "{device}, lane {}: {:?}", lane.lane, lane.status);
            // Within the noise of f, 10 EPSILON times 1000, a curvature of 2 leaves its root.
            let error = lane.point.iter().fold(0.0, |most: f64, x| most.max((x - 1.0).abs()));
            assert!(error < 1e-5 + (1e4 * epsilon(&device)).sqrt(), "{device}, lane {}: {error}", lane.lane);
            // The last point is where slopes led, which noise does not blur.
            let error = lane.last_point.iter().fold(0.0, |most: f64, x| most.max((x - 1.0).abs()));
            assert!(error < 1e-5 + 100.0 * epsilon(&device), "{device}, lane {}: the last point is {error} off", lane.lane);
        }
    }
}

#[test]
fn a_kink_is_never_called_converged() {
    let corner = Problem::new(2, |x| (x[0] - 0.3).abs() + 2.0 * (x[1] + 0.7).abs()).unwrap();
    let edge = Problem::new(2, |x| x[0].abs() + (x[1] - x[0]).powi(2)).unwrap();
    for device in devices() {
        for (name, problem) in [("corner", &corner), ("edge", &edge), ("Ackley", &ackley(2))] {
            let outcome = minimizer().minimize(&device, problem, &starts_in(2, -3.0, 3.0, 300, 6)).unwrap();
            for lane in outcome.iter() {
                if matches!(lane.status, Status::Converged(_)) {
                    let last = problem.evaluate(&lane.last_point, &[]).unwrap();
                    let steepest = last.gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
                    // Ackley's curvatures are up to some 40, at points of size 3 that are rounded.
                    assert!(steepest < 1e-5 + 120.0 * 8.0 * epsilon(&device), "{device}, {name}: {steepest} is no gradient of 0: {lane:?}");
                }
            }
        }
        let lane = single(minimizer(), &device, &Problem::new(1, |x| x[0].abs()).unwrap(), &[1.7]);
        assert!(!matches!(lane.status, Status::Converged(_)), "{device}: the slope of |x| is 1 everywhere: {lane:?}");
        assert!(lane.point[0].abs() < 1e-5, "{device}: the kink is found all the same: {lane:?}");
    }
}

#[test]
fn a_floor_at_a_kink_is_as_low_as_the_precision_allows() {
    // |x - 1|: to call the neighbours of 1 the floor is right, to call any other point so is not.
    let problem = Problem::new(1, |x| (x[0] - 1.0).abs()).unwrap();
    for device in devices() {
        let outcome = minimizer().minimize(&device, &problem, &starts_in(1, -4.0, 6.0, 300, 7)).unwrap();
        for lane in outcome.iter().filter(|lane| lane.status == Status::PrecisionFloor) {
            assert!(lane.value <= 8.0 * epsilon(&device), "{device}: a success at {} above the minimum", lane.value);
        }
    }
}

#[test]
fn the_best_point_is_not_above_the_start_nor_above_the_last() {
    let mut apart = 0;
    // Out of iterations at many places, some of them just after a step that went up within the noise.
    for (device, iterations) in devices().into_iter().flat_map(|device| (20..60).step_by(5).map(move |n| (device.clone(), n))) {
        for problem in [ackley(4), rosenbrock(4)] {
            let starts = starts_in(4, -3.0, 3.0, 300, 8);
            let tolerances = Tolerances { gradient_max: 0.0, ..Tolerances::default() };
            let mut first = minimizer().max_evaluations(1).minimize(&device, &problem, &starts).unwrap().values().into_iter();
            let outcome = minimizer().tolerances(tolerances).max_iterations(iterations).minimize(&device, &problem, &starts).unwrap();
            let values = |points: &dyn Fn(&LaneResult) -> Vec<f64>| {
                let points: Vec<Vec<f64>> = outcome.iter().map(|lane| points(&lane)).collect();
                let starts = starts_at(&points.iter().map(Vec::as_slice).collect::<Vec<_>>());
                minimizer().max_evaluations(1).minimize(&device, &problem, &starts).unwrap().values()
            };
            let (best, last) = (values(&|lane| lane.point.clone()), values(&|lane| lane.last_point.clone()));
            for lane in outcome.iter() {
                assert!(lane.value <= lane.last_value, "{device}, lane {}: best {} and last {}", lane.lane, lane.value, lane.last_value);
                let start = first.next().unwrap();
                assert!(lane.value <= start, "{device}, lane {}: above its start", lane.lane);
                if lane.point != lane.last_point {
                    apart += 1;
                }
                let values = (best[lane.lane], last[lane.lane]);
                assert_eq!(values, (lane.value, lane.last_value), "{device}: values of their points");
            }
        }
    }
    assert!(apart > 0, "some lanes go up within the noise, and report a best point that is not the last");
}

#[test]
fn a_success_is_reported_where_its_test_was_passed() {
    for device in devices() {
        let outcome = minimizer().minimize(&device, &rosenbrock(6), &starts_in(6, -2.0, 2.0, 1_000, 9)).unwrap();
        for lane in outcome.iter().filter(|lane| lane.status == Status::Converged(Test::Gradient)) {
            assert!(lane.gradient_max <= lane.evidence.threshold, "{device}: {} at the point reported", lane.gradient_max);
        }
    }
}

#[test]
fn lanes_of_equal_starts_are_equal() {
    for device in devices() {
        let points = [[-1.2, 1.0].as_slice(); 200];
        let outcome = minimizer().minimize(&device, &rosenbrock(2), &starts_at(&points)).unwrap();
        let first = crate::devices::Bits::of(&outcome.lane(0));
        for lane in outcome.iter() {
            assert_eq!(first, crate::devices::Bits::of(&lane).numbered(0), "{device}, lane {}", lane.lane);
        }
    }
}
