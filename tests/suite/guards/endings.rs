//! Every way for a lane to end, with its evidence.

use manymin::prelude::*;

use crate::devices::{bowl, devices, minimizer, rosenbrock, rounded, single, starts_in};

fn tolerances(gradient_max: f64) -> Tolerances {
    Tolerances { gradient_max, ..Tolerances::default() }
}

#[test]
fn a_small_gradient_converges_with_its_measure_as_evidence() {
    for device in devices() {
        let lane = single(minimizer().tolerances(tolerances(1e-3)), &device, &rosenbrock(2), &[-1.2, 1.0]);
        assert_eq!(lane.status, Status::Converged(Test::Gradient), "{device}");
        assert_eq!(lane.evidence.threshold, rounded(&device, 1e-3), "{device}: compared with the tolerance");
        assert!(lane.evidence.measured <= lane.evidence.threshold, "{device}: {:?}", lane.evidence);
        // A looser tolerance ends sooner on the same path, a tighter one later.
        let looser = single(minimizer().tolerances(tolerances(1.0)), &device, &rosenbrock(2), &[-1.2, 1.0]);
        assert!(looser.evaluations < lane.evaluations, "{device}: {} and {}", looser.evaluations, lane.evaluations);
    }
}

#[test]
fn a_small_step_converges_where_it_is_asked_for() {
    for device in devices() {
        let asked = Tolerances { gradient_max: 0.0, step_max: 1e-2, ..Tolerances::default() };
        let lane = single(minimizer().tolerances(asked), &device, &rosenbrock(2), &[-1.2, 1.0]);
        assert_eq!(lane.status, Status::Converged(Test::Step), "{device}");
        assert!(lane.evidence.measured > 0.0 && lane.evidence.measured <= rounded(&device, 1e-2), "{device}: {:?}", lane.evidence);
    }
}

#[test]
fn a_small_change_of_the_value_converges_only_where_it_is_asked_for() {
    for device in devices() {
        let asked = Tolerances { gradient_max: 0.0, value_change: 1e-2, ..Tolerances::default() };
        let lane = single(minimizer().tolerances(asked), &device, &rosenbrock(2), &[-1.2, 1.0]);
        assert_eq!(lane.status, Status::Converged(Test::Value), "{device}");
        assert!(lane.evidence.measured <= rounded(&device, 1e-2), "{device}: {:?}", lane.evidence);
        let outcome = minimizer().tolerances(tolerances(0.0)).minimize(&device, &rosenbrock(4), &starts_in(4, -2.0, 2.0, 200, 1)).unwrap();
        let by_default = |status: &Status| !matches!(status, Status::Converged(Test::Step | Test::Value));
        assert!(outcome.statuses().iter().all(by_default), "{device}: {:?}", outcome.status_counts());
    }
}

#[test]
fn a_zero_tolerance_asks_for_all_digits_and_ends_at_the_floor() {
    for device in devices() {
        // Minima that few numbers meet, so that hardly a gradient is 0.
        fn term(x: Scalar<'_>) -> Scalar<'_> {
            x.exp() - 1.3 * x + 0.1 * (x - 0.77).powi(2)
        }
        let problem =
            Problem::new(3, |x| x[0] * x[1] * 0.3 + x[1] * x[2] * 0.2 + term(x[0]) + 1.7 * term(x[1]) + 0.6 * term(x[2])).unwrap();
        let outcome = minimizer().tolerances(tolerances(0.0)).minimize(&device, &problem, &starts_in(3, -2.0, 2.0, 300, 2)).unwrap();
        for lane in outcome.iter() {
            assert!(lane.status.is_success(), "{device}, lane {}: {:?}", lane.lane, lane.status);
            if lane.status == Status::PrecisionFloor {
                assert!(lane.evidence.measured <= lane.evidence.threshold, "{device}: promised {:?} noise", lane.evidence);
            } else {
                assert_eq!(lane.evidence.measured, 0.0, "{device}: only a gradient of 0 meets a tolerance of 0: {lane:?}");
            }
        }
        assert!(outcome.status_counts().contains_key(&Status::PrecisionFloor), "{device}: {:?}", outcome.status_counts());
    }
}

#[test]
fn a_target_ends_a_lane_as_soon_as_it_is_reached() {
    for device in devices() {
        let asked = Tolerances { target: Some(0.5), ..tolerances(0.0) };
        let outcome = minimizer().tolerances(asked).minimize(&device, &rosenbrock(2), &starts_in(2, -2.0, 2.0, 200, 3)).unwrap();
        for lane in outcome.iter() {
            assert_eq!(lane.status, Status::TargetReached, "{device}, lane {}", lane.lane);
            assert!(lane.value <= 0.5, "{device}: {}", lane.value);
            assert_eq!((lane.evidence.measured, lane.evidence.threshold), (lane.last_value, 0.5), "{device}: the value and the target");
        }
        // At the start, and inclusive.
        let asked = Tolerances { target: Some(2.0), ..tolerances(0.0) };
        let lane = single(minimizer().tolerances(asked), &device, &bowl(2), &[1.0, 1.0]);
        assert_eq!((lane.status, lane.evaluations), (Status::TargetReached, 1), "{device}: f = 2 at the start");
    }
}

#[test]
fn iterations_are_limited_exactly() {
    for device in devices() {
        for limit in [0, 1, 2, 7] {
            let lane = single(minimizer().max_iterations(limit), &device, &rosenbrock(2), &[-1.2, 1.0]);
            assert_eq!((lane.status, lane.iterations), (Status::IterationLimit, limit), "{device}");
            assert_eq!((lane.evidence.measured, lane.evidence.threshold), (f64::from(limit), f64::from(limit)), "{device}");
        }
    }
}

#[test]
fn evaluations_never_exceed_their_limit_and_use_all_of_it() {
    for device in devices() {
        let starts = starts_in(4, -2.0, 2.0, 300, 4);
        let free = minimizer().minimize(&device, &rosenbrock(4), &starts).unwrap();
        for limit in 1..60 {
            let outcome = minimizer().max_evaluations(limit).minimize(&device, &rosenbrock(4), &starts).unwrap();
            for (lane, free) in outcome.iter().zip(free.iter()) {
                assert!(lane.evaluations <= limit, "{device}, lane {}: {} of {limit} evaluations", lane.lane, lane.evaluations);
                if lane.status == Status::EvaluationLimit {
                    assert_eq!(lane.evaluations, limit, "{device}, lane {}: ended by the limit, so it used it up", lane.lane);
                    assert_eq!((lane.evidence.measured, lane.evidence.threshold), (f64::from(limit), f64::from(limit)), "{device}");
                } else {
                    assert_eq!(lane.status, free.status, "{device}, lane {}, limit {limit}: it ended by itself", lane.lane);
                    assert!(free.evaluations <= limit, "{device}, lane {}: it needs {} by itself", lane.lane, free.evaluations);
                }
            }
        }
    }
}

#[test]
fn an_objective_that_falls_without_end_is_unbounded() {
    let programs = [
        ("-x", Problem::new(1, |x| -x[0])),
        ("x + 2 y", Problem::new(2, |x| x[0] + 2.0 * x[1])),
        ("-x^2", Problem::new(1, |x| -(x[0] * x[0]))),
        ("x^3", Problem::new(1, |x| x[0].powi(3))),
        ("-exp(x)", Problem::new(1, |x| -x[0].exp())),
        ("y^2 - x^2", Problem::new(2, |x| x[1] * x[1] - x[0] * x[0])),
    ];
    for device in devices() {
        for (name, problem) in &programs {
            let problem = problem.as_ref().unwrap();
            let start = vec![-1.3; problem.dimension()];
            let lane = single(minimizer(), &device, problem, &start);
            assert_eq!(lane.status, Status::Unbounded, "{device}, {name}: {lane:?}");
        }
    }
}

#[test]
fn minus_infinity_at_the_start_is_unbounded_and_other_infinities_are_not() {
    for device in devices() {
        let start = |problem: manymin::Result<Problem>| single(minimizer(), &device, &problem.unwrap(), &[0.0]).status;
        assert_eq!(start(Problem::new(1, |x| x[0].ln())), Status::Unbounded, "{device}: ln 0");
        assert_eq!(start(Problem::new(1, |x| -x[0].ln())), Status::NonFiniteStart, "{device}: -ln 0");
        assert_eq!(start(Problem::new(1, |x| (x[0] - 1.0).sqrt())), Status::NonFiniteStart, "{device}: the root of -1");
        assert_eq!(start(Problem::new(1, |x| x[0].sqrt())), Status::NonFiniteGradient, "{device}: the slope of the root at 0");
    }
}

#[test]
fn a_search_that_finds_nothing_lower_fails_and_says_so() {
    // The slope is 1, and each step to the left falls off a stair upward.
    let stairs = Problem::new(1, |x| x[0] - 2.0 * x[0].floor()).unwrap();
    for device in devices() {
        let lane = single(minimizer(), &device, &stairs, &[0.0]);
        assert_eq!(lane.status, Status::LineSearchFailed, "{device}: {lane:?}");
        assert!(lane.evidence.measured > lane.evidence.threshold, "{device}: more was promised than rounding: {:?}", lane.evidence);
        assert_eq!((lane.value, lane.point.as_slice()), (0.0, [0.0].as_slice()), "{device}: the start is the best there is");
        // A stair beside a bowl: the value and its gradient never agree, whatever the start.
        let problem = Problem::new(2, |x| x[0] - 2.0 * x[0].floor() + x[1] * x[1]).unwrap();
        let outcome = minimizer().minimize(&device, &problem, &starts_in(2, -4.0, 4.0, 200, 5)).unwrap();
        for lane in outcome.iter() {
            assert!(!lane.status.is_success(), "{device}: {lane:?}");
        }
    }
}

#[test]
fn stopped_lanes_keep_what_they_have_found() {
    for device in devices() {
        let starts = starts_in(4, -2.0, 2.0, 300, 6);
        let mut batch = minimizer().pool(100).start(&device, &rosenbrock(4), &starts).unwrap();
        for _ in 0..3 {
            batch.step().unwrap();
        }
        let before = batch.clone().finish().unwrap();
        batch.stop().unwrap();
        assert_eq!(batch.active(), 0, "{device}");
        let outcome = batch.finish().unwrap();
        for (lane, before) in outcome.iter().zip(before.iter()) {
            assert!(!before.status.is_active() || lane.status == Status::Stopped, "{device}: {lane:?}");
            assert_eq!((&lane.point, lane.evaluations), (&before.point, before.evaluations), "{device}: nothing is lost, nothing done");
        }
        assert!(outcome.lane(99).iterations >= 3, "{device}: a resident lane took its steps");
        assert_eq!(outcome.lane(299).point, starts.point(299), "{device}: a queued lane stands at its start");
    }
}
