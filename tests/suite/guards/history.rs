//! The L-BFGS direction against a recursion of its own, in f64.

use manymin::prelude::*;
use nalgebra::{DMatrix, DVector};

use crate::devices::{minimizer, rosenbrock, single, starts_at};

/// How far a step may be from alpha d, relative to its length: the recursion's 4 m n operations, twenty for good measure,
/// each rounded, and enlarged by the cube of |s||y| / s.y of the pair nearest to orthogonal: once by what cancels in s.y, and
/// twice by what V and V' multiply by.
fn agreement(pairs: &[(DVector<f64>, DVector<f64>)]) -> f64 {
    let skew = |(s, y): &(DVector<f64>, DVector<f64>)| s.norm() * y.norm() / s.dot(y);
    let worst = pairs.iter().map(skew).fold(1.0, f64::max);
    let operations = pairs.iter().map(|(s, _)| 4 * s.len()).sum::<usize>() + 20;
    LEAST_AGREEMENT + operations as f64 * f64::EPSILON * worst.powi(3)
}
/// What the difference x_t - x leaves of a step's digits, at its shortest.
const LEAST_AGREEMENT: f64 = 1e-9;
/// Steps that can't be told from others to three digits are not compared.
const MOST_AGREEMENT: f64 = 1e-3;
/// x_t is rounded, and the step is its difference from x: steps shorter than this part of |x| have less than ten digits,
/// and their pairs are rounding.
const SHORTEST: f64 = 1e-6;

/// A refused pair at the end of a step longer than this, as a multiple of its direction, shows that the pairs before it are
/// of another scale: they are forgotten, and gamma grows by the step.
const MISLED: f64 = 64.0;

/// H = V' H V + rho s s' for each pair, oldest first, from gamma I: the inverse Hessian that L-BFGS stands for, dense.
fn direction(pairs: &[(DVector<f64>, DVector<f64>)], gradient: &DVector<f64>) -> DVector<f64> {
    let n = gradient.len();
    let (s, y) = pairs.last().expect("a pair");
    let mut h = DMatrix::identity(n, n) * (s.dot(y) / y.dot(y));
    for (s, y) in pairs {
        let rho = 1.0 / s.dot(y);
        let v = DMatrix::identity(n, n) - rho * y * s.transpose();
        h = v.transpose() * h * v + rho * s * s.transpose();
    }
    -h * gradient
}

/// What following a lane step by step has shown.
struct Followed {
    /// Steps that were compared with the recursion, and those of them after the memory was full.
    compared: usize,
    wrapped: usize,
    /// Pairs of negative curvature, skipped.
    skipped: usize,
    /// Times that all pairs were forgotten, a refused one having shown another scale.
    forgotten: usize,
    refused: u32,
}

/// Steps one lane in f64 and compares each step with alpha times the direction of the last `memory` pairs of positive
/// curvature.
fn follow(problem: &Problem, start: &[f64], memory: usize) -> Followed {
    // Of pairs as slopes alone give them.
    let minimizer = Minimizer::new(Lbfgs { memory }).pairs(Pairs { values: false, ..Pairs::default() });
    let mut batch = minimizer.start(&Device::cpu(Precision::F64), problem, &starts_at(&[start])).unwrap();
    let gradient = |x: &DVector<f64>| DVector::from_vec(problem.evaluate(x.as_slice(), &[]).unwrap().gradient);
    let mut x = DVector::from_row_slice(start);
    let mut g = gradient(&x);
    let mut pairs: Vec<(DVector<f64>, DVector<f64>)> = Vec::new();
    let mut gamma = 1.0 / g.norm();
    let mut seen = Followed { compared: 0, wrapped: 0, skipped: 0, forgotten: 0, refused: 0 };
    let mut steps = 0;
    while batch.active() > 0 {
        batch.step().unwrap();
        let summary = batch.summaries().unwrap()[0];
        let lane = batch.clone().finish().unwrap().lane(0);
        if lane.resets > 0 || lane.iterations == steps {
            // A search failed: the lane starts again along the gradient, or has ended.
            break;
        }
        steps = lane.iterations;
        let to = DVector::from_vec(lane.last_point);
        let step = &to - &x;
        let length = step.norm();
        if length < SHORTEST * x.norm() {
            break;
        }
        assert!((summary.step - length).abs() <= LEAST_AGREEMENT * length, "the length of step {}", summary.iteration);
        let recent = &pairs[pairs.len().saturating_sub(memory)..];
        let expected = if recent.is_empty() { -gamma * &g } else { direction(recent, &g) };
        let off = (&step - summary.alpha * &expected).norm();
        let agreement = agreement(recent);
        let compared = agreement <= MOST_AGREEMENT;
        assert!(
            !compared || off <= agreement * length,
            "step {} is {:e} from alpha d with {} pairs",
            summary.iteration,
            off / length,
            recent.len()
        );
        seen.compared += usize::from(compared);
        seen.wrapped += usize::from(compared && pairs.len() > memory);
        let g_t = gradient(&to);
        let y = &g_t - &g;
        if step.dot(&y) > 0.0 {
            gamma = step.dot(&y) / y.dot(&y);
            pairs.push((step, y));
        } else {
            seen.skipped += 1;
            if summary.alpha > MISLED {
                gamma *= summary.alpha;
                pairs.clear();
                seen.forgotten += 1;
            }
        }
        seen.refused = lane.refused_pairs;
        (x, g) = (to, g_t);
    }
    seen
}

#[test]
fn directions_are_those_of_the_last_pairs_before_and_after_the_memory_is_full() {
    let start: Vec<f64> = (0..8).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 }).collect();
    for memory in [1, 2, 3, 5, 8] {
        let seen = follow(&rosenbrock(8), &start, memory);
        assert_eq!((seen.skipped, seen.refused), (0, 0), "memory {memory}: every curvature is positive after the line search");
        assert!(seen.wrapped >= 10, "memory {memory}: {} of {} steps used a full memory", seen.wrapped, seen.compared);
    }
}

const RIDGE_STARTS: [[f64; 4]; 3] = [[1e-3, 2.0, -3.0, 1.0], [1e-4, 1.0, 2.0, -2.0], [1e-5, -2.0, 1.0, 5.0]];

/// A bowl of three curvatures that makes a history, beside a ridge from which x0 falls, faster and faster, until `end`
/// holds it: there the search ends where f curves down.
fn ridge(end: impl for<'g> Fn(Scalar<'g>) -> Scalar<'g>) -> Problem {
    Problem::new(4, |x| {
        let bowl = x[1] * x[1] + 3.0 * x[2] * x[2] + 10.0 * x[3] * x[3] + 0.1 * x[1] * x[2];
        bowl - 0.5 * x[0] * x[0] + end(x[0])
    })
    .unwrap()
}

#[test]
fn a_long_step_that_ends_in_negative_curvature_begins_the_history_anew() {
    // So far away that the longest step of a search still ends on the ridge.
    let valley = ridge(|x| 1e-20 * x.powi(4));
    for start in RIDGE_STARTS {
        let seen = follow(&valley, &start, 8);
        assert_eq!(seen.refused as usize, seen.skipped, "{start:?}: pairs of negative curvature are refused, and no others");
        assert!(seen.forgotten > 0, "{start:?}: {} steps", seen.compared);
    }
}

#[test]
fn a_lane_keeps_nothing_of_the_one_that_had_its_place() {
    // Places are taken again from lane to lane in a pool of one; each result must be that of the lane by itself.
    let problem = rosenbrock(3);
    for device in crate::devices::devices() {
        let starts = crate::devices::starts_in(3, -9.0, 9.0, 20, 5);
        let outcome = minimizer().pool(1).minimize(&device, &problem, &starts).unwrap();
        for lane in outcome.iter() {
            let alone = single(minimizer(), &device, &problem, &starts.point(lane.lane));
            assert_eq!(
                (alone.value.to_bits(), alone.evaluations),
                (lane.value.to_bits(), lane.evaluations),
                "{device}, lane {}",
                lane.lane
            );
        }
    }
}
