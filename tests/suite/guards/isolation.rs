//! A lane that goes wrong harms no other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use manymin::prelude::*;
use manymin::{Error, Source};
use nalgebra::DMatrix;

use crate::devices::{Bits, assert_same, devices, minimizer, rosenbrock, starts_in};

const LANES: usize = 300;
/// Lanes made bad: at the ends, on both sides of the borders of 16 and of 128, and one beside the other.
const BAD: [usize; 9] = [0, 15, 16, 100, 101, 127, 128, 200, LANES - 1];

/// A lane's start is its column with the bad lanes' first component replaced.
fn spoiled(starts: &Starts, with: f64) -> Starts {
    let points =
        DMatrix::from_fn(starts.dimension(), LANES, |k, lane| if k == 0 && BAD.contains(&lane) { with } else { starts.point(lane)[k] });
    Starts::from_matrix(points)
}

fn others(outcome: &Outcome) -> Vec<Bits> {
    outcome.iter().filter(|lane| !BAD.contains(&lane.lane)).map(|lane| Bits::of(&lane)).collect()
}

#[test]
fn starts_that_are_not_finite_end_at_once_and_leave_the_others_as_they_were() {
    let starts = starts_in(6, -2.0, 2.0, LANES, 11);
    for device in devices() {
        let good = others(&minimizer().minimize(&device, &rosenbrock(6), &starts).unwrap());
        for with in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e200] {
            let outcome = minimizer().minimize(&device, &rosenbrock(6), &spoiled(&starts, with)).unwrap();
            for lane in BAD {
                let lane = outcome.lane(lane);
                assert_eq!(lane.status, Status::NonFiniteStart, "{device}: a start of {with}");
                assert_eq!((lane.iterations, lane.last_value.is_finite()), (0, false), "{device}: nothing comes of a start of {with}");
            }
            assert_same(&good, &others(&outcome), &format!("{device}: beside starts of {with}"));
        }
    }
}

#[test]
fn a_value_that_is_not_a_number_in_one_lane_leaves_the_others_as_they_were() {
    // The weight of the first term is the lane's parameter.
    let problem = Problem::builder(4)
        .parameters(1)
        .build(|x, c| x.sum(0..3, |i| c.parameter(0) * (x.at(i + 1) - x.at(i) * x.at(i)).powi(2) + (1.0 - x.at(i)).powi(2)))
        .unwrap();
    let starts = starts_in(4, -2.0, 2.0, LANES, 12);
    let weights = |bad: f64| DMatrix::from_fn(1, LANES, |_, lane| if BAD.contains(&lane) { bad } else { 10.0 + lane as f64 });
    for device in devices() {
        let run = |bad| minimizer().minimize(&device, &problem, &starts.clone().with_parameters(weights(bad))).unwrap();
        let good = others(&run(10.0));
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let outcome = run(bad);
            assert!(BAD.iter().all(|&lane| outcome.lane(lane).status.is_failure()), "{device}: a weight of {bad} is no success");
            assert_same(&good, &others(&outcome), &format!("{device}: beside weights of {bad}"));
        }
    }
}

#[test]
fn a_lane_that_meets_nan_on_its_way_turns_back() {
    // Not a number left of 0; the minimum is at 0.1, and first steps from afar overshoot.
    let problem = Problem::new(1, |x| x[0] - 0.1 * x[0].ln()).unwrap();
    for device in devices() {
        let outcome = minimizer().minimize(&device, &problem, &starts_in(1, 0.2, 50.0, LANES, 13)).unwrap();
        for lane in outcome.iter() {
            assert!(lane.status.is_success(), "{device}, lane {}: {:?}", lane.lane, lane.status);
            // The curvature there is 10, the gradient within 1e-5 or at its rounding.
            assert!((lane.point[0] - 0.1).abs() < 1e-4, "{device}, lane {}: {:?}", lane.lane, lane.point);
        }
    }
}

#[test]
fn starts_whose_squares_overflow_are_minimised() {
    // Gradients of up to 1e35: their squares overflow in f32, they and f do not.
    let problem = Problem::new(2, |x| (x[0].exp() - x[0]) + (1.5 * x[1]).exp() - x[1]).unwrap();
    for device in devices() {
        let outcome = minimizer().minimize(&device, &problem, &starts_in(2, 20.0, 53.0, LANES, 14)).unwrap();
        for lane in outcome.iter() {
            assert!(lane.status.is_success(), "{device}, lane {}: {:?}", lane.lane, lane.status);
            assert!(lane.point[0].abs() < 1e-3, "{device}, lane {}: exp(x) - x has its minimum at 0, not {:?}", lane.lane, lane.point);
        }
    }
}

/// Starts of which one can't be made, as long as it is broken.
struct Broken {
    starts: Starts,
    is_broken: Arc<AtomicBool>,
}

impl Source for Broken {
    fn lanes(&self) -> usize {
        self.starts.lanes()
    }

    fn dimension(&self) -> usize {
        self.starts.dimension()
    }

    fn fill(&self, lane: usize, point: &mut [f64], _: &mut [f64]) {
        assert!(lane != 1_234 || !self.is_broken.load(Ordering::Relaxed), "no start for lane {lane}");
        point.copy_from_slice(&self.starts.point(lane));
    }
}

/// A way to take a batch further.
type Way = fn(&mut Batch) -> Result<(), Error>;

#[test]
fn a_source_of_starts_that_panics_costs_no_lane() {
    let (problem, starts) = (rosenbrock(4), starts_in(4, -2.0, 2.0, 2_000, 5));
    for precision in [Precision::F32, Precision::F64] {
        let device = Device::cpu(precision);
        let minimizer = || minimizer().pool(700);
        let expected = Bits::all(&minimizer().minimize(&device, &problem, &starts).unwrap());
        let ways: [Way; 3] = [|batch| batch.run().map(drop), |batch| batch.step().map(drop), |batch| batch.advance(9).map(drop)];
        for way in ways {
            let is_broken = Arc::new(AtomicBool::new(false));
            let source = Broken { starts: starts.clone(), is_broken: Arc::clone(&is_broken) };
            let mut batch = minimizer().start(&device, &problem, &Starts::new(source)).unwrap();
            is_broken.store(true, Ordering::Relaxed);
            let panicked = (0..10_000).any(|_| catch_unwind(AssertUnwindSafe(|| way(&mut batch).unwrap())).is_err());
            assert!(panicked && batch.active() > 0, "{device}: lane 1234 can't begin");
            is_broken.store(false, Ordering::Relaxed);
            batch.run().unwrap();
            assert_same(&expected, &Bits::all(&batch.finish().unwrap()), &format!("{device}: after a panic"));
        }
    }
}
