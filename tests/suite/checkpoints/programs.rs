//! Objectives that come back from files: every program of the suite, to the bit.

use manymin::prelude::*;

use super::again;
use crate::devices::{minimizer, starts_at};
use crate::{mgh, programs, random};

/// Random programs that are compared.
const RANDOM: u64 = 300;

/// The problem as it comes back from a file.
fn reloaded(problem: &Problem, point: &[f64], parameters: &[f64]) -> Problem {
    let parameters = nalgebra::DMatrix::from_column_slice(parameters.len(), 1, parameters);
    let device = Device::cpu(Precision::F64);
    let mut batch = minimizer().start(&device, problem, &starts_at(&[point]).with_parameters(parameters)).unwrap();
    again(&mut batch, &device).problem().clone()
}

/// Asserts that a problem is the same after it was in a file, at one of its points.
fn assert_comes_back(name: &str, problem: &Problem, point: &[f64], parameters: &[f64]) {
    let back = reloaded(problem, point, parameters);
    assert_eq!(problem.fingerprint(), back.fingerprint(), "{name}");
    assert_eq!(format!("{problem:?}"), format!("{back:?}"), "{name}");
    assert!(problem.wgsl() == back.wgsl(), "{name}: the shader is another");
    let bits = |of: Evaluation| -> Vec<u64> { [of.value, of.scale].into_iter().chain(of.gradient).map(f64::to_bits).collect() };
    let double = |problem: &Problem| bits(problem.evaluate(point, parameters).unwrap());
    let single = |problem: &Problem| bits(problem.evaluate_f32(point, parameters).unwrap());
    assert_eq!(double(problem), double(&back), "{name} in f64");
    assert_eq!(single(problem), single(&back), "{name} in f32");
    assert_eq!(problem.residual_count(), back.residual_count(), "{name}: as a sum of squares");
}

#[test]
fn every_program_comes_back_from_a_file() {
    for case in programs::all() {
        case.points.iter().for_each(|(point, parameters)| assert_comes_back(case.name, &case.problem, point, parameters));
    }
    for (of, problem) in mgh::instances() {
        assert_comes_back(&of.key, &problem, &of.start, &[]);
    }
}

#[test]
fn random_programs_come_back_from_files() {
    let compared = (1..2 * RANDOM).filter_map(|seed| Some((seed, random::prepared(seed)?))).take(RANDOM as usize);
    let count = compared.map(|(seed, of)| assert_comes_back(&format!("program {seed}"), &of.problem, &of.point, &of.parameters)).count();
    assert_eq!(count, RANDOM as usize);
}

#[test]
fn fingerprints_tell_problems_apart() {
    let print = |problem: manymin::Result<Problem>| problem.unwrap().fingerprint();
    let one = || Problem::builder(2).parameters(1).data("t", &[1.0, 2.0]);
    let build = |builder: manymin::problem::ProblemBuilder, factor: f64| {
        print(builder.build(|x, c| factor * x[0] * x[1] + c.parameter(0) + c.sum(0..2, |i| c.data("t").at(i))))
    };
    let same = build(one(), 2.0);
    assert_eq!(same, build(one(), 2.0), "traced twice");
    let others = [
        build(one(), 3.0),
        build(one().data("u", &[0.0]), 2.0),
        build(Problem::builder(2).parameters(1).data("t", &[1.0, 2.5]), 2.0),
        build(Problem::builder(2).parameters(2).data("t", &[1.0, 2.0]), 2.0),
        build(Problem::builder(3).parameters(1).data("t", &[1.0, 2.0]), 2.0),
    ];
    for (k, other) in others.iter().enumerate() {
        assert_ne!(same, *other, "{k}");
        assert!(others[..k].iter().all(|before| before != other), "{k}");
    }
}
