//! What a batch shows: every field of every summary, from the start on; and settings, of which the last holds.

use manymin::prelude::*;

use super::ways;
use crate::devices::{Bits, devices, epsilon, minimizer, rosenbrock, starts_at, starts_in};

#[test]
fn the_start_is_row_0_and_every_field_is_there() {
    // f and its gradient at (-1.2, 1): 24.2 and (-215.6, -88).
    for (way, method, device) in ways() {
        let mut batch = Minimizer::new(method).start(&device, &rosenbrock(2), &starts_at(&[&[-1.2, 1.0]])).unwrap();
        batch.advance(1).unwrap();
        let row = batch.summary(0).unwrap();
        assert_eq!(batch.summaries().unwrap(), [row], "{way}");
        assert_eq!((row.lane, row.iteration, row.evaluations, row.status), (0, 0, 1, Status::Active), "{way}");
        assert_eq!((row.step, row.alpha, row.mu), (0.0, 0.0, 0.0), "{way}");
        let near = |value: f64, exact: f64| (value - exact).abs() <= 64.0 * epsilon(&device) * exact;
        assert!(near(row.value, 24.2) && near(row.gradient_max, 215.6), "{way}: {row:?}");
        assert!(near(row.gradient_norm, 215.6_f64.hypot(88.0)), "{way}: {row:?}");
        batch.step().unwrap();
        let row = batch.summary(0).unwrap();
        assert!(row.iteration == 1 && row.step > 0.0 && row.alpha > 0.0, "{way}: {row:?}");
        assert!(row.value.is_finite() && row.gradient_max.is_finite() && row.gradient_norm >= row.gradient_max, "{way}");
    }
}

#[test]
fn a_lane_by_itself_is_the_one_among_all() {
    for device in devices() {
        let starts = starts_in(3, -2.0, 2.0, 60, 51);
        let mut batch = minimizer().pool(25).start(&device, &rosenbrock(3), &starts).unwrap();
        loop {
            let all = batch.clone().finish().unwrap();
            for lane in (0..60).step_by(7) {
                assert_eq!(Bits::of(&batch.lane(lane).unwrap()), Bits::of(&all.lane(lane)), "{device}");
                let (summary, result) = (batch.summary(lane).unwrap(), all.lane(lane));
                assert_eq!((summary.lane, summary.status), (lane, result.status), "{device}");
                assert_eq!((summary.iteration, summary.evaluations), (result.iterations, result.evaluations), "{device}");
                assert_eq!(summary.value.to_bits(), result.last_value.to_bits(), "{device}");
            }
            if batch.active() == 0 {
                break;
            }
            batch.advance(6).unwrap();
        }
    }
}

#[test]
fn the_start_counts_among_the_best() {
    // Constant steps that climb from the start on.
    let device = Device::cpu(Precision::F64);
    let method = Momentum { rate: 0.02, ..Momentum::default() };
    let mut batch = Minimizer::new(method).max_iterations(5).start(&device, &rosenbrock(2), &starts_at(&[&[-1.2, 1.0]])).unwrap();
    batch.run().unwrap();
    let lane = batch.lane(0).unwrap();
    assert!(lane.last_value > lane.value, "{lane:?}");
    assert!((lane.value - 24.2).abs() < 1e-12 && lane.point == [-1.2, 1.0], "{lane:?}");
}

#[test]
fn the_last_setting_holds() {
    // mize keeps the first max_iter, and ignores the one that is given with the data.
    let (problem, starts) = (rosenbrock(2), starts_at(&[&[-1.2, 1.0]]));
    let device = Device::cpu(Precision::F64);
    let iterations = |minimizer: Minimizer<'static>| minimizer.minimize(&device, &problem, &starts).unwrap().lane(0).iterations;
    let created = || minimizer().max_iterations(10);
    assert_eq!(iterations(created()), 10);
    assert_eq!(iterations(created().max_iterations(3)), 3);
    assert_eq!(iterations(created().limits(Limits { iterations: 4, ..Limits::default() })), 4);
    assert_eq!(iterations(minimizer().limits(Limits { iterations: 4, ..Limits::default() }).max_iterations(5)), 5);
    assert_eq!(iterations(created().max_evaluations(1)), 0, "both limits hold");
    let loose = Tolerances { gradient_max: 1e9, ..Tolerances::default() };
    assert_eq!(iterations(minimizer().tolerances(Tolerances::default()).tolerances(loose)), 0);
    let never = minimizer().bounds(&Bounds::new(&[-2.0; 2], &[-1.0; 2]).unwrap()).bounds(&Bounds::new(&[-2.0; 2], &[2.0; 2]).unwrap());
    let end = never.minimize(&device, &problem, &starts).unwrap().lane(0);
    assert!((end.point[0] - 1.0).abs() < 1e-4, "{end:?}");
}
