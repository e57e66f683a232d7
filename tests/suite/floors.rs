//! Lanes in f32 that say they are at the floor are asked in f64 whether they are.

use manymin::prelude::*;
use nalgebra::DMatrix;

#[cfg(feature = "gpu")]
use crate::devices::gpu;
use crate::devices::{Bits, assert_same, devices, minimizer, rosenbrock, starts_in};

/// Powell's badly scaled function, whose parameter is the scale: with 1e4, curvatures differ by 1e16 around its minimum.
fn powell() -> Problem {
    Problem::builder(2)
        .parameters(1)
        .build(|x, c| (c.parameter(0) * x[0] * x[1] - 1.0).powi(2) + ((-x[0]).exp() + (-x[1]).exp() - 1.0001).powi(2))
        .unwrap()
}

/// Every other lane has the bad scale; the minimum of the others is one of few digits.
const SCALES: [f64; 2] = [10.0, 1e4];
const LANES: usize = 200;

fn starts() -> Starts {
    let scales = DMatrix::from_iterator(1, LANES, (0..LANES).map(|lane| SCALES[lane % 2]));
    Starts::uniform(&Bounds::new(&[-0.1, 0.9], &[0.1, 1.1]).unwrap(), LANES, 3).with_parameters(scales)
}

fn in_single_precision() -> impl Iterator<Item = Device> {
    devices().into_iter().filter(|device| device.precision() == Precision::F32)
}

fn count(outcome: &Outcome, status: Status) -> usize {
    outcome.statuses().iter().filter(|&&s| s == status).count()
}

#[test]
fn a_floor_that_f64_denies_is_no_success() {
    for device in in_single_precision() {
        let run = |certify| minimizer().certify_floors(certify).minimize(&device, &powell(), &starts()).unwrap();
        let (claimed, checked) = (run(false), run(true));
        assert_eq!(count(&claimed, Status::PrecisionLoss), 0, "{device}");
        assert!(count(&checked, Status::PrecisionLoss) > LANES / 4, "{device}: {:?}", checked.status_counts());
        for (claim, lane) in claimed.iter().zip(checked.iter()) {
            if lane.status != Status::PrecisionLoss {
                assert_eq!(Bits::of(&claim), Bits::of(&lane), "{device}");
                continue;
            }
            assert_eq!(claim.status, Status::PrecisionFloor, "{device}, lane {}", lane.lane);
            assert!(lane.status.is_failure() && lane.lane % 2 == 1, "{device}, lane {}", lane.lane);
            // Its minimum is 0: f can't fall by more than it is.
            let here = checked.certify(lane.lane).unwrap();
            let manymin::Evidence { measured, threshold } = lane.evidence;
            assert!(threshold < measured && measured <= here.value, "{device}, lane {}: {:?} of {here:?}", lane.lane, lane.evidence);
            // Nothing else is another.
            let mut same = lane.clone();
            (same.status, same.evidence) = (claim.status, claim.evidence);
            assert_eq!(Bits::of(&same), Bits::of(&claim), "{device}");
        }
    }
}

#[test]
fn a_floor_that_is_one_stays() {
    // Neither is a sum of squares as it is written; one has so many components that it is polished, the other few.
    let raised = |n: usize| {
        Problem::new(n, |x| 10.0 + x.sum(0..n - 1, |i| 100.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2) + (1.0 - x.at(i)).powi(2)))
    };
    for device in in_single_precision() {
        for (problem, n) in [(raised(4).unwrap(), 4), (raised(70).unwrap(), 70), (rosenbrock(10), 10)] {
            let tolerances = Tolerances { gradient_max: 0.0, ..Tolerances::default() };
            let starts = starts_in(n, 0.5, 1.5, 50, 8);
            let run = |certify| minimizer().tolerances(tolerances).certify_floors(certify).minimize(&device, &problem, &starts).unwrap();
            let (claimed, checked) = (run(false), run(true));
            assert!(count(&claimed, Status::PrecisionFloor) > 0, "{device}, {n}: {:?}", claimed.status_counts());
            assert_same(&Bits::all(&claimed), &Bits::all(&checked), &format!("{device}, {n}"));
        }
    }
}

/// The minimum inside the box is where a bound holds the first component, whose gradient is 2.
#[test]
fn a_bound_that_holds_a_lane_is_no_way_down() {
    let problem = Problem::new(3, |x| 5.0 + 2.0 * x[0] + (x[1] - 0.3).powi(2) + 50.0 * (x[2] - x[1].powi(2)).powi(2)).unwrap();
    let bounds = Bounds::new(&[1.1, f64::NEG_INFINITY, -3.0], &[2.0, f64::INFINITY, 3.0]).unwrap();
    let tolerances = Tolerances { gradient_max: 0.0, ..Tolerances::default() };
    for device in in_single_precision() {
        let starts = Starts::uniform(&Bounds::new(&[1.1, -1.0, -1.0], &[2.0, 1.0, 1.0]).unwrap(), 50, 4);
        let outcome = minimizer().bounds(&bounds).tolerances(tolerances).minimize(&device, &problem, &starts).unwrap();
        assert!(count(&outcome, Status::PrecisionFloor) > 0, "{device}: {:?}", outcome.status_counts());
        assert!(outcome.statuses().iter().all(|status| status.is_success()), "{device}: {:?}", outcome.status_counts());
    }
}

#[test]
fn how_a_run_is_cut_changes_nothing_of_what_is_denied() {
    for device in in_single_precision() {
        let whole = minimizer().minimize(&device, &powell(), &starts()).unwrap();
        let mut batch = minimizer().pool(64).start(&device, &powell(), &starts()).unwrap();
        let mut drained = Vec::new();
        for round in 0_u32.. {
            if batch.active() == 0 {
                break;
            }
            if round == 7 {
                batch = Batch::from_bytes(&batch.to_bytes(), &device).unwrap();
            }
            if round.is_multiple_of(2) {
                batch.step().unwrap()
            } else {
                batch.advance(3).unwrap()
            }
            drained.extend(batch.drain_finished());
        }
        drained.sort_by_key(|lane| lane.lane);
        assert_same(&drained.iter().map(Bits::of).collect::<Vec<_>>(), &Bits::all(&whole), &device.to_string());
        // A file has the setting, too.
        let mut batch = minimizer().certify_floors(false).start(&device, &powell(), &starts()).unwrap();
        let mut again = Batch::from_bytes(&batch.to_bytes(), &device).unwrap();
        again.run().unwrap();
        assert_eq!(count(&again.finish().unwrap(), Status::PrecisionLoss), 0, "{device}");
    }
}

#[test]
fn lanes_in_f64_are_not_asked() {
    let run = |certify| minimizer().certify_floors(certify).minimize(&Device::cpu(Precision::F64), &powell(), &starts()).unwrap();
    assert_same(&Bits::all(&run(true)), &Bits::all(&run(false)), "f64");
}

/// Of WGSL by hand there is nothing in f64.
#[test]
#[cfg(feature = "gpu")]
fn verbatim_lanes_keep_their_verdicts() {
    const POWELL: &str = "
fn objective() -> f32 {
    let a = 1e4 * x_at(0u) * x_at(1u) - 1.0;
    let u = exp(-x_at(0u));
    let v = exp(-x_at(1u));
    let b = u + v - 1.0001;
    add_gradient(0u, 2e4 * a * x_at(1u) - 2.0 * b * u);
    add_gradient(1u, 2e4 * a * x_at(0u) - 2.0 * b * v);
    return a * a + b * b;
}";
    let problem = Problem::verbatim(2, POWELL).unwrap();
    let starts = Starts::uniform(&Bounds::new(&[-0.1, 0.9], &[0.1, 1.1]).unwrap(), LANES, 3);
    let outcome = minimizer().minimize(&gpu(), &problem, &starts).unwrap();
    let counts = outcome.status_counts();
    assert!(counts.contains_key(&Status::PrecisionFloor) && !counts.contains_key(&Status::PrecisionLoss), "{counts:?}");
}
