//! What the GPU engine does beyond the lanes' own path: dispatches, memory, and failures.

use std::time::Duration;

use manymin::prelude::*;
use manymin::probe::{destroy, limited};
use manymin::{DeviceError, Error};

use crate::devices::{Bits, assert_same, gpu, minimizer, rosenbrock, starts_in};

const LONG: Duration = Duration::from_secs(60);

#[test]
fn lanes_are_dispatched_and_counted() {
    let (device, starts) = (gpu(), starts_in(10, -2.0, 2.0, 5_000, 3));
    let mut batch = minimizer().start(&device, &rosenbrock(10), &starts).unwrap();
    batch.run().unwrap();
    let telemetry = batch.telemetry().expect("a GPU tells what it did");
    // Rounds double from dispatch to dispatch, however fast the device is.
    assert!(telemetry.dispatches >= 5 && telemetry.rounds > telemetry.dispatches, "{telemetry:?}");
    assert_eq!(telemetry.lane_rounds, batch.evaluations(), "every evaluation is a round of a lane");
    assert!(telemetry.listed_rounds >= telemetry.lane_rounds, "{telemetry:?}");
    // Each lane is reported once, with two points of ten components and the words beside them.
    assert!((5_000 * 80..5_000 * 250).contains(&telemetry.bytes_read), "a few words a lane come back: {telemetry:?}");
    if let Some(seconds) = telemetry.seconds {
        assert!(seconds.rounds > 0.0, "{telemetry:?}");
    }
    let cpu = minimizer().start(&Device::cpu(Precision::F32), &rosenbrock(10), &starts).unwrap();
    assert_eq!(cpu.telemetry(), None, "the CPU engine dispatches nothing");
}

#[test]
fn what_no_monitor_asks_for_is_not_copied() {
    let bytes = |monitor: &mut dyn Monitor| {
        let mut batch = minimizer().start(&gpu(), &rosenbrock(4), &starts_in(4, -2.0, 2.0, 500, 9)).unwrap();
        batch.run_with(&mut [monitor]).unwrap();
        batch.telemetry().unwrap().bytes_read
    };
    let mut steps = 0;
    let counting = bytes(&mut |_: &mut Step| steps += 1);
    let looking = bytes(&mut |step: &mut Step| assert!(!step.summaries().is_empty()));
    let stepping = bytes(&mut |step: &mut Step| assert!(step.active() <= 500));
    assert_eq!(counting, stepping);
    // Sixteen words a lane under way and step; on the average a good part of the lanes is.
    assert!(looking > counting + 16 * 4 * 500 * steps / 10, "{looking} bytes and {counting} in {steps} steps");
}

/// What buffers of a pool are rounded up by: a workgroup of lanes, and whole portions of transfers.
const ROUNDING: f64 = 0.05;

#[test]
fn the_bytes_of_a_lane_are_what_is_allocated() {
    for (n, lanes) in [(2, 4_096), (10, 20_000), (100, 1_024)] {
        let batch = minimizer().start(&gpu(), &rosenbrock(n), &starts_in(n, -2.0, 2.0, lanes, 3)).unwrap();
        let allocated = batch.telemetry().unwrap().bytes_allocated as f64;
        let told = (lanes * minimizer().bytes_per_lane(&gpu(), &rosenbrock(n))) as f64;
        assert!((allocated - told).abs() <= ROUNDING * told, "n = {n}: {allocated} bytes are allocated, {told} were told");
    }
}

#[test]
fn lanes_that_outgrow_a_buffer_go_in_waves_and_change_no_bit() {
    let (problem, starts) = (rosenbrock(10), starts_in(10, -2.0, 2.0, 1_000, 4));
    let whole = Bits::all(&minimizer().minimize(&gpu(), &problem, &starts).unwrap());
    // The history of 128 lanes: 8 pairs of 10 components, in blocks of four.
    let narrow = limited(&gpu(), 4 * 8 * 12 * 128, LONG);
    let mut batch = minimizer().start(&narrow, &problem, &starts).unwrap();
    assert_eq!(batch.summaries().unwrap().len(), 128, "as many lanes as the buffers hold are resident");
    batch.run().unwrap();
    assert_same(&whole, &Bits::all(&batch.finish().unwrap()), "in waves");
}

#[test]
fn buffers_that_hold_no_workgroup_are_an_error() {
    let narrow = limited(&gpu(), 4 * 8 * 12 * 64 - 1, LONG);
    let error = minimizer().start(&narrow, &rosenbrock(10), &starts_in(10, -2.0, 2.0, 100, 5)).err();
    assert!(matches!(error, Some(Error::Device(DeviceError::TooLarge { .. }))), "{error:?}");
}

#[test]
fn an_objective_too_large_for_a_shader_is_refused() {
    let many = Problem::new(1, |x| {
        let mut sum = x[0] * 1.0;
        for k in 0..20_000 {
            sum += (x[0] + f64::from(k)) * f64::from(k + 1);
        }
        sum
    })
    .unwrap();
    let error = minimizer().start(&gpu(), &many, &starts_in(1, -1.0, 1.0, 1, 5)).err();
    assert!(matches!(error, Some(Error::Device(DeviceError::ObjectiveTooLarge { .. }))), "{error:?}");
    assert!(minimizer().start(&Device::cpu(Precision::F32), &many, &starts_in(1, -1.0, 1.0, 1, 5)).is_ok(), "the CPU engine takes it");
}

/// sum over k of (x_0 - t_k)^2: as many loop iterations as there are data.
fn mean(terms: usize) -> Problem {
    let t: Vec<f64> = (0..terms).map(|k| (k % 7) as f64).collect();
    Problem::builder(1).data("t", &t).build(|x, c| x.sum(0..terms, |k| (x[0] - c.data("t").at(k)).powi(2))).unwrap()
}

#[test]
fn loops_beyond_a_drivers_limit_are_refused_and_long_ones_are_whole() {
    let starts = starts_in(1, -9.0, 9.0, 70, 6);
    // 21,000 terms: a driver with a limit of 65,535 iterations takes three rounds a dispatch.
    let outcome = minimizer().minimize(&gpu(), &mean(21_000), &starts).unwrap();
    for lane in outcome.iter() {
        assert!(lane.status.is_success() && (lane.point[0] - 3.0).abs() < 1e-5, "lane {}: {} at {:?}", lane.lane, lane.status, lane.point);
    }
    match minimizer().start(&gpu(), &mean(70_000), &starts) {
        Err(Error::Device(error @ DeviceError::LoopLimit { .. })) => {
            assert!(error.to_string().contains("Device::cpu"), "the error names the engine that takes it: {error}");
        }
        Err(error) => panic!("{error}"),
        // No limit on this driver: then all terms are added.
        Ok(mut batch) => {
            batch.run().unwrap();
            assert!((batch.best().point[0] - 3.0).abs() < 1e-4, "{:?}", batch.best());
        }
    }
}

#[test]
fn a_gpu_that_is_lost_in_mid_run_leaves_what_has_ended() {
    let device = Device::adapter(&gpu().info().name).unwrap();
    let (problem, starts) = (rosenbrock(10), starts_in(10, -2.0, 2.0, 2_000, 7));
    let undisturbed = Bits::all(&minimizer().minimize(&gpu(), &problem, &starts).unwrap());
    let mut batch = minimizer().start(&device, &problem, &starts).unwrap();
    while batch.active() > 1_000 {
        batch.step().unwrap();
    }
    let (active, evaluations) = (batch.active(), batch.evaluations());
    destroy(&device);
    for _ in 0..2 {
        assert!(matches!(batch.run(), Err(Error::Device(DeviceError::Lost { .. }))), "every call says so");
    }
    assert_eq!((batch.active(), batch.evaluations()), (active, evaluations), "what is known stays known");
    assert!(batch.best().value.is_finite());
    let ended = batch.drain_finished();
    assert_eq!(ended.len(), 2_000 - active);
    for lane in &ended {
        assert_eq!(Bits::of(lane), undisturbed[lane.lane]);
    }
    assert!(matches!(batch.clone().step(), Err(Error::Device(DeviceError::Lost { .. }))), "a branch of it is lost too");
}

#[test]
fn work_that_takes_too_long_is_an_error() {
    let hasty = limited(&gpu(), 128 << 20, Duration::from_nanos(1));
    let mut batch = minimizer().start(&hasty, &rosenbrock(10), &starts_in(10, -2.0, 2.0, 4_000, 8)).unwrap();
    let error = batch.run().unwrap_err();
    assert!(matches!(error, Error::Device(DeviceError::TimedOut { .. })), "{error:?}");
}
