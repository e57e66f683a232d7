//! In single precision, from many starts around the standard one: what lanes say of how they ended is true in f64.

use manymin::prelude::*;
use nalgebra::DMatrix;

use super::instances;
use super::reference::Reference;
#[cfg(feature = "gpu")]
use crate::devices::gpu;
use crate::devices::{epsilon, rounded};

/// Starts an instance.
const LANES: usize = 1000;
/// Each component of a start is moved by up to this part of itself, of 1 where it is 0.
const PERTURBATION: f64 = 0.1;
const GRADIENT_MAX: f64 = 1e-5;
const MOST_EVALUATIONS: u32 = 2000;

/// What polishing may gain, in roundings of all that enters f.
const ROUNDINGS: f64 = 100.0;

/// The noise of a gradient is measured: the largest deviation of the gradient in f32 from that in f64 at so many points, each
/// component of which is within so many roundings of the point's.
const NEIGHBOURS: usize = 32;
const NEIGHBOURHOOD: f64 = 16.0;
/// A lane ends at the first of its many points where chance makes the gradient small: its deviation may be so many times that of
/// a few points around. A driver's functions round a little differently besides: where that may matter, it is asked itself.
const LUCK: f64 = 4.0;

/// Starts around the standard one. The random numbers are those of `Starts::uniform`.
fn starts_around(of: &Reference, lanes: usize) -> Starts {
    let unit = Starts::uniform(&Bounds::new(&vec![-1.0; of.n], &vec![1.0; of.n]).unwrap(), lanes, of.id);
    let size = |x: f64| if x == 0.0 { 1.0 } else { x.abs() };
    let points = (0..lanes).flat_map(|lane| {
        let moves = unit.point(lane);
        of.start.iter().zip(moves).map(|(&x, by)| x + PERTURBATION * by * size(x)).collect::<Vec<_>>()
    });
    Starts::from_matrix(DMatrix::from_iterator(of.n, lanes, points))
}

fn steepest(gradient: &[f64]) -> f64 {
    gradient.iter().fold(0.0, |most, g| if g.is_nan() { f64::INFINITY } else { most.max(g.abs()) })
}

/// The bound on the noise of the largest gradient component near `point` as `device` computes it in single precision.
fn gradient_noise(problem: &Problem, point: &[f64], device: &Device) -> f64 {
    let reach = |x: f64| NEIGHBOURHOOD * epsilon(device) * x.abs().max(epsilon(device));
    let (low, high): (Vec<f64>, Vec<f64>) = point.iter().map(|&x| (x - reach(x), x + reach(x))).unzip();
    let around = Starts::uniform(&Bounds::new(&low, &high).unwrap(), NEIGHBOURS, 1);
    let deviation = |k: usize| {
        let point: Vec<f64> = around.point(k).into_iter().map(|x| rounded(device, x)).collect();
        let (narrow, wide) = (problem.evaluate_on(device, &point, &[]).unwrap(), problem.evaluate(&point, &[]).unwrap());
        narrow.gradient.iter().zip(&wide.gradient).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()))
    };
    LUCK * (0..NEIGHBOURS).map(deviation).fold(0.0, f64::max)
}

/// The verdicts of lanes that f64 denies: of convergence, and of the floor.
fn denied(problem: &Problem, outcome: &Outcome) -> [Vec<String>; 2] {
    let (mut denied, mut denied_floors) = (Vec::new(), Vec::new());
    // Where the gradient is what it was found to be, nothing was promised about f.
    let mut doubtful = Vec::new();
    for lane in outcome.iter().filter(|lane| lane.status.is_success()) {
        let here = problem.evaluate(&lane.point, &[]).unwrap();
        let gradient = steepest(&here.gradient);
        if gradient <= GRADIENT_MAX {
            continue;
        }
        if lane.status == Status::Converged(Test::Gradient) {
            let mut noise = gradient_noise(problem, &lane.point, &Device::cpu(Precision::F32));
            if gradient > GRADIENT_MAX + noise && outcome.device().is_gpu() {
                noise = gradient_noise(problem, &lane.point, outcome.device());
            }
            if gradient > GRADIENT_MAX + noise {
                let last = steepest(&problem.evaluate(&lane.last_point, &[]).unwrap().gradient);
                denied.push(format!(
                    "lane {}, converged: gradient {gradient:e}, whose noise is {noise:e}; {last:e} at the last point, {:e} above",
                    lane.lane,
                    lane.last_value - lane.value
                ));
            }
        } else {
            doubtful.push((lane.lane, here, lane.point));
        }
    }
    let lanes: Vec<usize> = doubtful.iter().map(|lane| lane.0).collect();
    for (polished, (lane, here, point)) in outcome.polish(&lanes).unwrap().into_iter().zip(doubtful) {
        // What f changes by when its terms and the point are rounded once.
        let change = here.scale + point.iter().zip(&here.gradient).map(|(x, g)| (x * g).abs()).sum::<f64>();
        let (gain, rounding) = (here.value - polished.value, epsilon(outcome.device()) * change);
        if gain > ROUNDINGS * rounding {
            denied_floors.push(format!(
                "lane {lane}, at the floor: gradient {:e}, gain {gain:e} is {:.0} roundings",
                steepest(&here.gradient),
                gain / rounding
            ));
        }
    }
    [denied, denied_floors]
}

fn no_verdict_is_denied_on(device: &Device) {
    let mut faults = Vec::new();
    for (of, problem) in instances() {
        let outcome = Minimizer::new(Lbfgs { memory: 10 })
            .tolerances(Tolerances { gradient_max: GRADIENT_MAX, ..Tolerances::default() })
            .limits(Limits { iterations: MOST_EVALUATIONS, evaluations: MOST_EVALUATIONS })
            .minimize(device, &problem, &starts_around(&of, LANES))
            .unwrap();
        let share = |which: &dyn Fn(Status) -> bool| {
            100.0 * outcome.statuses().iter().filter(|status| which(**status)).count() as f64 / LANES as f64
        };
        let [denied, denied_floors] = denied(&problem, &outcome);
        println!(
            "{:18} | converged {:5.1} floor {:5.1} failed {:5.1} budget {:5.1} | {:6.1} evaluations | {} and {} denied",
            of.key,
            share(&|status| matches!(status, Status::Converged(_))),
            share(&|status| status == Status::PrecisionFloor),
            share(&Status::is_failure),
            share(&Status::is_budget),
            outcome.evaluations() as f64 / LANES as f64,
            denied.len(),
            denied_floors.len()
        );
        for denied in [denied, denied_floors] {
            if !denied.is_empty() {
                faults.push(format!("{}: {} of {LANES}: {:?}", of.key, denied.len(), &denied[..denied.len().min(3)]));
            }
        }
    }
    assert!(faults.is_empty(), "{device}: {faults:#?}");
}

#[test]
fn no_verdict_in_single_precision_is_denied() {
    no_verdict_is_denied_on(&Device::cpu(Precision::F32));
}

#[test]
#[cfg(feature = "gpu")]
fn no_verdict_of_a_gpu_is_denied() {
    no_verdict_is_denied_on(&gpu());
}
