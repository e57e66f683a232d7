//! 200 boxes around the minima of ten problems, against SciPy's L-BFGS-B: see tests/data/bounds.py.

use manymin::Evaluation;
use manymin::prelude::*;
use nalgebra::DMatrix;

use super::problems::named;
use crate::devices::{gpu, minimizer};

/// A line of tests/data/bounds.csv.
struct Case {
    name: String,
    n: usize,
    on_bound: usize,
    minimum: f64,
    lower: Vec<f64>,
    upper: Vec<f64>,
    start: Vec<f64>,
}

fn cases() -> Vec<Case> {
    let read = |line: &str| {
        let mut fields = line.split(',');
        let mut word = || fields.next().unwrap_or_else(|| panic!("a field is missing: {line}")).to_string();
        let (name, n) = (word(), word().parse().unwrap());
        let (on_bound, minimum) = (word().parse().unwrap(), word().parse().unwrap());
        let mut numbers = || (0..n).map(|_| word().parse().unwrap()).collect();
        Case { name, n, on_bound, minimum, lower: numbers(), upper: numbers(), start: numbers() }
    };
    include_str!("../../data/bounds.csv").lines().filter(|line| !line.starts_with('#')).map(read).collect()
}

/// Where x1 >= 0.09 Rosenbrock's function has a minimum at x0 = -0.28 beside that at 1, and which is met is a matter of the first
/// step: so many lanes may end at the other one. All other problems are convex.
const ELSEWHERE: usize = 1;
/// The largest component of `P(x - g) - x` there, in f64 at a point of f32: of 1e-7 at slopes of 1e3.
const STATIONARY: f64 = 1e-3;

/// Whether x is a minimum in its box, or at least meets its conditions of first order.
fn is_stationary(case: &Case, x: &[f64], at: &Evaluation) -> bool {
    let sides = case.lower.iter().zip(&case.upper);
    let moved = |((x, g), (low, high)): ((&f64, &f64), (&f64, &f64))| ((x - g).max(*low).min(*high) - x).abs();
    x.iter().zip(&at.gradient).zip(sides).map(moved).all(|by| by <= STATIONARY)
}

/// The problems of the file from the `first` on, `step` apart.
fn check(device: &Device, first: usize, step: usize) {
    let cases = cases();
    assert_eq!((cases.len(), cases.iter().filter(|case| case.on_bound > 0).count()), (200, 187), "most touch their box");
    // In f32 the best that rounding allows, with a margin of hundreds of roundings.
    let (tolerance, within) = if device.precision() == Precision::F64 { (1e-8, 1e-6) } else { (1e-5, 1e-4) };
    for group in cases.chunk_by(|a, b| a.name == b.name).skip(first).step_by(step) {
        let (n, lanes) = (group[0].n, group.len());
        let matrix = |of: fn(&Case) -> &[f64]| DMatrix::from_iterator(n, lanes, group.iter().flat_map(|case| of(case).iter().copied()));
        let starts = Starts::from_matrix(matrix(|case| &case.start)).with_bounds(matrix(|case| &case.lower), matrix(|case| &case.upper));
        let outcome = minimizer()
            .tolerances(Tolerances { gradient_max: tolerance, ..Tolerances::default() })
            .minimize(device, &named(&group[0].name, n), &starts)
            .unwrap();
        let mut elsewhere = 0;
        for (lane, case) in outcome.iter().zip(group) {
            let what = format!("{device}, {} in box {}", case.name, lane.lane);
            assert!(lane.status.is_success(), "{what}: {lane:?}");
            let error = (lane.value - case.minimum).abs() / (case.minimum.abs() + 1e-6);
            if case.name.starts_with("rosenbrock")
                && error >= within
                && is_stationary(case, &lane.point, &outcome.certify(lane.lane).unwrap())
            {
                elsewhere += 1;
            } else {
                assert!(error < within, "{what}: {} and not {}: {error:e}", lane.value, case.minimum);
            }
        }
        assert!(elsewhere <= ELSEWHERE, "{device}, {}: {elsewhere} at other minima", group[0].name);
    }
}

#[test]
fn minima_in_boxes_are_those_of_l_bfgs_b() {
    for device in [Device::cpu(Precision::F32), Device::cpu(Precision::F64)] {
        check(&device, 0, 1);
    }
}

/// Apart, and in two halves, since software drivers compile each problem for seconds.
#[test]
fn minima_in_boxes_are_those_of_l_bfgs_b_on_a_gpu() {
    check(&gpu(), 0, 2);
}

#[test]
fn minima_in_boxes_are_those_of_l_bfgs_b_on_a_gpu_the_other_half() {
    check(&gpu(), 1, 2);
}
