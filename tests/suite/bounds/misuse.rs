//! Bounds that do not fit, or leave a lane no point, are named before anything is computed.

use manymin::prelude::*;
use manymin::{BoundsError, Error, StartsError};
use nalgebra::DMatrix;

use super::cube;
use crate::devices::{bowl, devices, minimizer, starts_at, starts_in};

fn refused(minimizer: Minimizer<'_>, device: &Device, starts: &Starts) -> Error {
    match minimizer.start(device, &bowl(2), starts) {
        Err(error) => {
            assert!(error.to_string().len() > 20, "a text that a person can act on, not {error}");
            error
        }
        Ok(_) => panic!("{device}: it is taken"),
    }
}

#[test]
fn bounds_of_another_size_are_refused() {
    let starts = starts_in(2, -1.0, 1.0, 4, 1);
    let matrix = DMatrix::<f64>::zeros;
    for device in devices() {
        let error = refused(minimizer().bounds(&cube(3, 0.0, 1.0)), &device, &starts);
        assert_eq!(error, BoundsError::Dimension { bounds: 3, problem: 2 }.into(), "{device}");
        let error = refused(minimizer().fixed(&[true]), &device, &starts);
        assert_eq!(error, BoundsError::Fixed { fixed: 1, problem: 2 }.into(), "{device}");
        for (lower, upper, what, rows, columns) in [
            (matrix(3, 4), matrix(2, 4), "lower", 3, 4),
            (matrix(2, 4), matrix(2, 5), "upper", 2, 5),
            (matrix(4, 2), matrix(4, 2), "lower", 4, 2),
        ] {
            let error = refused(minimizer(), &device, &starts.clone().with_bounds(lower, upper));
            assert_eq!(error, StartsError::BoundsSize { what, rows, columns, dimension: 2, lanes: 4 }.into(), "{device}");
        }
    }
}

#[test]
fn boxes_without_a_point_are_named_with_their_lane() {
    let starts = starts_in(2, -1.0, 1.0, 4, 1);
    let bounded = |low: &[f64; 8], high: &[f64; 8]| {
        starts.clone().with_bounds(DMatrix::from_column_slice(2, 4, low), DMatrix::from_column_slice(2, 4, high))
    };
    let (low, high) = ([0.0; 8], [1.0; 8]);
    let with = |side: [f64; 8], at: usize, value: f64| {
        let mut side = side;
        side[at] = value;
        side
    };
    for device in devices() {
        let error = refused(minimizer(), &device, &bounded(&with(low, 5, 1.5), &high));
        assert_eq!(error, BoundsError::EmptyLane { lane: 2, index: 1, lower: 1.5, upper: 1.0 }.into(), "{device}");
        for (low, high) in
            [(with(low, 6, f64::NAN), high), (low, with(high, 6, f64::NAN)), (with(low, 6, f64::INFINITY), with(high, 6, f64::INFINITY))]
        {
            let error = refused(minimizer().bounds(&cube(2, -5.0, 5.0)), &device, &bounded(&low, &high));
            assert!(matches!(error, Error::Bounds(BoundsError::EmptyLane { lane: 3, index: 0, .. })), "{device}: {error}");
        }
        // Each holds a number, and both together do not.
        let error = refused(minimizer().bounds(&cube(2, 2.0, 3.0)), &device, &bounded(&low, &high));
        assert_eq!(error, BoundsError::EmptyLane { lane: 0, index: 0, lower: 2.0, upper: 1.0 }.into(), "{device}");
        // A component that is held outside.
        let starts = starts_at(&[&[0.5, 0.5], &[0.5, 2.0]]);
        let error = refused(minimizer().bounds(&cube(2, 0.0, 1.0)).fixed(&[true, true]), &device, &starts);
        assert_eq!(error, BoundsError::FixedOutside { lane: 1, index: 1, value: 2.0, lower: 0.0, upper: 1.0 }.into(), "{device}");
        assert!(minimizer().bounds(&cube(2, 0.0, 1.0)).fixed(&[true, false]).start(&device, &bowl(2), &starts).is_ok(), "{device}");
    }
}

#[test]
fn boxes_between_numbers_of_single_precision_are_refused_there_alone() {
    let starts = starts_in(2, -1.0, 1.0, 4, 1);
    let (low, high) = (0.1, 0.1 + 1e-12);
    for device in devices() {
        for (low, high) in [(low, high), (1e300, 2e300), (-2e300, -1e300)] {
            let bounds = Bounds::new(&[-1.0, low], &[1.0, high]).unwrap();
            match (device.precision(), minimizer().bounds(&bounds).start(&device, &bowl(2), &starts)) {
                (Precision::F64, Ok(_)) => {}
                (Precision::F32, Err(error)) => {
                    assert_eq!(error, BoundsError::Rounded { lane: 0, index: 1, lower: low, upper: high }.into(), "{device}");
                }
                (_, other) => panic!("{device}: {:?}", other.err()),
            }
        }
        let equal = Bounds::new(&[-1.0, low], &[1.0, low]).unwrap();
        assert!(minimizer().bounds(&equal).start(&device, &bowl(2), &starts).is_ok(), "{device}: equal ones fix the component");
    }
}

#[test]
fn a_source_of_ones_own_brings_bounds() {
    /// Lane k starts at (9, 9) and stays in [k, k + 1] x (-inf, inf).
    struct Rows(usize);
    impl Source for Rows {
        fn lanes(&self) -> usize {
            self.0
        }
        fn dimension(&self) -> usize {
            2
        }
        fn has_bounds(&self) -> bool {
            true
        }
        fn fill_bounds(&self, lane: usize, lower: &mut [f64], upper: &mut [f64]) {
            assert_eq!((lower[1], upper[1]), (f64::NEG_INFINITY, f64::INFINITY), "what is not written bounds nothing");
            (lower[0], upper[0]) = (lane as f64, lane as f64 + 1.0);
        }
        fn fill(&self, _: usize, point: &mut [f64], _: &mut [f64]) {
            point.fill(9.0);
        }
    }
    for device in devices() {
        let outcome = minimizer().minimize(&device, &bowl(2), &Starts::new(Rows(20))).unwrap();
        for lane in outcome.iter() {
            assert!(
                lane.status.is_success() && (lane.point[0] - lane.lane as f64).abs() < 1e-5 && lane.point[1].abs() < 1e-5,
                "{device}: {lane:?}"
            );
            assert_eq!(lane.projected_start, !(8..=9).contains(&lane.lane), "{device}: {lane:?}");
        }
    }
}
