//! With bounds, too, how a run is cut, what runs beside a lane and where it goes on change no bit.

use manymin::prelude::*;
use nalgebra::DMatrix;

use super::is_inside;
use super::problems::{Programs, named};
use crate::devices::{Bits, assert_same, devices, gpu, minimizer, rosenbrock, starts_in};

/// Lanes of several lengths, each in its own box.
fn programs(lanes: usize) -> Programs {
    Programs::new(6, 300.0, lanes, 17)
}

#[test]
fn cuts_and_pools_change_no_bit() {
    let Programs { problem, starts, .. } = programs(300);
    for device in devices() {
        let run = || minimizer().fixed(&[false, false, true, false, false, false]);
        let expected = Bits::all(&run().minimize(&device, &problem, &starts).unwrap());
        type Cut = fn(usize, &mut Batch);
        let ways: [(&str, Cut); 4] = [
            ("step()", |_, batch| batch.step().unwrap()),
            ("advance(3)", |_, batch| batch.advance(3).unwrap()),
            ("two steps, then run()", |k, batch| if k < 2 { batch.step().unwrap() } else { batch.run().unwrap() }),
            ("to another engine and on", |_, batch| {
                batch.advance(4).unwrap();
                let device = minimizer_device(batch);
                batch.move_to(&device).unwrap();
            }),
        ];
        for (name, cut) in ways {
            for pool in [100, 10_000] {
                let mut batch = run().pool(pool).start(&device, &problem, &starts).unwrap();
                let mut k = 0;
                while batch.active() > 0 {
                    cut(k, &mut batch);
                    k += 1;
                }
                assert_same(&expected, &Bits::all(&batch.finish().unwrap()), &format!("{device}, {name}, pool {pool}"));
            }
        }
    }
}

/// The device that a batch is on.
fn minimizer_device(batch: &mut Batch) -> Device {
    batch.clone().finish().unwrap().device().clone()
}

#[test]
fn company_changes_no_bit() {
    const LANES: usize = 300;
    let programs = programs(LANES);
    for device in devices() {
        let together = Bits::all(&minimizer().minimize(&device, &programs.problem, &programs.starts).unwrap());
        for lane in [0, 1, 15, 16, 127, 128, LANES - 1] {
            let column = |matrix: &DMatrix<f64>| DMatrix::from_column_slice(matrix.nrows(), 1, matrix.column(lane).as_slice());
            let start = DMatrix::from_column_slice(6, 1, &programs.starts.point(lane));
            let alone = Starts::from_matrix(start)
                .with_parameters(column(&programs.parameters))
                .with_bounds(column(&programs.lower), column(&programs.upper));
            let alone = minimizer().minimize(&device, &programs.problem, &alone).unwrap();
            assert_same(&together[lane..=lane], &[Bits::of(&alone.lane(0)).numbered(lane)], &format!("{device}: lane {lane} alone"));
        }
    }
}

/// On the CPU, where both are the same text; a GPU's compiler may fuse other operations of another text.
#[test]
fn bounds_that_no_lane_meets_change_no_bit() {
    let far = Bounds::new(&[-1e6; 6], &[1e6; 6]).unwrap();
    for device in [Device::cpu(Precision::F32), Device::cpu(Precision::F64)] {
        for problem in [rosenbrock(6), named("scaled", 6), named("logistic", 6)] {
            let starts = starts_in(6, -2.0, 2.0, 200, 12);
            let without = Bits::all(&minimizer().minimize(&device, &problem, &starts).unwrap());
            let within = Bits::all(&minimizer().bounds(&far).minimize(&device, &problem, &starts).unwrap());
            assert_same(&without, &within, &device.to_string());
        }
    }
}

#[test]
fn bounds_for_all_are_the_same_as_for_each_and_as_both() {
    let (low, high) = ([-1.0, 0.2, -0.5, 0.0], [0.5, 2.0, 0.1, f64::INFINITY]);
    let bounds = Bounds::new(&low, &high).unwrap();
    let starts = starts_in(4, -2.0, 2.0, 150, 13);
    let each = |side: &[f64; 4]| DMatrix::from_fn(4, 150, |i, _| side[i]);
    for device in devices() {
        let expected = Bits::all(&minimizer().bounds(&bounds).minimize(&device, &rosenbrock(4), &starts).unwrap());
        let by_lane = starts.clone().with_bounds(each(&low), each(&high));
        assert_same(&expected, &Bits::all(&minimizer().minimize(&device, &rosenbrock(4), &by_lane).unwrap()), "by lane");
        // Half of them here, half there: what they have in common counts.
        let wide = Bounds::new(&[-1.0, f64::NEG_INFINITY, -0.5, -9.0], &[9.0, 2.0, 0.1, f64::INFINITY]).unwrap();
        let halves = starts.clone().with_bounds(each(&[-9.0, 0.2, -9.0, 0.0]), each(&[0.5, 9.0, 9.0, f64::INFINITY]));
        assert_same(&expected, &Bits::all(&minimizer().bounds(&wide).minimize(&device, &rosenbrock(4), &halves).unwrap()), "both");
    }
}

#[test]
fn engines_agree_in_boxes_and_unbounded_runs_pay_nothing() {
    let Programs { problem, starts, .. } = programs(200);
    let run = |device: &Device| minimizer().minimize(device, &problem, &starts).unwrap();
    let (exact, other) = (run(&Device::cpu(Precision::F64)), run(&gpu()));
    for (a, b) in exact.iter().zip(other.iter()) {
        assert!((a.value - b.value).abs() <= 1e-4 * (1.0 + a.value.abs()), "{a:?} {b:?}");
    }
    for device in devices() {
        let (free, bounded) = (minimizer(), minimizer().bounds(&Bounds::new(&[0.0; 6], &[1.0; 6]).unwrap()));
        let more = bounded.bytes_per_lane(&device, &problem) - free.bytes_per_lane(&device, &problem);
        let float = if device.precision() == Precision::F64 { 8 } else { 4 };
        // A start is a little longer on its way to a GPU.
        assert!((2 * 6 * float..=3 * 6 * float).contains(&more), "{device}: {more} bytes");
    }
}

#[test]
fn a_lane_that_goes_on_elsewhere_takes_its_box_along() {
    let programs = programs(100);
    let (cpu, gpu) = (Device::cpu(Precision::F32), gpu());
    for (from, to) in [(&cpu, &gpu), (&gpu, &cpu)] {
        let mut batch = minimizer().start(from, &programs.problem, &programs.starts).unwrap();
        (0..3).for_each(|_| batch.step().unwrap());
        assert!(batch.active() > 20, "{from}: lanes are under way");
        batch.move_to(to).unwrap();
        batch.run().unwrap();
        for lane in batch.finish().unwrap().iter() {
            assert!(lane.status.is_success(), "{from} to {to}: {lane:?}");
            let residual = programs.residual(lane.lane, &lane.point);
            assert!(residual < 1e-1, "{from} to {to}: {residual} {lane:?}");
            let (low, high) = (programs.lower.column(lane.lane), programs.upper.column(lane.lane));
            assert!(is_inside(&lane.point, low.as_slice(), high.as_slice()), "{from} to {to}: {lane:?}");
        }
    }
}
