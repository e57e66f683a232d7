//! Iterations as the R package mize makes them: values and counts of evaluations, step by step.
//!
//! `tests/data/mize` has traces of mize 0.2.5.9000 (J. Melville, <https://github.com/jlmelville/mize>), run with
//! `ginf_tol = 1e-8` and its defaults else: L-BFGS with 5 and 10 pairs and BFGS, by the search of Moré and Thuente. Two programs agree
//! until rounding parts them; `stable_prefix.csv` tells until which iteration each trace does not depend on it.

use std::path::Path;

use manymin::prelude::*;

use crate::devices::{rosenbrock, starts_at};

/// A problem of the traces, with its start.
pub(crate) struct Traced {
    name: &'static str,
    problem: Problem,
    start: Vec<f64>,
    /// What mize needs with 5 pairs, with 10, and with BFGS: iterations and evaluations.
    totals: [(u32, u32); 3],
}

/// Moré, Garbow and Hillstrom, ACM Trans. Math. Softw. 7 (1981) 17-41.
pub(crate) fn problems() -> Vec<Traced> {
    let extended =
        Problem::new(10, |x| x.sum(0..5, |i| 100.0 * (x.at(2 * i + 1) - x.at(2 * i).powi(2)).powi(2) + (1.0 - x.at(2 * i)).powi(2)));
    let powell = Problem::new(4, |x| {
        (x[0] + 10.0 * x[1]).powi(2) + 5.0 * (x[2] - x[3]).powi(2) + (x[1] - 2.0 * x[2]).powi(4) + 10.0 * (x[0] - x[3]).powi(4)
    });
    let beale = Problem::new(2, |x| {
        let term = |constant: f64, power: i32| (constant - x[0] * (1.0 - x[1].powi(power))).powi(2);
        term(1.5, 1) + term(2.25, 2) + term(2.625, 3)
    });
    let helical = Problem::new(3, |x| {
        let turn = (x[1] / x[0]).atan() / std::f64::consts::TAU;
        let theta = x[0].less(0.0).select(turn + 0.5, turn);
        100.0 * ((x[2] - 10.0 * theta).powi(2) + ((x[0].powi(2) + x[1].powi(2)).sqrt() - 1.0).powi(2)) + x[2].powi(2)
    });
    let traced = |name, problem: manymin::Result<Problem>, start: &[f64], totals| Traced {
        name,
        problem: problem.unwrap(),
        start: start.to_vec(),
        totals,
    };
    vec![
        traced("rosenbrock", Ok(rosenbrock(2)), &[-1.2, 1.0], [(41, 54), (38, 52), (39, 49)]),
        traced("ext_rosenbrock10", extended, &[-1.2, 1.0].repeat(5), [(39, 56), (38, 55), (41, 55)]),
        traced("powell_singular", powell, &[3.0, -1.0, 0.0, 1.0], [(113, 137), (58, 67), (77, 82)]),
        traced("wood", Ok(wood()), &[-3.0, -1.0, -3.0, -1.0], [(109, 131), (96, 126), (115, 136)]),
        traced("beale", beale, &[1.0, 1.0], [(17, 19), (17, 19), (20, 22)]),
        traced("helical", helical, &[-1.0, 0.0, 0.0], [(31, 43), (32, 41), (33, 41)]),
    ]
}

/// Wood's function; its minimum is 0 at (1, 1, 1, 1).
pub(crate) fn wood() -> Problem {
    Problem::new(4, |x| {
        100.0 * (x[1] - x[0].powi(2)).powi(2)
            + (1.0 - x[0]).powi(2)
            + 90.0 * (x[3] - x[2].powi(2)).powi(2)
            + (1.0 - x[2]).powi(2)
            + 10.1 * ((x[1] - 1.0).powi(2) + (x[3] - 1.0).powi(2))
            + 19.8 * (x[1] - 1.0) * (x[3] - 1.0)
    })
    .unwrap()
}

/// The methods of the traces, in the order of `Traced::totals`.
const METHODS: [&str; 3] = ["lbfgs_m5", "lbfgs_m10", "bfgs"];

/// As mize would have it: see the documentation of `MoreThuente`.
pub(crate) fn as_mize(method: &str) -> Minimizer<'static> {
    let minimizer = match method {
        "lbfgs_m5" => Minimizer::new(Lbfgs { memory: 5 }),
        "lbfgs_m10" => Minimizer::new(Lbfgs { memory: 10 }),
        _ => Minimizer::new(Bfgs::default()),
    };
    minimizer
        .line_search(MoreThuente::default())
        .initial_step(InitialStep { first: FirstStep::Rasmussen, next: NextStep::Quadratic })
        .pairs(Pairs { cosine: 1e-8 / f64::EPSILON, noise: 0.0, offset: f64::EPSILON, values: false })
        .tolerances(Tolerances { gradient_max: 1e-8, ..Tolerances::default() })
}

/// The numbers of a file of `tests/data/mize` under its header; the first `words` columns of a row are skipped.
fn read(name: &str, words: usize) -> Vec<(String, Vec<f64>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mize").join(format!("{name}.csv"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_string(), cells[words..].iter().map(|cell| cell.parse().unwrap_or(f64::NAN)).collect())
    };
    text.lines().skip(1).map(row).collect()
}

/// (evaluations, value) after each iteration.
fn iterations(traced: &Traced, method: &str) -> Vec<(u32, f64)> {
    let mut batch = as_mize(method).start(&Device::cpu(Precision::F64), &traced.problem, &starts_at(&[&traced.start])).unwrap();
    let mut rows = vec![(1, traced.problem.evaluate(&traced.start, &[]).unwrap().value)];
    while batch.active() > 0 {
        batch.step().unwrap();
        let summary = batch.summaries().unwrap()[0];
        if summary.iteration as usize == rows.len() {
            rows.push((summary.evaluations, summary.value));
        }
    }
    rows
}

#[test]
fn iterations_are_those_of_mize_as_far_as_rounding_lets_them() {
    let prefixes = read("stable_prefix", 1);
    let mut faults = Vec::new();
    let mut compared = 0;
    for traced in problems() {
        for method in METHODS {
            let name = format!("{}__{method}", traced.name);
            let Some((_, limits)) = prefixes.iter().find(|(trace, _)| *trace == name) else { continue };
            let theirs = read(&name, 0);
            let ours = iterations(&traced, method);
            // The last iteration up to which counts and values agree.
            let agree = |tolerance: f64| {
                let pairs = ours.iter().zip(&theirs).skip(1);
                let same = pairs.take_while(|((evaluations, value), (_, row))| {
                    f64::from(*evaluations) == row[1] && (value - row[3]).abs() <= tolerance * row[3].abs()
                });
                same.count() as f64
            };
            let (fine, coarse) = (agree(1e-9), agree(1e-6));
            println!("{name:27}: 1e-9 to iteration {fine} of {}, 1e-6 to {coarse} of {}", limits[1], limits[2]);
            if fine < limits[1] || coarse < limits[2] {
                faults.push(name);
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 9, "traces");
    assert!(faults.is_empty(), "{faults:?}");
}

/// How far totals may be from mize's, as a part of them: after the stable prefix rounding decides.
const TOTALS: f64 = 0.25;

#[test]
fn whole_runs_take_about_as_much_as_those_of_mize() {
    let mut faults = Vec::new();
    for traced in problems() {
        for (method, (iterations, evaluations)) in METHODS.into_iter().zip(traced.totals) {
            let outcome = as_mize(method).minimize(&Device::cpu(Precision::F64), &traced.problem, &starts_at(&[&traced.start])).unwrap();
            let lane = outcome.lane(0);
            println!(
                "{:16} {method:9}: {:3}/{:3}, mize {iterations:3}/{evaluations:3}, {}, f = {:.2e}, {} pairs refused",
                traced.name, lane.iterations, lane.evaluations, lane.status, lane.value, lane.refused_pairs
            );
            let near = |ours: u32, theirs: u32| (f64::from(ours) - f64::from(theirs)).abs() <= (TOTALS * f64::from(theirs)).max(3.0);
            if lane.status != Status::Converged(Test::Gradient)
                || !near(lane.iterations, iterations)
                || !near(lane.evaluations, evaluations)
            {
                faults.push(format!("{} {method}", traced.name));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:?}");
}
