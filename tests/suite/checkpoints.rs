//! Batches in files: what comes back is what was saved, and nothing else is taken.

mod damaged;
mod files;
mod killed;
mod programs;
mod resumed;
mod schedules;

use manymin::prelude::*;
use nalgebra::DMatrix;

use crate::devices::{minimizer, starts_in};
use crate::invariance::sweep;

/// The batch as it comes back from its bytes.
fn again(batch: &mut Batch, device: &Device) -> Batch {
    Batch::from_bytes(&batch.to_bytes(), device).unwrap()
}

/// Exponential decay, fitted to made-up data: a sum of squares with data and a parameter.
fn decay() -> Problem {
    let t: Vec<f64> = (0..12).map(|i| 0.25 * f64::from(i)).collect();
    let y: Vec<f64> = t.iter().map(|t| 3.0 * (-1.3 * t).exp() + 0.01 * (7.0 * t).sin()).collect();
    let builder = Problem::builder(2).parameters(1).data("t", &t).data("y", &y);
    let build = builder.build(|x, c| {
        let (t, y) = (c.data("t"), c.data("y"));
        x.sum(0..t.len(), |i| (c.parameter(0) * x[0] * (-x[1] * t.at(i)).exp() - y.at(i)).powi(2))
    });
    build.unwrap()
}

/// Starts of [`decay`], each with a parameter of its own.
fn decays(lanes: usize) -> Starts {
    starts_in(2, 0.2, 4.0, lanes, 5).with_parameters(DMatrix::from_fn(1, lanes, |_, lane| 1.0 + (lane % 3) as f64))
}

/// Starts of the user's own making: lane k begins at a point of a spiral, with what else a source may give.
struct Spiral(usize);

impl Source for Spiral {
    fn lanes(&self) -> usize {
        self.0
    }

    fn dimension(&self) -> usize {
        2
    }

    fn parameters(&self) -> usize {
        1
    }

    fn tolerances(&self, lane: usize) -> Option<Tolerances> {
        (lane % 3 == 1).then(|| Tolerances { gradient_max: 1e-2, ..Tolerances::default() })
    }

    fn limits(&self, lane: usize) -> Option<Limits> {
        (lane % 4 == 1).then(|| Limits { iterations: 9, ..Limits::default() })
    }

    fn has_bounds(&self) -> bool {
        true
    }

    fn fill_bounds(&self, lane: usize, lower: &mut [f64], upper: &mut [f64]) {
        lower[0] = 0.1;
        upper[lane % 2] = 3.5;
    }

    fn fill(&self, lane: usize, point: &mut [f64], parameters: &mut [f64]) {
        let turn = lane as f64;
        point.copy_from_slice(&[1.5 + turn.cos(), 1.0 + turn.sin()]);
        parameters[0] = 1.0 + (lane % 3) as f64;
    }
}

/// Everything that a run can have besides its method: what it is, how, and from where.
fn kinds(lanes: usize) -> Vec<(&'static str, Minimizer<'static>, Problem, Starts)> {
    let (problem, starts) = sweep(lanes);
    let limited = || minimizer().max_evaluations(40);
    let inside = Bounds::new(&[-1.5, -1.0, f64::NEG_INFINITY, -3.0], &[0.5, 2.0, 1.5, f64::INFINITY]).unwrap();
    let sides = |low: f64, high: f64| [low, high].map(|side| DMatrix::from_fn(4, lanes, |i, lane| side + (lane % 3 + i) as f64 * 0.1));
    let ([low, high], [lower, upper]) = (sides(-1.0, 2.0), sides(-2.0, 1.25));
    let tolerances = (0..lanes).map(|lane| Tolerances { gradient_max: 0.1_f64.powi(1 + lane as i32 % 5), ..Tolerances::default() });
    let limits = (0..lanes).map(|lane| Limits { iterations: 5 + lane as u32 % 20, ..Limits::default() });
    let each = starts.clone().with_bounds(low, high).with_bounds(lower, upper).with_tolerances(tolerances.collect());
    let quadratic = InitialStep { first: FirstStep::Rasmussen, next: NextStep::Quadratic };
    let all_tolerances = Tolerances {
        gradient_relative: 1e-7,
        step_max: 1e-6,
        step_relative: 1e-7,
        value_change: 1e-9,
        value_relative: 1e-9,
        target: Some(0.01),
        floor_policy: manymin::FloorPolicy::Stop,
        ..Tolerances::default()
    };
    vec![
        ("plain", limited(), problem.clone(), starts.clone()),
        ("trail", limited().trail(6), problem.clone(), starts.clone()),
        ("curvature", limited().inverse_hessian_diagonals(), problem.clone(), starts.clone()),
        ("More-Thuente", limited().line_search(MoreThuente::default()).initial_step(quadratic), problem.clone(), starts.clone()),
        ("backtracking", limited().line_search(Backtracking::default()), problem.clone(), starts.clone()),
        ("BFGS", Minimizer::new(Bfgs::default()).max_evaluations(40).inverse_hessian_diagonals(), problem.clone(), starts.clone()),
        ("all tolerances", limited().tolerances(all_tolerances), problem.clone(), starts.clone()),
        ("bounds", limited().bounds(&inside), problem.clone(), starts.clone()),
        ("fixed", limited().fixed(&[false, true, false, false]), problem.clone(), starts),
        ("each its own", limited(), problem, each.with_limits(limits.collect())),
        ("data", limited(), decay(), decays(lanes)),
        ("a source", limited(), decay(), Starts::new(Spiral(lanes))),
    ]
}
