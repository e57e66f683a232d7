//! argmin's L-BFGS in f64, one lane after another on every thread of rayon's pool: what a Rust program does without
//! manymin.

use std::time::Instant;

use argmin::core::{CostFunction, Error, Executor, Gradient, IterState, KV, Problem, Solver, State, TerminationReason, TerminationStatus};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use manymin::Starts;
use rayon::prelude::*;

use crate::rosenbrock::{DIMENSION, gradient, max_norm, share_minimised, value};
use crate::{Contestant, ITERATIONS, MEMORY, Measurement, Result, TOLERANCE};

/// argmin, as this program sets it up.
pub(crate) struct Argmin;

/// argmin's state of one lane.
type Lane = IterState<Vec<f64>, Vec<f64>, (), (), (), f64>;

/// The objective as argmin takes it.
struct Rosenbrock;

impl CostFunction for Rosenbrock {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, point: &Vec<f64>) -> std::result::Result<f64, Error> {
        Ok(value(point))
    }
}

impl Gradient for Rosenbrock {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, point: &Vec<f64>) -> std::result::Result<Vec<f64>, Error> {
        Ok(gradient(point))
    }
}

/// A solver that also stops at the gradient's largest component, as the other contestants do. argmin's L-BFGS tests the
/// 2-norm, which is never smaller: by that test it would do more work than they.
#[derive(Clone)]
struct StopAtMaxNorm<S> {
    solver: S,
    tolerance: f64,
}

impl<O, S: Solver<O, Lane>> Solver<O, Lane> for StopAtMaxNorm<S> {
    fn name(&self) -> &str {
        self.solver.name()
    }

    fn init(&mut self, problem: &mut Problem<O>, lane: Lane) -> std::result::Result<(Lane, Option<KV>), Error> {
        self.solver.init(problem, lane)
    }

    fn next_iter(&mut self, problem: &mut Problem<O>, lane: Lane) -> std::result::Result<(Lane, Option<KV>), Error> {
        self.solver.next_iter(problem, lane)
    }

    fn terminate(&mut self, lane: &Lane) -> TerminationStatus {
        match lane.get_gradient() {
            Some(gradient) if max_norm(gradient) <= self.tolerance => TerminationStatus::Terminated(TerminationReason::SolverConverged),
            _ => self.solver.terminate(lane),
        }
    }
}

/// argmin's L-BFGS: all but memory and tolerance as by default, the line search and the tolerance on the value included.
type Lbfgs = StopAtMaxNorm<LBFGS<MoreThuenteLineSearch<Vec<f64>, Vec<f64>, f64>, Vec<f64>, Vec<f64>, f64>>;

/// The best point of one lane; `None` if argmin gave the lane up with an error.
fn minimise(solver: Lbfgs, start: Vec<f64>) -> Option<Vec<f64>> {
    let executor = Executor::new(Rosenbrock, solver).configure(|lane| lane.param(start).max_iters(ITERATIONS.into()));
    let mut lane = executor.run().ok()?.state;
    match lane.get_termination_reason() {
        Some(TerminationReason::SolverExit(_)) => None,
        _ => lane.take_best_param(),
    }
}

impl Contestant for Argmin {
    fn name(&self) -> &'static str {
        "argmin"
    }

    fn run(&self, starts: &Starts) -> Result<Measurement> {
        let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY).with_tolerance_grad(0.0)?;
        let solver = StopAtMaxNorm { solver, tolerance: TOLERANCE };
        let begin = Instant::now();
        let lanes = (0..starts.lanes()).into_par_iter();
        let points: Vec<Option<Vec<f64>>> = lanes.map(|lane| minimise(solver.clone(), starts.point(lane))).collect();
        let seconds = begin.elapsed().as_secs_f64();
        let errors = points.iter().filter(|point| point.is_none()).count();
        if errors > 0 {
            eprintln!("argmin: {errors} of {} lanes ended in an error; they count as not minimised", points.len());
        }
        let points = points.into_iter().map(|point| point.unwrap_or_else(|| vec![f64::NAN; DIMENSION]));
        Ok(Measurement { seconds, share: share_minimised(points) })
    }
}
