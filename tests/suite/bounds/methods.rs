//! Boxes around every method and every line search: what is true of L-BFGS is true of them.

use manymin::prelude::*;
use nalgebra::DMatrix;

use crate::devices::{devices, epsilon};

/// Ways to walk, each with what it may take and the gradient it comes down to in f32 and f64.
fn walks() -> Vec<(&'static str, Minimizer<'static>)> {
    let exact = MoreThuente { approximate_armijo: true, ..MoreThuente::default() };
    vec![
        ("L-BFGS", Minimizer::new(Lbfgs::default())),
        ("L-BFGS, More-Thuente", Minimizer::new(Lbfgs::default()).line_search(exact)),
        ("L-BFGS, backtracking", Minimizer::new(Lbfgs::default()).line_search(Backtracking::default())),
        ("BFGS", Minimizer::new(Bfgs::default())),
        ("BFGS, More-Thuente", Minimizer::new(Bfgs::default()).line_search(exact)),
        ("conjugate gradients", Minimizer::new(ConjugateGradient::default())),
        ("steepest descent", Minimizer::new(SteepestDescent)),
        ("momentum", Minimizer::new(Momentum { rate: 0.1, ..Momentum::default() })),
        ("Nesterov", Minimizer::new(Nesterov { rate: 0.05, ..Nesterov::default() })),
        ("delta-bar-delta", Minimizer::new(DeltaBarDelta::default())),
    ]
}

const N: usize = 6;
const LANES: usize = 64;

/// f = sum a_i (x_i - c_i)^2 / 2 + sum (x_{i+1} - x_i)^2, a convex quadratic function of condition 20 or so; c is (2, -2, 2, ...).
fn quadratic() -> Problem {
    let stiffness: Vec<f64> = (0..N).map(|i| 1.0 + 2.0 * i as f64).collect();
    let centre: Vec<f64> = (0..N).map(|i| if i % 2 == 0 { 2.0 } else { -2.0 }).collect();
    Problem::builder(N)
        .data("a", &stiffness)
        .data("c", &centre)
        .build(|x, c| {
            let (a, centre) = (c.data("a"), c.data("c"));
            x.sum(0..N, |i| 0.5 * a.at(i) * (x.at(i) - centre.at(i)).powi(2)) + x.sum(0..N - 1, |i| (x.at(i + 1) - x.at(i)).powi(2))
        })
        .unwrap()
}

/// The largest component of P(x - g) - x that is asked for, and what f32 leaves of it.
const GRADIENT: f64 = 1e-3;
/// What more there may be to gain in f64 where a lane has ended at the floor of its precision: in roundings of all that enters f.
const ROUNDINGS: f64 = 100.0;

#[test]
fn every_way_to_walk_finds_the_minimum_in_its_box_and_never_leaves_it() {
    let mut faults = Vec::new();
    for device in devices() {
        // Boxes of different sides, on different sides of the minimum; every eighth component is fixed.
        let side = |sign: f64| {
            DMatrix::from_fn(N, LANES, |i, lane| {
                let (middle, half) = ((lane * 7 + i * 3) as f64, if (lane + i) % 8 == 0 { 0.0 } else { 0.5 });
                middle.sin() + sign * half
            })
        };
        let (lower, upper) = (side(-1.0), side(1.0));
        let points = DMatrix::from_fn(N, LANES, |i, lane| ((lane * 5 + i * 11) as f64).cos() * 3.0);
        let starts = Starts::from_matrix(points).with_bounds(lower.clone(), upper.clone());
        for (name, minimizer) in walks() {
            let minimizer = minimizer
                .tolerances(Tolerances { gradient_max: GRADIENT, ..Tolerances::default() })
                .limits(Limits { iterations: 2_000, evaluations: 4_000 });
            let mut batch = minimizer.start(&device, &quadratic(), &starts).unwrap();
            let inside = |x: f64, i: usize, lane: usize| {
                // A fixed component is the nearest number of its precision.
                let (low, high) = (lower[(i, lane)], upper[(i, lane)]);
                let near = |bound: f64| if device.precision() == Precision::F32 { f64::from(bound as f32) } else { bound };
                if low == high { x == near(low) } else { low <= x && x <= high }
            };
            for _ in 0..20 {
                batch.step().unwrap();
                let points = batch.points().unwrap();
                let out = (0..LANES).flat_map(|lane| (0..N).map(move |i| (i, lane))).find(|&(i, lane)| !inside(points[(i, lane)], i, lane));
                assert_eq!(out, None, "{device}, {name}: out of the box");
            }
            batch.run().unwrap();
            let outcome = batch.finish().unwrap();
            let failed = outcome.statuses().iter().filter(|status| !status.is_success()).count();
            println!(
                "{device}, {name}: {:?}, {:.1} evaluations a lane",
                outcome.status_counts(),
                outcome.evaluations() as f64 / LANES as f64
            );
            let polished = outcome.polish(&(0..LANES).collect::<Vec<_>>()).unwrap();
            let mut worst: f64 = 0.0;
            for lane in outcome.iter().filter(|lane| lane.status.is_success()) {
                let at = outcome.certify(lane.lane).unwrap();
                let rounding = epsilon(&device) * (at.scale + lane.point.iter().zip(&at.gradient).map(|(x, g)| (x * g).abs()).sum::<f64>());
                if lane.status == Status::PrecisionFloor && at.value - polished[lane.lane].value <= ROUNDINGS * rounding {
                    continue;
                }
                let gradient = at.gradient;
                for (i, (x, g)) in lane.point.iter().zip(&gradient).enumerate() {
                    let at = |bound: f64| if device.precision() == Precision::F32 { f64::from(bound as f32) } else { bound };
                    let (low, high) = (at(lower[(i, lane.lane)]), at(upper[(i, lane.lane)]));
                    worst = worst.max(((x - g).max(low).min(high) - x).abs());
                }
            }
            if failed > 0 || worst > 2.0 * GRADIENT {
                faults.push(format!("{device}, {name}: projected gradient {worst:e}, {:?}", outcome.status_counts()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
