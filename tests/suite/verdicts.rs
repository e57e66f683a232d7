//! What ends a lane: tolerances and limits of its own, relative tolerances, the floor, and what its result tells besides.

use manymin::prelude::*;
use manymin::{Error, FloorPolicy, StartsError};
use nalgebra::DMatrix;

use crate::devices::{bowl, devices, minimizer, rosenbrock, rounded, single, starts_at, starts_in};

fn to(gradient_max: f64) -> Tolerances {
    Tolerances { gradient_max, ..Tolerances::default() }
}

#[test]
fn each_lane_has_its_own_tolerances_and_limits() {
    const LANES: usize = 300;
    let tolerances: Vec<Tolerances> = (0..LANES).map(|lane| to([1.0, 1e-1, 1e-3][lane % 3])).collect();
    let limits: Vec<Limits> = (0..LANES)
        .map(|lane| Limits { iterations: if lane % 10 == 7 { 3 } else { 500 }, evaluations: if lane % 10 == 9 { 6 } else { 5000 } })
        .collect();
    let starts = || starts_in(4, -2.0, 2.0, LANES, 5);
    for device in devices() {
        let own = starts().with_tolerances(tolerances.clone()).with_limits(limits.clone());
        // In small pools places are given from lane to lane.
        for pool in [64, 10_000] {
            let outcome = minimizer().pool(pool).minimize(&device, &rosenbrock(4), &own).unwrap();
            for lane in [0, 1, 2, 7, 9, 17, 19, 150, 297, 298, 299] {
                let alone = minimizer().tolerances(tolerances[lane]).limits(limits[lane]);
                let expected = single(alone, &device, &rosenbrock(4), &starts().point(lane));
                let found = outcome.lane(lane);
                assert_eq!(expected.point, found.point, "{device}, lane {lane}, pool {pool}");
                assert_eq!((expected.status, expected.evaluations), (found.status, found.evaluations), "{device}, lane {lane}");
            }
            let count = |status| outcome.statuses().iter().filter(|&&s| s == status).count();
            assert!(count(Status::IterationLimit) > 0 && count(Status::EvaluationLimit) > 0, "{device}: {:?}", outcome.status_counts());
        }
    }
}

#[test]
fn settings_of_a_lane_out_of_range_are_refused_by_its_number() {
    let refused = |starts: Starts| match minimizer().start(&Device::cpu(Precision::F64), &bowl(2), &starts) {
        Err(Error::Starts(error)) => error,
        other => panic!("expected the starts' error, got {:?}", other.map(|_| "a batch")),
    };
    let starts = || starts_in(2, -1.0, 1.0, 3, 1);
    assert_eq!(refused(starts().with_tolerances(vec![to(1e-3); 2])), StartsError::Each { what: "tolerances", given: 2, starts: 3 });
    let limits = Limits { evaluations: 0, ..Limits::default() };
    assert!(matches!(
        refused(starts().with_limits(vec![Limits::default(), limits, limits])),
        StartsError::Setting { lane: 1, name: "evaluations", .. }
    ));
    let relative = Tolerances { value_relative: f64::NAN, ..to(1e-3) };
    assert!(matches!(
        refused(starts().with_tolerances(vec![to(1e-3), to(1e-3), relative])),
        StartsError::Setting { lane: 2, name: "value_relative", .. }
    ));
}

#[test]
fn relative_tolerances_are_what_their_formulas_say() {
    // Values near 1e3, and points near 1.
    let raised = Problem::new(2, |x| 1000.0 + 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)).unwrap();
    let start = [-1.2, 1.0];
    let none = to(0.0);
    for device in devices() {
        let run = |tolerances: Tolerances| single(minimizer().tolerances(tolerances), &device, &raised, &start);
        // A gradient of 1e-3 of the value is one of about 1; the same asked for absolutely ends at the same point.
        let lane = run(Tolerances { gradient_relative: 1e-3, ..none });
        assert_eq!(lane.status, Status::Converged(Test::Gradient), "{device}");
        let threshold = rounded(&device, 1e-3) * lane.last_value;
        assert!((lane.evidence.threshold - threshold).abs() <= 1e-6 * threshold, "{device}: {:?}", lane.evidence);
        assert_eq!(run(to(lane.evidence.threshold)).point, lane.point, "{device}");

        let lane = run(Tolerances { step_relative: 1e-2, ..none });
        assert_eq!(lane.status, Status::Converged(Test::Step), "{device}");
        let farthest = lane.last_point.iter().fold(0.0, |far: f64, x| far.max(x.abs()));
        let threshold = rounded(&device, 1e-2) * farthest;
        assert!((lane.evidence.threshold - threshold).abs() <= 1e-6 * threshold, "{device}: {:?}", lane.evidence);
        assert!(lane.evidence.measured > 0.0 && lane.evidence.measured <= lane.evidence.threshold, "{device}: {:?}", lane.evidence);

        let lane = run(Tolerances { value_relative: 1e-4, ..none });
        assert_eq!(lane.status, Status::Converged(Test::Value), "{device}");
        assert!(lane.evidence.measured <= lane.evidence.threshold, "{device}: {:?}", lane.evidence);
        let larger = lane.last_value + lane.evidence.measured;
        assert!((lane.evidence.threshold - 1e-4 * larger).abs() <= 1e-6 * larger * 1e-3, "{device}: {:?}", lane.evidence);
    }
}

#[test]
fn the_floor_decides_as_much_as_it_is_allowed_to() {
    let starts = starts_in(10, -2.0, 2.0, 200, 8);
    for device in devices() {
        let run = |floor_policy| {
            let tolerances = Tolerances { floor_policy, ..to(0.0) };
            minimizer().tolerances(tolerances).minimize(&device, &rosenbrock(10), &starts).unwrap()
        };
        let (classify, stop, off) = (run(FloorPolicy::Classify), run(FloorPolicy::Stop), run(FloorPolicy::Off));
        let floor = |outcome: &Outcome| outcome.statuses().iter().filter(|&&s| s == Status::PrecisionFloor).count();
        assert!(floor(&classify) > 0 && floor(&stop) > 0, "{device}: {:?}, {:?}", classify.status_counts(), stop.status_counts());
        assert!(stop.evaluations() <= classify.evaluations(), "{device}: {} and {}", stop.evaluations(), classify.evaluations());
        assert_eq!(floor(&off), 0, "{device}: {:?}", off.status_counts());
        assert!(off.evaluations() >= classify.evaluations(), "{device}");
        for lane in stop.iter().filter(|lane| lane.status == Status::PrecisionFloor) {
            assert!(lane.evidence.measured <= lane.evidence.threshold, "{device}, lane {}: {:?}", lane.lane, lane.evidence);
        }
    }
}

/// Where all that is left is to go about among the neighbours of the point, evaluations are saved and nothing is lost.
#[test]
fn a_lane_that_stands_still_ends() {
    let raised = Problem::new(2, |x| 1000.0 + 50.0 * (x[1] - x[0] * x[0]).powi(2) + (1.5 - x[0]).powi(2)).unwrap();
    let starts = starts_in(2, -2.0, 2.0, 200, 8);
    for device in devices() {
        let run = |floor_policy| {
            let tolerances = Tolerances { floor_policy, ..to(0.0) };
            minimizer().tolerances(tolerances).minimize(&device, &raised, &starts).unwrap()
        };
        let (classify, off) = (run(FloorPolicy::Classify), run(FloorPolicy::Off));
        assert!(classify.evaluations() < off.evaluations(), "{device}: {} and {}", classify.evaluations(), off.evaluations());
        for lane in classify.iter() {
            // In single precision a gradient may be 0 to the bit.
            assert!(lane.status.is_success(), "{device}, lane {}: {:?}", lane.lane, lane.status);
            assert!((lane.last_point[0] - 1.5).abs() <= 1e-3 * 1.5, "{device}, lane {}: {:?}", lane.lane, lane.last_point);
        }
    }
}

#[test]
fn the_longest_search_is_told() {
    for device in devices() {
        let lane = single(minimizer(), &device, &rosenbrock(2), &[-1.2, 1.0]);
        // At least one search took more than one evaluation, and none more than all evaluations leave.
        let most = lane.evaluations - lane.iterations;
        assert!((2..=most).contains(&lane.longest_search), "{device}: {} of {lane:?}", lane.longest_search);
        // From its minimum no search sets out.
        assert_eq!(single(minimizer(), &device, &bowl(3), &[0.0; 3]).longest_search, 0, "{device}");
    }
}

/// Eight steps whose lengths are not exact leave so much of the diagonal's error, where three with exact ones would leave none.
const CURVATURE: f64 = 1e-1;

#[test]
fn the_inverse_hessian_of_a_quadratic_function_is_learned() {
    // f = sum a_i x_i^2 / 2 + x_0 x_1, whose Hessian is known.
    let stiffness = [2.0, 5.0, 9.0];
    let problem = Problem::builder(3)
        .data("a", &stiffness)
        .build(|x, c| x.sum(0..3, |i| 0.5 * c.data("a").at(i) * x.at(i).powi(2)) + x[0] * x[1])
        .unwrap();
    let inverse = DMatrix::from_row_slice(3, 3, &[2.0, 1.0, 0.0, 1.0, 5.0, 0.0, 0.0, 0.0, 9.0]).try_inverse().unwrap();
    for device in devices() {
        let tolerances = to(if device.precision() == Precision::F64 { 1e-10 } else { 1e-4 });
        let starts = starts_at(&[&[1.0, -2.0, 0.5], &[3.0, 1.0, -1.0]]);
        for (method, pool) in [(Method::from(Lbfgs::default()), 1), (Lbfgs::default().into(), 100), (Bfgs::default().into(), 100)] {
            let asked = Minimizer::new(method).tolerances(tolerances).pool(pool).inverse_hessian_diagonals();
            let outcome = asked.minimize(&device, &problem, &starts).unwrap();
            for lane in outcome.iter() {
                let diagonal = lane.inverse_hessian_diagonal.expect("it was asked for");
                for (i, found) in diagonal.iter().enumerate() {
                    let expected = inverse[(i, i)];
                    assert!(
                        (found - expected).abs() <= CURVATURE * expected,
                        "{device}, {method:?}, component {i}: {found} and {expected}"
                    );
                }
            }
        }
        let without = minimizer().tolerances(tolerances).minimize(&device, &problem, &starts).unwrap();
        assert_eq!(without.lane(0).inverse_hessian_diagonal, None, "{device}");
    }
}
