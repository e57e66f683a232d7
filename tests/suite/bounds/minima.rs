//! 200 boxes around the minima of ten problems, against SciPy's L-BFGS-B: see tests/data/bounds.py.

use manymin::prelude::*;
use nalgebra::DMatrix;

use super::problems::named;
use crate::devices::{devices, minimizer};

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

#[test]
fn minima_in_boxes_are_those_of_l_bfgs_b() {
    let cases = cases();
    assert_eq!((cases.len(), cases.iter().filter(|case| case.on_bound > 0).count()), (200, 187), "most touch their box");
    for device in devices() {
        // In f32 the best that rounding allows, with a margin of hundreds of roundings.
        let (tolerance, within) = if device.precision() == Precision::F64 { (1e-8, 1e-6) } else { (1e-5, 1e-4) };
        for group in cases.chunk_by(|a, b| a.name == b.name) {
            let (n, lanes) = (group[0].n, group.len());
            let matrix = |of: fn(&Case) -> &[f64]| DMatrix::from_iterator(n, lanes, group.iter().flat_map(|case| of(case).iter().copied()));
            let starts =
                Starts::from_matrix(matrix(|case| &case.start)).with_bounds(matrix(|case| &case.lower), matrix(|case| &case.upper));
            let outcome = minimizer()
                .tolerances(Tolerances { gradient_max: tolerance, ..Tolerances::default() })
                .minimize(&device, &named(&group[0].name, n), &starts)
                .unwrap();
            for (lane, case) in outcome.iter().zip(group) {
                let what = format!("{device}, {} in box {}", case.name, lane.lane);
                assert!(lane.status.is_success(), "{what}: {lane:?}");
                let error = (lane.value - case.minimum).abs() / (case.minimum.abs() + 1e-6);
                assert!(error < within, "{what}: {} and not {}: {error:e}", lane.value, case.minimum);
            }
        }
    }
}
