//! The vignette of mize on its stateful optimizer, number by number: the example `stateful` prints what is checked here.
//!
//! Every number was seen with mize 0.2.5.9000 and 0.2.5: Rosenbrock's function from (-1.2, 1) by BFGS and the search of Moré and
//! Thuente. `tests/data/mize` has the trace, which does not depend on rounding as far as is looked at here: see `mize_traces.rs`.

use manymin::prelude::*;

use crate::devices::{rosenbrock, starts_at};
use crate::mize_traces::as_mize;

/// That a number prints so, to so many significant digits: it differs by half a unit of the last at most.
#[track_caller]
fn assert_printed(ours: f64, printed: f64, digits: i32, what: &str) {
    let unit = 10_f64.powi(printed.abs().log10().floor() as i32 + 1 - digits);
    assert!((ours - printed).abs() <= 0.5 * unit, "{what}: {ours} is not {printed} to {digits} digits");
}

/// The optimizer of the vignette, started on its problem, with as many iterations as it may do.
fn started(iterations: u32) -> Batch {
    let minimizer = as_mize("bfgs").max_iterations(iterations);
    minimizer.start(&Device::cpu(Precision::F64), &rosenbrock(2), &starts_at(&[&[-1.2, 1.0]])).unwrap()
}

#[test]
fn batches_of_ten_iterations_come_to_the_values_of_the_vignette() {
    let mut batch = started(100);
    for printed in [2.604, 0.5568, 0.005003] {
        for _ in 0..10 {
            batch.step().unwrap();
        }
        assert_printed(batch.summary(0).unwrap().value, printed, 4, "f");
    }
}

#[test]
fn thirty_steps_end_where_those_of_the_vignette_do() {
    let mut batch = started(100);
    for _ in 0..30 {
        batch.step().unwrap();
    }
    let best = batch.lane(0).unwrap();
    assert_printed(best.point[0], 0.9294066, 7, "x[0]");
    assert_printed(best.point[1], 0.8642370, 7, "x[1]");
    assert_printed(best.value, 0.005002828, 7, "f");
}

#[test]
fn the_first_step_is_that_of_the_vignette() {
    let mut batch = started(100);
    batch.step().unwrap();
    let first = batch.summary(0).unwrap();
    assert_eq!((first.iteration, first.evaluations), (1, 3));
    assert_printed(first.value, 19.49933, 7, "f");
    assert_printed(first.step, 0.02168573, 7, "step");
    assert_printed(first.alpha, 9.31247e-05, 6, "alpha");
}

#[test]
fn ten_steps_are_those_of_the_log() {
    // f, nf = ng, step.
    let log = [
        (19.5, 3, 0.02169),
        (11.57, 4, 0.04729),
        (4.281, 5, 0.09808),
        (4.144, 6, 0.01427),
        (4.14, 7, 0.002249),
        (4.136, 8, 0.002942),
        (4.128, 9, 0.00557),
        (4.114, 10, 0.01061),
        (4.086, 11, 0.02048),
        (2.604, 14, 0.8382),
    ];
    let mut batch = started(100);
    for (k, (value, evaluations, step)) in log.into_iter().enumerate() {
        batch.step().unwrap();
        let summary = batch.summary(0).unwrap();
        assert_eq!((summary.iteration as usize, summary.evaluations), (k + 1, evaluations));
        assert_printed(summary.value, value, 4, "f");
        assert_printed(summary.step, step, 4, "step");
    }
}

#[test]
fn a_limit_of_thirty_iterations_is_heeded_and_can_be_raised() {
    let mut batch = started(30);
    batch.run().unwrap();
    let thirty = batch.lane(0).unwrap();
    assert_eq!((thirty.status, thirty.iterations), (Status::IterationLimit, 30));
    assert_printed(thirty.value, 0.005002828, 7, "f");

    let limits = Limits { iterations: 100, ..Limits::default() };
    assert_eq!(batch.resume(limits).unwrap(), 1);
    batch.run().unwrap();
    let mut whole = started(100);
    whole.run().unwrap();
    assert_eq!(batch.lane(0).unwrap(), whole.lane(0).unwrap());
    let end = batch.lane(0).unwrap();
    assert!(end.status.is_success(), "{}", end.status);
    // mize prints 1 1 and 0; by then f is the square of what is left of the gradient, 1e-8 at most.
    end.point.iter().for_each(|&x| assert_printed(x, 1.0, 7, "x"));
    assert!(end.value < 1e-15);
}
