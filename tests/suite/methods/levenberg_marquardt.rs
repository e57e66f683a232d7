//! Levenberg and Marquardt's method, on the CPU engine in both precisions.

use manymin::prelude::*;
use manymin::{Error, FitError};
use nalgebra::DMatrix;

use crate::devices::{Bits, assert_same, bowl, gpu, rosenbrock, single, starts_at, starts_in};

const CPU: [Precision; 2] = [Precision::F32, Precision::F64];

fn method() -> Minimizer<'static> {
    Minimizer::new(LevenbergMarquardt::default())
}

/// Valleys of many bends; in some lanes components that coincide, in all a parameter that weighs.
fn sweep(lanes: usize) -> (Problem, Starts) {
    let valleys = Problem::builder(4)
        .parameters(1)
        .build(|x, c| x.sum(0..3, |i| (c.parameter(0) * (x.at(i + 1) - x.at(i) * x.at(i))).powi(2) + (1.0 - x.at(i)).powi(2)));
    let parameters = DMatrix::from_fn(1, lanes, |_, lane| 1.0 + (lane % 13) as f64);
    (valleys.unwrap(), starts_in(4, -2.0, 2.0, lanes, 21).with_parameters(parameters))
}

#[test]
fn no_cut_no_company_and_no_move_changes_a_bit() {
    let (problem, starts) = sweep(150);
    for precision in CPU {
        let device = Device::cpu(precision);
        let limited = || method().max_evaluations(12);
        let whole = limited().minimize(&device, &problem, &starts).unwrap();
        let expected = Bits::all(&whole);
        let statuses = whole.status_counts();
        assert!(statuses.len() > 1 && whole.statuses().iter().any(|s| s.is_success()), "some lanes run out: {statuses:?}");
        type Cut = fn(usize, &mut Batch, &Device);
        let cuts: [(&str, Cut); 4] = [
            ("step()", |_, batch, _| batch.step().unwrap()),
            ("advance(3)", |_, batch, _| batch.advance(3).unwrap()),
            ("steps, then rounds, then a branch runs", |k, batch, _| match k {
                0..3 => batch.step().unwrap(),
                3..6 => batch.advance(1).unwrap(),
                _ => {
                    *batch = batch.clone();
                    batch.run().unwrap();
                }
            }),
            ("moves", |k, batch, device| {
                if k % 2 == 0 { batch.step() } else { batch.advance(2) }.unwrap();
                batch.move_to(&Device::cpu(device.precision())).unwrap();
            }),
        ];
        for (cut, act) in cuts {
            let mut batch = limited().pool(20).start(&device, &problem, &starts).unwrap();
            let mut k = 0;
            while batch.active() > 0 {
                act(k, &mut batch, &device);
                k += 1;
            }
            let outcome = batch.finish().unwrap();
            assert_same(&expected, &Bits::all(&outcome), &format!("{device}, {cut}"));
            assert_eq!(outcome.evaluations(), whole.evaluations(), "{device}, {cut}");
        }
    }
}

#[test]
fn every_lane_of_a_valley_reaches_its_end_in_few_evaluations() {
    for precision in CPU {
        let outcome = method().minimize(&Device::cpu(precision), &rosenbrock(2), &starts_in(2, -2.0, 2.0, 500, 3)).unwrap();
        assert!(outcome.statuses().iter().all(|status| status.is_success()), "{:?}", outcome.status_counts());
        let each = outcome.evaluations() as f64 / 500.0;
        assert!(each < 40.0, "{each} evaluations a lane");
        for lane in outcome.iter() {
            assert!(lane.point.iter().all(|x| (x - 1.0).abs() < 1e-3), "lane {}: {:?}", lane.lane, lane.point);
        }
    }
}

#[test]
fn a_linear_model_takes_one_step() {
    let line = Problem::new(2, |x| x.sum(0..9, |i| (x[0] + x[1] * i.number() - (2.0 * i.number() - 3.0)).powi(2))).unwrap();
    let minimizer = Minimizer::new(LevenbergMarquardt { first_region: 1e6, ..LevenbergMarquardt::default() });
    let lane = single(minimizer, &Device::cpu(Precision::F64), &line, &[10.0, -7.0]);
    assert!(lane.status.is_success() && lane.iterations <= 3, "{} after {} steps", lane.status, lane.iterations);
    assert!((lane.point[0] + 3.0).abs() < 1e-12 && (lane.point[1] - 2.0).abs() < 1e-12, "{:?}", lane.point);
}

#[test]
fn a_point_that_is_not_finite_is_stepped_back_from() {
    // The logarithm has no value beyond 0, where the whole step leads.
    let problem = Problem::new(1, |x| (x[0].ln() + 3.0).powi(2)).unwrap();
    for precision in CPU {
        let lane = single(method(), &Device::cpu(precision), &problem, &[9.0]);
        assert!(lane.status.is_success(), "{}", lane.status);
        assert!((lane.point[0] - (-3.0_f64).exp()).abs() < 1e-4, "{:?}", lane.point);
        assert!(lane.evaluations > lane.iterations + 1, "some trials were rejected");
    }
    let nowhere = single(method(), &Device::cpu(Precision::F64), &problem, &[-1.0]);
    assert_eq!(nowhere.status, Status::NonFiniteStart, "no value at the start");
}

#[test]
fn a_component_that_nothing_depends_on_stays() {
    let problem = Problem::new(2, |x| x.sum(0..3, |i| (x[1] * x[1] - i.number()).powi(2))).unwrap();
    let lane = single(method(), &Device::cpu(Precision::F64), &problem, &[0.7, 2.0]);
    assert!(lane.status.is_success() && lane.point[0] == 0.7, "{}: {:?}", lane.status, lane.point);
    assert!((lane.point[1] - 1.0).abs() < 1e-6, "{:?}", lane.point);
}

#[test]
fn budgets_are_kept() {
    let device = Device::cpu(Precision::F64);
    let start = [-1.2, 1.0];
    let lane = single(method().max_evaluations(5), &device, &rosenbrock(2), &start);
    assert_eq!((lane.status, lane.evaluations), (Status::EvaluationLimit, 5), "evaluations");
    let lane = single(method().max_iterations(3), &device, &rosenbrock(2), &start);
    assert_eq!((lane.status, lane.iterations), (Status::IterationLimit, 3), "iterations");
}

#[test]
fn what_it_can_not_do_it_says() {
    let device = Device::cpu(Precision::F64);
    let sine = Problem::new(1, |x| x[0].sin()).unwrap();
    let refused = |minimizer: Minimizer<'_>, device: &Device, problem: &Problem| {
        minimizer.start(device, problem, &starts_at(&[&vec![0.5; problem.dimension()]])).map(|_| ()).unwrap_err()
    };
    assert_eq!(refused(method(), &device, &sine), Error::Fit(FitError::NotSquares), "no sum of squares");
    assert!(matches!(refused(method(), &device, &bowl(300)), Error::Fit(FitError::TooLarge { components: 300, .. })), "a matrix too large");
    let setting = |error: Error, wanted: &str| assert!(matches!(error, Error::Setting { name, .. } if name == wanted), "{wanted}");
    setting(refused(method().line_search(Backtracking::default()), &device, &bowl(2)), "line_search");
    setting(refused(method().initial_step(InitialStep::default()), &device, &bowl(2)), "initial_step");
    setting(refused(method().inverse_hessian_diagonals(), &device, &bowl(2)), "inverse_hessian_diagonals");
    setting(refused(method(), &gpu(), &bowl(2)), "method");
    let with = |settings| Minimizer::new(settings);
    let default = LevenbergMarquardt::default();
    setting(refused(with(LevenbergMarquardt { first_region: 0.0, ..default }), &device, &bowl(2)), "first_region");
    setting(refused(with(LevenbergMarquardt { least_gain: 0.25, ..default }), &device, &bowl(2)), "least_gain");
    setting(refused(with(LevenbergMarquardt { evaluations: 0, ..default }), &device, &bowl(2)), "evaluations");
}
