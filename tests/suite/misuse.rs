//! Every misuse gets its own error, before anything is computed, and spoils nothing.

use manymin::prelude::*;
use manymin::{BoundsError, DeviceError, Error, ProblemError, StartsError};
use nalgebra::DMatrix;

use crate::devices::{Bits, assert_same, bowl, devices, minimizer, rosenbrock, starts_at, starts_in};

/// x^2 + p0 x + p1
fn with_two_parameters() -> Problem {
    Problem::builder(1).parameters(2).build(|x, c| x[0] * x[0] + c.parameter(0) * x[0] + c.parameter(1)).unwrap()
}

fn error(result: manymin::Result<Batch>, what: &str) -> Error {
    match result {
        Err(error) => {
            assert!(error.to_string().len() > 20, "{what}: a text that a person can act on, not {error}");
            error
        }
        Ok(_) => panic!("{what} is taken"),
    }
}

#[test]
fn starts_that_do_not_fit_are_refused() {
    let two = with_two_parameters();
    let points = |lanes| starts_in(1, -1.0, 1.0, lanes, 1);
    let given = |rows, lanes| DMatrix::from_element(rows, lanes, 1.0);
    let infinite = |low: &[f64], high: &[f64]| Starts::uniform(&Bounds::new(low, high).unwrap(), 10, 1);
    let cases = [
        ("no lanes", bowl(2), starts_in(2, -1.0, 1.0, 0, 1), StartsError::NoLanes),
        ("an empty matrix", bowl(2), Starts::from_matrix(DMatrix::zeros(2, 0)), StartsError::NoLanes),
        ("another dimension", bowl(2), starts_in(3, -1.0, 1.0, 4, 1), StartsError::Dimension { starts: 3, problem: 2 }),
        ("a transposed matrix", bowl(2), Starts::from_matrix(DMatrix::zeros(9, 2)), StartsError::Dimension { starts: 9, problem: 2 }),
        ("no parameters", two.clone(), points(4), StartsError::Parameters { starts: 0, problem: 2 }),
        ("too few parameters", two.clone(), points(4).with_parameters(given(1, 4)), StartsError::Parameters { starts: 1, problem: 2 }),
        ("too many parameters", two.clone(), points(4).with_parameters(given(3, 4)), StartsError::Parameters { starts: 3, problem: 2 }),
        ("parameters that none takes", bowl(1), points(4).with_parameters(given(1, 4)), StartsError::Parameters { starts: 1, problem: 0 }),
        ("too few columns", two.clone(), points(4).with_parameters(given(2, 3)), StartsError::Lanes { parameters: 3, starts: 4 }),
        ("too many columns", two, points(4).with_parameters(given(2, 5)), StartsError::Lanes { parameters: 5, starts: 4 }),
        ("half a box", bowl(2), infinite(&[0.0, f64::NEG_INFINITY], &[1.0, 1.0]), StartsError::Unbounded { index: 1 }),
        ("no box", bowl(2), infinite(&[f64::NEG_INFINITY; 2], &[f64::INFINITY; 2]), StartsError::Unbounded { index: 0 }),
    ];
    for device in devices() {
        for (what, problem, starts, expected) in &cases {
            assert_eq!(error(minimizer().start(&device, problem, starts), what), Error::Starts(expected.clone()), "{device}: {what}");
        }
    }
}

#[test]
fn parameters_given_again_replace_those_before() {
    let twice = starts_at(&[&[5.0], &[7.0]]).with_parameters(DMatrix::from_element(1, 2, 9.0)).with_parameters(DMatrix::from_row_slice(
        2,
        2,
        &[-2.0, -4.0, 1.0, 4.0],
    ));
    for device in devices() {
        let outcome = minimizer().minimize(&device, &with_two_parameters(), &twice).unwrap();
        for (lane, minimum) in outcome.iter().zip([1.0, 2.0]) {
            assert!((lane.point[0] - minimum).abs() < 1e-4, "{device}: (x - {minimum})^2 has its minimum elsewhere than {:?}", lane.point);
        }
    }
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let of = |minimizer: Minimizer<'_>, device: &Device| match minimizer.start(device, &bowl(2), &starts_in(2, -1.0, 1.0, 4, 1)) {
        Err(Error::Setting { name, .. }) => name,
        Err(other) => panic!("{other}"),
        Ok(_) => "taken",
    };
    for device in devices() {
        assert_eq!(of(Minimizer::new(Lbfgs { memory: 0 }), &device), "memory");
        assert_eq!(of(Minimizer::new(Lbfgs { memory: 65 }), &device), "memory");
        assert_eq!(of(Minimizer::new(Lbfgs { memory: 64 }), &device), "taken");
        let base = Tolerances::default();
        for bad in [-1.0, -1e-300, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(of(minimizer().tolerances(Tolerances { gradient_max: bad, ..base }), &device), "gradient_max", "{bad}");
            assert_eq!(of(minimizer().tolerances(Tolerances { step_max: bad, ..base }), &device), "step_max", "{bad}");
            assert_eq!(of(minimizer().tolerances(Tolerances { value_change: bad, ..base }), &device), "value_change", "{bad}");
        }
        assert_eq!(of(minimizer().tolerances(Tolerances { target: Some(f64::NAN), ..base }), &device), "target");
        assert_eq!(of(minimizer().pool(0), &device), "pool");
        assert_eq!(of(minimizer().max_evaluations(0), &device), "evaluations");
    }
}

#[test]
fn bounds_that_hold_no_number_are_refused() {
    let refused = |lower: &[f64], upper: &[f64]| match Bounds::new(lower, upper) {
        Err(Error::Bounds(error)) => error,
        other => panic!("[{lower:?}, {upper:?}] gives {other:?}"),
    };
    assert_eq!(refused(&[0.0; 2], &[1.0; 3]), BoundsError::Lengths { lower: 2, upper: 3 });
    assert_eq!(refused(&[0.0, 2.0], &[1.0, 1.0]), BoundsError::Empty { index: 1, lower: 2.0, upper: 1.0 });
    let inf = f64::INFINITY;
    for (low, high) in [(f64::NAN, 1.0), (0.0, f64::NAN), (inf, inf), (-inf, -inf)] {
        assert!(matches!(refused(&[0.0, low], &[1.0, high]), BoundsError::Empty { index: 1, .. }), "[{low}, {high}]");
    }
    assert!(Bounds::new(&[3.0, -inf], &[3.0, inf]).is_ok(), "equal bounds fix a component, infinite ones bound nothing");
}

#[test]
fn numbers_that_overflow_in_single_precision_are_refused_there_alone() {
    let constant = Problem::new(1, |x| 1e300 * x[0] * x[0]).unwrap();
    let data = Problem::builder(1).data("w", &[1.0, 2.0, -1e39]).build(|x, c| (x[0] - c.data("w").at(2)).powi(2)).unwrap();
    let start = starts_at(&[&[1.0]]);
    for (problem, value) in [(constant, 1e300), (data, -1e39)] {
        for device in devices() {
            match (device.precision(), minimizer().start(&device, &problem, &start)) {
                (Precision::F32, Err(Error::Device(DeviceError::Overflow { value: found, .. }))) => assert_eq!(found, value, "{device}"),
                (Precision::F64, Ok(mut batch)) => {
                    batch.run().unwrap();
                    assert!(batch.best().status.is_success(), "{device}: {value} does no harm: {:?}", batch.best());
                }
                (_, other) => panic!("{device}: {value} gives {:?}", other.err()),
            }
        }
    }
}

#[test]
fn lanes_and_points_that_are_not_there_are_named() {
    for device in devices() {
        let outcome = minimizer().minimize(&device, &rosenbrock(2), &starts_in(2, -2.0, 2.0, 5, 1)).unwrap();
        let missing = Error::NoSuchLane { lane: 5, lanes: 5 };
        assert_eq!(outcome.certify(5), Err(missing.clone()), "{device}");
        assert_eq!(outcome.polish(&[0, 5]), Err(missing), "{device}: none is polished if one is missing");
        assert_eq!(outcome.polish(&[]), Ok(Vec::new()), "{device}: none asked for");
        let lanes: Vec<usize> = outcome.polish(&[4, 0, 4]).unwrap().iter().map(|polished| polished.lane).collect();
        assert_eq!(lanes, [4, 0, 4], "{device}: in the order asked for, repeated ones too");
    }
    let short = bowl(3).evaluate(&[1.0], &[]);
    assert_eq!(short, Err(Error::Problem(ProblemError::WrongLength { what: "the point", given: 1, wanted: 3 })));
}

#[test]
fn an_error_of_a_monitor_ends_the_run_and_spoils_nothing() {
    let starts = starts_in(4, -2.0, 2.0, 200, 2);
    for device in devices() {
        let expected = Bits::all(&minimizer().minimize(&device, &rosenbrock(4), &starts).unwrap());
        let mut batch = minimizer().pool(64).start(&device, &rosenbrock(4), &starts).unwrap();
        let mut steps = 0;
        let mut fails = |_: &mut Step| {
            steps += 1;
            if steps < 4 { Ok(Control::Continue) } else { Err("the disk is full") }
        };
        let result = batch.run_with(&mut [&mut fails]);
        assert_eq!(result.unwrap_err().to_string(), "a monitor failed: the disk is full", "{device}");
        assert!(batch.active() > 0 && batch.best().value.is_finite(), "{device}: the batch is as it was after the step");
        batch.run().unwrap();
        assert_same(&expected, &Bits::all(&batch.finish().unwrap()), &format!("{device}: a batch goes on after an error"));
        let mut asked = 0;
        let result = minimizer()
            .monitor(|_: &mut Step| {
                asked += 1;
                Err::<Control, _>("no")
            })
            .minimize(&device, &rosenbrock(4), &starts);
        assert_eq!(result.unwrap_err().to_string(), "a monitor failed: no", "{device}");
        assert_eq!(asked, 1, "{device}: the run has ended");
    }
}

#[test]
fn a_monitor_that_says_stop_stops_all_lanes_and_keeps_their_results() {
    let starts = starts_in(4, -2.0, 2.0, 200, 3);
    for device in devices() {
        let mut last_best = f64::NAN;
        let outcome = minimizer()
            .pool(64)
            .monitor(|step: &mut Step| {
                last_best = step.best().value;
                if step.summaries().iter().any(|summary| summary.iteration >= 5) { Control::Stop } else { Control::Continue }
            })
            .minimize(&device, &rosenbrock(4), &starts)
            .unwrap();
        assert!(outcome.statuses().iter().all(|status| !status.is_active()), "{device}: {:?}", outcome.status_counts());
        assert!(outcome.status_counts()[&Status::Stopped] > 100, "{device}: {:?}", outcome.status_counts());
        assert_eq!(outcome.best().value, last_best, "{device}: what was found is kept");
        assert!(
            outcome.iter().take(64).all(|lane| lane.iterations <= 5 && lane.evaluations > 0),
            "{device}: stopped in the step of asking"
        );
    }
}

#[test]
fn a_source_of_ones_own_is_asked_for_each_lane_and_checked() {
    /// Refuses an odd number of lanes.
    struct Pairs(usize);
    impl Source for Pairs {
        fn lanes(&self) -> usize {
            self.0
        }
        fn dimension(&self) -> usize {
            1
        }
        fn parameters(&self) -> usize {
            2
        }
        fn validate(&self) -> manymin::Result<(), StartsError> {
            if self.0.is_multiple_of(2) { Ok(()) } else { Err(StartsError::Lanes { parameters: self.0 + 1, starts: self.0 }) }
        }
        fn fill(&self, lane: usize, point: &mut [f64], parameters: &mut [f64]) {
            point[0] = lane as f64;
            parameters.copy_from_slice(&[-2.0 * lane as f64, 0.0]);
        }
    }
    for device in devices() {
        let refused = error(minimizer().start(&device, &with_two_parameters(), &Starts::new(Pairs(3))), "an odd number");
        assert_eq!(refused, Error::Starts(StartsError::Lanes { parameters: 4, starts: 3 }), "{device}: the source's own check");
        let outcome = minimizer().minimize(&device, &with_two_parameters(), &Starts::new(Pairs(40))).unwrap();
        for lane in outcome.iter() {
            assert_eq!((lane.point[0], lane.evaluations), (lane.lane as f64, 1), "{device}: lane {} starts at its minimum", lane.lane);
        }
    }
}
