//! A nonlinear regression of NIST's Statistical Reference Datasets, fitted from a thousand starts.
//!
//! ```text
//! cargo run --release --example nist_fit
//! cargo run --release --example nist_fit -- Gauss1.dat --start 2
//! ```
//!
//! The files, with certified values: <https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml>.

#[path = "../common/mod.rs"]
mod common;
mod file;
mod model;
mod objective;

use std::process::ExitCode;

use common::{Arguments, Interrupt, Progress, Result, grouped, print_run};
use file::DataSet;
use manymin::prelude::*;
use objective::sum_of_squares;

const HELP: &str = "\
Fits the model of a NIST StRD file for nonlinear regression by least squares.

  FILE             the file [the copy of Thurber.dat in examples/data]
  --start N        1 or 2: which of NIST's starting points to draw starts around [1]
  --spread P       how far around, in percent of each parameter [50]
  --lanes N        starts [1000]
  --seed N         what they are drawn from [0]
  --iterations N   the most iterations of a lane [2000]
  --precision P    f64 or f32 [f64]; the results are polished in f64 either way
  --device D       auto, cpu, gpu, or part of an adapter's name [auto]; GPUs compute in f32";

/// The file that is fitted unless another is named.
const DEFAULT_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/Thurber.dat");

/// Residuals this small beside the response are as good as none: rounding makes as much of them.
const LEAST: f64 = 1e-15;

/// Certified values have eleven digits.
const MOST_DIGITS: f64 = 11.0;

fn main() -> ExitCode {
    common::exit(run())
}

fn run() -> Result<ExitCode> {
    let Some(arguments) = Arguments::read(HELP, 1)? else { return Ok(ExitCode::SUCCESS) };
    let path = arguments.words.first().map_or(DEFAULT_FILE, String::as_str);
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let data = DataSet::read(&text).map_err(|error| format!("{path}: {error}"))?;
    let start = arguments.choice("--start", &[("1", 0), ("2", 1)])?;
    let spread: f64 = arguments.number("--spread", 50.0)? / 100.0;
    if spread < 0.0 || spread.is_nan() {
        return Err("--spread takes a percentage that is not negative".into());
    }
    let lanes = arguments.number("--lanes", 1_000)?;
    let seed = arguments.number("--seed", 0)?;
    let iterations = arguments.number("--iterations", 2_000)?;
    let device = arguments.device(Precision::F64)?;

    // Parameters differ by up to ten orders of magnitude, and L-BFGS begins along the gradient, which then points along
    // one of them only. So lanes see x_k = b_k / start_k, all of them near 1, and the part of the response's sum of
    // squares that the model leaves unexplained.
    let scales: Vec<f64> = data.parameters.iter().map(|p| if p.starts[start] == 0.0 { 1.0 } else { p.starts[start] }).collect();
    let ones = vec![1.0; scales.len()];
    let total = sum_of_squares(&data, &scales, |_, response| response)?.evaluate(&ones, &[])?.value;
    let problem = sum_of_squares(&data, &scales, |model, response| (model - response) / total.sqrt())?;

    let near = Bounds::new(&vec![1.0 - spread; scales.len()], &vec![1.0 + spread; scales.len()])?;
    let starts = Starts::uniform(&near, lanes, seed);
    // Down to rounding: the digits of a least-squares fit are in its last steps.
    let minimizer =
        Minimizer::new(Lbfgs::default()).tolerances(Tolerances { gradient_max: 0.0, ..Tolerances::default() }).max_iterations(iterations);

    let interrupt = Interrupt::new()?;
    let mut progress = Progress::new();
    let outcome = common::run_to_end(minimizer.start(&device, &problem, &starts)?, 100, &interrupt, &mut progress)?;
    let seconds = progress.seconds();
    let lowest = outcome.best();
    let as_low = |lane: &LaneResult| lane.value - lowest.value <= 1e-6 * lowest.value + LEAST;
    let ties: Vec<usize> = outcome.iter().filter(as_low).map(|lane| lane.lane).collect();
    let best = most_certain(outcome.polish(&ties)?).ok_or("no start has a finite residual: give more --lanes or less --spread")?;
    progress.clear();

    println!("{}: {} parameters, {} observations, on {device}", data.name, data.parameters.len(), data.observations());
    println!("{} = {}", data.response, data.model);
    print_run(&outcome, seconds);
    println!("{:.2} s to polish the {} lanes that are as low as the best", progress.seconds() - seconds, grouped(ties.len() as u64));
    print_fit(&data, &problem, &scales, &best, total)?;
    Ok(interrupt.code())
}

/// Of fits that are equally good, the one with the least gradient of those near the one that is nearest to the start. A sum
/// of like terms fits as well with the terms exchanged, and a square with its root negated: NIST certifies what is near its
/// start.
fn most_certain(fits: Vec<Polished>) -> Option<Polished> {
    let far = |fit: &Polished| fit.point.iter().map(|x| (x - 1.0).powi(2)).sum::<f64>();
    let nearest = fits.iter().min_by(|a, b| far(a).total_cmp(&far(b)))?.point.clone();
    let near = |fit: &Polished| fit.point.iter().zip(&nearest).all(|(x, at)| (x - at).abs() <= 0.1 * at.abs());
    fits.into_iter().filter(near).min_by(|a, b| a.gradient_max.total_cmp(&b.gradient_max))
}

/// Prints the parameters and the residual sum of squares, with standard deviations, beside what NIST certifies.
fn print_fit(data: &DataSet, problem: &Problem, scales: &[f64], best: &Polished, total: f64) -> Result<()> {
    println!("\n{:28}  {:>17}  {:>17}  {:>6}", "", "estimate", "certified", "digits");
    let row = |name: &str, estimate: f64, certified: f64| {
        let digits = digits(estimate, certified);
        println!("{name:28}  {estimate:>17.10e}  {certified:>17.10e}  {digits:>6.1}");
        digits
    };
    // The objective has residuals in units of the total, and parameters in units of their scales.
    let fit = problem.fit_statistics(&best.point, &[])?;
    let mut fewest = MOST_DIGITS;
    for (k, (parameter, scale)) in data.parameters.iter().zip(scales).enumerate() {
        fewest = fewest.min(row(&format!("b{}", k + 1), scale * best.point[k], parameter.certified));
        row("    standard deviation", scale.abs() * fit.standard_errors[k], parameter.deviation);
    }
    row("residual sum of squares", total * best.value, data.residual);
    row("residual standard deviation", total.sqrt() * fit.residual_standard_deviation(), data.residual_deviation);
    println!("\nparameters agree to {fewest:.1} digits or more");
    Ok(())
}

/// How many digits agree: the negative logarithm of the relative error, between 0 and [`MOST_DIGITS`].
fn digits(estimate: f64, certified: f64) -> f64 {
    let error = ((estimate - certified) / certified).abs();
    if error.is_nan() { 0.0 } else { (-error.log10()).clamp(0.0, MOST_DIGITS) }
}
