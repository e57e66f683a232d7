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

/// Every method, and the devices that run it, for problems whose curvature is a few hundred at most.
fn ways() -> Vec<(&'static str, Method, Vec<Device>)> {
    let quasi_newton: [(&str, Method); 2] = [("L-BFGS", Lbfgs { memory: 4 }.into()), ("BFGS", Bfgs::default().into())];
    let mut ways: Vec<_> = quasi_newton.into_iter().chain(methods()).map(|(name, method)| (name, method, devices())).collect();
    let cpu = vec![Device::cpu(Precision::F32), Device::cpu(Precision::F64)];
    ways.push(("Levenberg-Marquardt", LevenbergMarquardt::default().into(), cpu));
    ways
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

/// Asserts that all lanes but `changed` are the same.
fn assert_others_same(left: &[Bits], right: &[Bits], changed: &[usize], what: &str) {
    let others = |all: &[Bits]| -> Vec<Bits> {
        all.iter().enumerate().filter(|(lane, _)| !changed.contains(lane)).map(|(_, bits)| bits.clone()).collect()
    };
    assert_same(&others(left), &others(right), what);
}
