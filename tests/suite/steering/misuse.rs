//! What can't be changed is an error that says what to do, and changes nothing.

use manymin::prelude::*;
use manymin::{BoundsError, Error, ProblemError, SteerError};
use nalgebra::DMatrix;

use super::now;
use crate::devices::{assert_same, devices, minimizer, starts_in};

/// A batch with lanes that are handed out (0 to 3), ended (4), paused (5), under way and queued.
fn batch(device: &Device) -> Batch {
    let problem = Problem::builder(2)
        .parameters(1)
        .data("y", &[1.0, 2.0])
        .build(|x, c| {
            let y = c.data("y");
            c.parameter(0) * (x[1] - y.at(0) * x[0].powi(2)).powi(2) + (1.0 - x[0]).powi(2) + y.at(1) - 2.0
        })
        .unwrap();
    let starts = starts_in(2, -2.0, 2.0, 40, 61).with_parameters(DMatrix::from_element(1, 40, 100.0));
    let mut batch = minimizer().pool(20).start(device, &problem, &starts).unwrap();
    batch.advance(3).unwrap();
    batch.stop_lanes(&[0, 1, 2, 3]).unwrap();
    assert_eq!(batch.drain_finished().len(), 4);
    batch.set_lane_limits(4, Limits { iterations: 1, ..Limits::default() }).unwrap();
    batch.advance(9).unwrap();
    batch.pause(&[5]).unwrap();
    assert_eq!(batch.summary(4).unwrap().status, Status::IterationLimit);
    batch
}

#[test]
fn lanes_that_are_not_there_are_refused_and_nothing_changes() {
    let no_lane = Error::NoSuchLane { lane: 40, lanes: 40 };
    let (drained, ended) = (SteerError::Drained { lane: 2 }, SteerError::Ended { lane: 4, status: Status::IterationLimit });
    for device in devices() {
        let mut batch = batch(&device);
        let before = (now(&batch), batch.totals(), batch.active(), batch.paused());
        type Change = fn(&mut Batch, &[usize]) -> manymin::Result<()>;
        let lists: [Change; 3] = [|b, l| b.stop_lanes(l), |b, l| b.pause(l), |b, l| b.restart(l)];
        for (k, change) in lists.into_iter().enumerate() {
            assert_eq!(change(&mut batch, &[6, 7, 40]), Err(no_lane.clone()), "{device}, {k}");
            assert_eq!(change(&mut batch, &[30, 6, 2]), Err(drained.clone().into()), "{device}, {k}");
            if k < 2 {
                assert_eq!(change(&mut batch, &[5, 6, 4]), Err(ended.clone().into()), "{device}, {k}");
            }
        }
        assert_eq!(batch.unpause(&[5, 6]), Err(SteerError::NotPaused { lane: 6 }.into()));
        type One = fn(&mut Batch, usize) -> manymin::Result<()>;
        let ones: [One; 6] = [
            |b, lane| b.set_point(lane, &[0.0; 2], Memory::Clear),
            |b, lane| b.set_parameters(lane, &[1.0], Memory::Clear),
            |b, lane| b.set_lane_bounds(lane, &Bounds::new(&[0.0; 2], &[1.0; 2])?),
            |b, lane| b.set_lane_limits(lane, Limits::default()),
            |b, lane| b.set_lane_tolerances(lane, Tolerances::default()),
            |b, lane| b.replace(lane, &[0.0; 2]),
        ];
        for (k, change) in ones.into_iter().enumerate() {
            assert_eq!(change(&mut batch, 40), Err(no_lane.clone()), "{device}, {k}");
            assert_eq!(change(&mut batch, 2), Err(drained.clone().into()), "{device}, {k}");
            if k < 3 {
                assert_eq!(change(&mut batch, 4), Err(ended.clone().into()), "{device}, {k}");
            }
        }
        assert_eq!(batch.summary(40), Err(no_lane.clone()));
        assert_eq!(batch.lane(2), Err(drained.clone().into()));
        assert_eq!((batch.totals(), batch.active(), batch.paused()), (before.1, before.2, before.3), "{device}");
        assert_same(&before.0, &now(&batch), &format!("{device}"));
    }
    let texts = [drained.to_string(), ended.to_string(), SteerError::NotPaused { lane: 6 }.to_string()];
    assert_eq!(
        texts[0],
        "lane 2 was handed out by `Batch::drain_finished`, and nothing is left of it here: start its point in a batch of its own"
    );
    assert!(
        texts[1].contains("raise the limit") && texts[1].contains("`Batch::resume`") && texts[1].contains("`Batch::replace`"),
        "{}",
        texts[1]
    );
    assert_eq!(texts[2], "lane 6 is not paused: `Batch::paused` lists those that are");
}

#[test]
fn numbers_that_do_not_fit_are_refused_and_nothing_changes() {
    for device in devices() {
        let mut batch = batch(&device);
        let before = now(&batch);
        let text = |result: manymin::Result<()>| result.unwrap_err().to_string();
        let expect = |result, expected: &str| assert_eq!(text(result), format!("the run can't be changed: {expected}"), "{device}");
        expect(batch.set_point(6, &[0.0; 3], Memory::Clear), "the point: 3 numbers were given where 2 are taken");
        expect(batch.replace(6, &[0.0]), "the point: 1 numbers were given where 2 are taken");
        let nan = "number 1 of the point is NaN: it must be finite in the lane's precision";
        expect(batch.set_point(30, &[0.0, f64::NAN], Memory::Clear), nan);
        expect(batch.replace(4, &[0.0, f64::NAN]), nan);
        expect(batch.set_parameters(6, &[], Memory::Clear), "the parameters: 0 numbers were given where 1 are taken");
        let huge = batch.set_parameters(6, &[1e300], Memory::Clear);
        assert_eq!(huge.is_err(), device.precision() == Precision::F32, "{device}");
        if huge.is_ok() {
            batch.restart(&[6]).unwrap();
            continue;
        }
        expect(batch.set_data("y", &[1.0], Memory::Clear), "the data `y`: 1 numbers were given where 2 are taken");
        let unknown = ProblemError::UnknownData { name: "z".into(), known: vec!["y".into()] };
        assert_eq!(batch.set_data("z", &[1.0], Memory::Clear), Err(unknown.into()));
        let infinite = ProblemError::NonFiniteData { name: "y".into(), index: 1, value: f64::INFINITY };
        assert_eq!(batch.set_data("y", &[1.0, f64::INFINITY], Memory::Clear), Err(infinite.into()));
        let one = Bounds::new(&[0.0], &[1.0]).unwrap();
        let dimension = BoundsError::Dimension { bounds: 1, problem: 2 };
        assert_eq!(batch.set_bounds(&one), Err(dimension.clone().into()));
        assert_eq!(batch.set_lane_bounds(6, &one), Err(dimension.into()));
        assert!(matches!(
            batch.set_limits(Limits { evaluations: 0, ..Limits::default() }),
            Err(Error::Setting { name: "evaluations", .. })
        ));
        assert!(matches!(batch.resume(Limits { evaluations: 0, ..Limits::default() }), Err(Error::Setting { name: "evaluations", .. })));
        let tolerances = Tolerances { gradient_max: -1.0, ..Tolerances::default() };
        assert!(matches!(batch.set_tolerances(tolerances), Err(Error::Setting { name: "gradient_max", .. })));
        assert!(matches!(batch.set_lane_tolerances(6, tolerances), Err(Error::Setting { name: "gradient_max", .. })));
        assert!(batch.set_line_search(SlopeSearch { armijo: 2.0, ..SlopeSearch::default() }).is_err());
        assert!(batch.set_method(Lbfgs { memory: 0 }).is_err());
        assert_same(&before, &now(&batch), &format!("{device}"));
    }
}

#[test]
fn history_is_kept_by_methods_that_have_one() {
    for device in devices() {
        let mut batch = minimizer().start(&device, &crate::devices::rosenbrock(2), &starts_in(2, -2.0, 2.0, 5, 62)).unwrap();
        batch.set_method(ConjugateGradient::default()).unwrap();
        let refused = Error::Steer(SteerError::NoHistory);
        assert_eq!(batch.set_point(1, &[0.0; 2], Memory::Keep), Err(refused.clone()));
        assert!(refused.to_string().contains("`Memory::Clear`"), "{refused}");
        batch.set_point(1, &[0.0; 2], Memory::Clear).unwrap();
    }
}

#[test]
fn a_method_that_does_not_fit_leaves_the_run_as_it_is() {
    for device in devices() {
        let problem = crate::devices::rosenbrock(2);
        let bounds = Bounds::new(&[-2.0; 2], &[0.5; 2]).unwrap();
        let mut batch = minimizer().bounds(&bounds).start(&device, &problem, &starts_in(2, -2.0, 0.5, 5, 63)).unwrap();
        batch.step().unwrap();
        let before = now(&batch);
        assert!(matches!(batch.set_method(LevenbergMarquardt::default()), Err(Error::Setting { name: "bounds", .. })), "{device}");
        assert_same(&before, &now(&batch), &format!("{device}"));
        if device.precision() == Precision::F64 {
            let mut batch =
                Minimizer::new(LevenbergMarquardt::default()).start(&device, &problem, &starts_in(2, -2.0, 2.0, 5, 63)).unwrap();
            batch.step().unwrap();
            let before = now(&batch);
            assert!(matches!(batch.set_bounds(&bounds), Err(Error::Setting { name: "bounds", .. })));
            assert!(matches!(batch.set_line_search(SlopeSearch::default()), Err(Error::Setting { name: "line_search", .. })));
            assert_same(&before, &now(&batch), "the run goes on without");
        }
    }
}
