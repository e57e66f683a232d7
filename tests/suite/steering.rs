//! A run that is changed while it is under way: stopped, paused, resumed, moved, told another objective.

mod changes;
mod faces;
mod lanes;
mod misuse;
mod objectives;
mod resume;

use manymin::prelude::*;
use nalgebra::DMatrix;

use crate::devices::{Bits, assert_same, devices, starts_in};
use crate::methods::methods;

/// Every method on each device that runs it, with a name of the two, for problems whose curvature is a few hundred at most.
fn ways() -> Vec<(String, Method, Device)> {
    let quasi_newton: [(&str, Method); 2] = [("L-BFGS", Lbfgs { memory: 4 }.into()), ("BFGS", Bfgs::default().into())];
    let everywhere = quasi_newton.into_iter().chain(methods()).map(|(name, method)| (name, method, devices()));
    let cpu = vec![Device::cpu(Precision::F32), Device::cpu(Precision::F64)];
    let on_cpu = ("Levenberg-Marquardt", LevenbergMarquardt::default().into(), cpu);
    let on_each = |(name, method, devices): (&'static str, Method, Vec<Device>)| {
        devices.into_iter().map(move |device| (format!("{name} on {device}"), method, device))
    };
    everywhere.chain([on_cpu]).flat_map(on_each).collect()
}

/// Sums of squares whose lanes differ in length, end in several ways and have parameters; from more starts than a block holds.
fn sweep(lanes: usize) -> (Problem, Starts) {
    let problem = Problem::builder(4)
        .parameters(2)
        .build(|x, c| x.sum(0..3, |i| (c.parameter(0) * (x.at(i + 1) - x.at(i) * x.at(i))).powi(2) + (c.parameter(1) - x.at(i)).powi(2)))
        .unwrap();
    let parameters =
        DMatrix::from_fn(2, lanes, |k, lane| if k == 0 { 1.0 + (lane % 19) as f64 / 2.0 } else { 1.0 + (lane % 5) as f64 / 8.0 });
    (problem, starts_in(4, -2.0, 2.0, lanes, 21).with_parameters(parameters))
}

/// All lanes as they stand.
fn now(batch: &Batch) -> Vec<Bits> {
    Bits::all(&batch.clone().finish().unwrap())
}

/// All lanes, when the run has come to its end.
fn ends(mut batch: Batch) -> Vec<Bits> {
    batch.run().unwrap();
    Bits::all(&batch.finish().unwrap())
}

/// What lanes come to in a run that nothing is done to, and the same run at its beginning.
fn whole_and_begun(minimizer: &Minimizer<'_>, device: &Device, problem: &Problem, starts: &Starts) -> (Vec<Bits>, Batch) {
    let start = || minimizer.start(device, problem, starts).unwrap();
    (ends(start()), start())
}

/// Asserts that all lanes but `changed` are the same.
fn assert_others_same(left: &[Bits], right: &[Bits], changed: &[usize], what: &str) {
    let others = |all: &[Bits]| -> Vec<Bits> {
        all.iter().enumerate().filter(|(lane, _)| !changed.contains(lane)).map(|(_, bits)| bits.clone()).collect()
    };
    assert_same(&others(left), &others(right), what);
}
