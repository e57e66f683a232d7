//! Rates of an ordinary differential equation from noisy observations of its solution, fitted from a thousand starts.
//!
//! Predators v eat prey u (A. J. Lotka, 1925; V. Volterra, 1926):
//!
//! ```text
//!     u' = u (a - b v)        v' = v (c u - d)
//! ```
//!
//! Both are counted every half year, with errors. The rates a, b, c, d and the numbers at the beginning are fitted by least
//! squares: the equation is solved by the classical Runge-Kutta method inside the objective, as a fold over time, whose gradient
//! runs the steps backwards.
//!
//! ```text
//! cargo run --release --example ode_fit
//! cargo run --release --example ode_fit -- --noise 0.3 --lanes 5000
//! ```

mod common;

use std::process::ExitCode;

use common::{Arguments, Interrupt, Progress, Result, grouped, print_run};
use manymin::prelude::*;

const HELP: &str = "\
Fits the Lotka-Volterra equations to noisy observations that are made up from known rates.

  --noise S        the standard deviation of the observations' errors [0.1]
  --lanes N        random starts within the bounds [1000]
  --seed N         what errors and starts are drawn from [0]
  --precision P    f64 or f32 [f64]; the results are polished in f64 either way
  --device D       auto, cpu, gpu, or part of an adapter's name [auto]; GPUs compute in f32";

/// What is fitted, from where to where it is searched, and the truth.
const UNKNOWNS: [(&str, [f64; 2], f64); 6] = [
    ("a   growth of prey", [0.1, 2.0], 0.9),
    ("b   prey lost to predators", [0.1, 2.0], 0.6),
    ("c   growth of predators", [0.1, 2.0], 0.4),
    ("d   death of predators", [0.1, 2.0], 0.8),
    ("u0  prey at first", [0.2, 5.0], 2.5),
    ("v0  predators at first", [0.2, 5.0], 1.0),
];

/// Observations of each kind, the steps of the method from one to the next, and how long a step is.
const OBSERVATIONS: usize = 40;
const STEPS: usize = 5;
const STEP: f64 = 0.5 / STEPS as f64;

fn main() -> ExitCode {
    common::exit(run())
}

fn run() -> Result<ExitCode> {
    let Some(arguments) = Arguments::read(HELP, 0)? else { return Ok(ExitCode::SUCCESS) };
    let noise: f64 = arguments.number("--noise", 0.1)?;
    if !(noise > 0.0 && noise.is_finite()) {
        return Err("--noise takes a positive number".into());
    }
    let lanes = arguments.number("--lanes", 1_000)?;
    let seed = arguments.number("--seed", 0)?;
    let device = arguments.device(Precision::F64)?;

    let truth = UNKNOWNS.map(|unknown| unknown.2);
    let (prey, predators) = observed(&truth, noise, seed)?;
    let problem = misfit(&prey, &predators)?;
    let bounds = Bounds::new(&UNKNOWNS.map(|unknown| unknown.1[0]), &UNKNOWNS.map(|unknown| unknown.1[1]))?;
    let starts = Starts::uniform(&bounds, lanes, seed);
    let minimizer = Minimizer::new(Lbfgs::default()).bounds(&bounds).max_iterations(1_000);

    let interrupt = Interrupt::new()?;
    let mut progress = Progress::new();
    let outcome = common::run_to_end(minimizer.start(&device, &problem, &starts)?, 10, &interrupt, &mut progress)?;
    let seconds = progress.seconds();
    progress.clear();

    let lowest = outcome.best();
    let as_low: Vec<usize> = outcome.iter().filter(|lane| lane.value <= 1.001 * lowest.value).map(|lane| lane.lane).collect();
    let best = outcome.polish(&[lowest.lane])?.into_iter().next().ok_or("no start has a finite misfit: give more --lanes")?;
    println!("Lotka-Volterra equations: {} unknowns, {} observations, on {device}", UNKNOWNS.len(), 2 * OBSERVATIONS);
    print_run(&outcome, seconds);
    println!("{} of {} lanes found the lowest misfit", grouped(as_low.len() as u64), grouped(lanes as u64));
    print_fit(&problem, &best, &truth)?;
    Ok(interrupt.code())
}

/// u' and v', of numbers or of traced numbers.
macro_rules! rates {
    ($x:expr, $u:expr, $v:expr) => {
        [$u * ($x[0] - $x[1] * $v), $v * ($x[2] * $u - $x[3])]
    };
}

/// u and v a step later, by the classical Runge-Kutta method.
macro_rules! step {
    ($x:expr, $u:expr, $v:expr) => {{
        let k1 = rates!($x, $u, $v);
        let k2 = rates!($x, ($u + 0.5 * STEP * k1[0]), ($v + 0.5 * STEP * k1[1]));
        let k3 = rates!($x, ($u + 0.5 * STEP * k2[0]), ($v + 0.5 * STEP * k2[1]));
        let k4 = rates!($x, ($u + STEP * k3[0]), ($v + STEP * k3[1]));
        [$u + STEP / 6.0 * (k1[0] + 2.0 * (k2[0] + k3[0]) + k4[0]), $v + STEP / 6.0 * (k1[1] + 2.0 * (k2[1] + k3[1]) + k4[1])]
    }};
}

/// The sum of squared differences from the observations. Two folds: one over the observations, which carries the numbers of
/// both kinds and the sum so far, and in it one over the steps to the next observation.
fn misfit(prey: &[f64], predators: &[f64]) -> manymin::Result<Problem> {
    Problem::builder(UNKNOWNS.len()).data("prey", prey).data("predators", predators).build(|x, c| {
        let (prey, predators) = (c.data("prey"), c.data("predators"));
        let [_, _, sum] = x.fold(0..OBSERVATIONS, [x[4], x[5], x.constant(0.0)], |i, [u, v, sum]| {
            let [u, v] = x.fold(0..STEPS, [u, v], |_, [u, v]| step!(x, u, v));
            [u, v, sum + (u - prey.at(i)).powi(2) + (v - predators.at(i)).powi(2)]
        });
        sum
    })
}

/// What is observed if `truth` holds: the solution, with normal errors.
fn observed(truth: &[f64; 6], noise: f64, seed: u64) -> Result<(Vec<f64>, Vec<f64>)> {
    // Normal numbers by the method of G. E. P. Box and M. E. Muller, 1958, of uniform ones in (0, 1), which samples of starts are.
    let uniform = Starts::uniform(&Bounds::new(&[0.0; 2], &[1.0; 2])?, 2 * OBSERVATIONS, seed ^ 0x0b5e_77ed);
    let error = |k: usize| {
        let at = uniform.point(k);
        noise * (-2.0 * (1.0 - at[0]).ln()).sqrt() * (std::f64::consts::TAU * at[1]).cos()
    };
    let [mut u, mut v] = [truth[4], truth[5]];
    let (mut prey, mut predators) = (Vec::new(), Vec::new());
    for i in 0..OBSERVATIONS {
        for _ in 0..STEPS {
            [u, v] = step!(truth, u, v);
        }
        prey.push(u + error(2 * i));
        predators.push(v + error(2 * i + 1));
    }
    Ok((prey, predators))
}

/// Prints the estimates with their standard errors, beside the truth.
///
/// f is a sum of m squared residuals of one variance, so the covariance of the estimates is `2 s^2 H^-1` with
/// `s^2 = f / (m - n)` and H the Hessian of f at its minimum.
fn print_fit(problem: &Problem, best: &Polished, truth: &[f64; 6]) -> Result<()> {
    let hessian = problem.hessian(&best.point, &[])?;
    let inverse = hessian.try_inverse().ok_or("the observations leave an unknown undetermined: try another --seed or less --noise")?;
    let variance = best.value / (2 * OBSERVATIONS - UNKNOWNS.len()) as f64;
    println!("\n{:28}  {:>9}  {:>9}  {:>14}  {:>9}", "", "truth", "estimate", "standard error", "off by");
    for (k, (name, ..)) in UNKNOWNS.iter().enumerate() {
        let error = (2.0 * variance * inverse[(k, k)]).sqrt();
        let off = (best.point[k] - truth[k]) / error;
        println!("{name:28}  {:>9.4}  {:>9.4}  {error:>14.4}  {off:>+6.1} s.e.", truth[k], best.point[k]);
    }
    println!("\nresidual standard deviation {:.4}", variance.sqrt());
    Ok(())
}
