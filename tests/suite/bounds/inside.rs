//! No evaluation outside the box, to the bit.

use manymin::prelude::*;

use super::is_inside;
use super::problems::Random;
use crate::devices::{devices, minimizer, rounded};

const N: usize = 6;

/// A chain whose value falls far at any point outside the box that its data have, so that no line search would let it go: what
/// was evaluated there is the lane's best. The slope along x leads lanes to the sides.
fn trap(lower: &[f64], upper: &[f64]) -> Problem {
    Problem::builder(N)
        .data("lower", lower)
        .data("upper", upper)
        .build(|x, c| {
            let (lower, upper) = (c.data("lower"), c.data("upper"));
            let chain = x.sum(0..N - 1, |i| 10.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2)) + x.sum(0..N, |i| 3.0 * x.at(i));
            chain
                + x.sum(0..N, |i| {
                    let below = select(x.at(i).less(lower.at(i)), 0.0 * x.at(i) - 1e30, 0.0 * x.at(i));
                    below + select(upper.at(i).less(x.at(i)), 0.0 * x.at(i) - 1e30, 0.0 * x.at(i))
                })
        })
        .unwrap()
}

#[test]
fn nothing_is_evaluated_outside_and_no_step_ends_there() {
    let mut random = Random(11);
    for device in devices() {
        for round in 0..6 {
            // Bounds that both precisions have.
            let mut end = |low, high| f64::from(random.between(low, high) as f32);
            let lower: Vec<f64> = (0..N).map(|_| end(-2.0, 0.5)).collect();
            let mut upper: Vec<f64> = lower.iter().map(|&low| f64::from((low + end(0.0, 1.5)) as f32)).collect();
            upper[round] = lower[round];
            let bounds = Bounds::new(&lower, &upper).unwrap();
            let starts = Starts::uniform(&Bounds::new(&[-3.0; N], &[3.0; N]).unwrap(), 200, round as u64);
            let mut batch = minimizer().bounds(&bounds).start(&device, &trap(&lower, &upper), &starts).unwrap();
            while batch.active() > 0 {
                batch.step().unwrap();
                for point in batch.points().unwrap().column_iter() {
                    assert!(is_inside(point.as_slice(), &lower, &upper), "{device}: {point} of [{lower:?}, {upper:?}]");
                }
            }
            let outcome = batch.finish().unwrap();
            for lane in outcome.iter() {
                assert!(lane.value > -1e20, "{device}: a point outside was evaluated: {lane:?}");
                assert!(lane.status.is_success(), "{device}: {lane:?}");
                assert!(is_inside(&lane.last_point, &lower, &upper), "{device}: {lane:?}");
            }
            assert!(outcome.projected_starts() > 150, "{device}: most starts lie outside");
        }
    }
}

/// The logarithm's argument is 0 just below the bound: beyond it f and its gradient have no value, and lanes would say so.
#[test]
fn an_objective_that_ends_at_the_bound_is_not_seen_beyond() {
    let problem = Problem::new(2, |x| (x[0] - 0.25).sqrt() + (x[1] - 0.25).ln() + (x[0] - x[1]).powi(2)).unwrap();
    let low = 0.25 + f64::from(f32::EPSILON);
    let bounds = Bounds::new(&[low; 2], &[f64::INFINITY; 2]).unwrap();
    let starts = Starts::uniform(&Bounds::new(&[0.3; 2], &[5.0; 2]).unwrap(), 300, 6);
    for device in devices() {
        let outcome = minimizer().bounds(&bounds).minimize(&device, &problem, &starts).unwrap();
        for lane in outcome.iter() {
            assert!(lane.status.is_success(), "{device}: {lane:?}");
            assert_eq!(lane.point, [low, low], "{device}: {lane:?}");
        }
    }
}

#[test]
fn bounds_are_rounded_inwards_and_equal_ones_to_nearest() {
    // The first component falls to its lower bound, the second to its upper one, the third is fixed.
    let problem = Problem::new(3, |x| x[0] - x[1] + (x[0] + x[1] + x[2]).powi(2) * 1e-3).unwrap();
    let (low, high) = ([0.7, -1.0, 0.3], [1.0, 0.3, 0.3]);
    let starts = Starts::uniform(&Bounds::new(&[0.8, -0.5, 0.0], &[0.9, 0.0, 1.0]).unwrap(), 50, 8);
    for device in devices() {
        let outcome = minimizer().bounds(&Bounds::new(&low, &high).unwrap()).minimize(&device, &problem, &starts).unwrap();
        for lane in outcome.iter() {
            let x = &lane.point;
            assert!(x[0] >= 0.7 && x[1] <= 0.3, "{device}: {lane:?}");
            assert!(x[0] - 0.7 < 1e-7 && 0.3 - x[1] < 1e-7, "{device}: on the nearest number inside: {lane:?}");
            assert_eq!(x[2], rounded(&device, 0.3), "{device}: {lane:?}");
        }
        // In f64 the box is the one that was given.
        let polished = outcome.polish(&[0, 7]).unwrap();
        for lane in polished {
            assert_eq!(lane.point, [0.7, 0.3, 0.3], "{device}");
            assert!(lane.status.is_success(), "{device}: {lane:?}");
        }
        let certified = outcome.certify(0).unwrap().value;
        assert!((certified - problem.evaluate(&[0.7, 0.3, 0.3], &[]).unwrap().value).abs() < 1e-6, "{device}");
    }
}
