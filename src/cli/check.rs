//! `manymin check`

use std::io::{self, Write};

use manymin::Problem;
use serde::Serialize;

use super::args::CheckArgs;
use super::failure::{Failure, Result};
use super::output::{self, print_json};
use super::problem::{Loaded, numbers};

#[derive(Serialize)]
struct Checked {
    problem: String,
    dimension: usize,
    parameters: usize,
    operations: usize,
    value_operations: usize,
    value: f64,
    gradient: Vec<f64>,
    differences: Vec<f64>,
    error: f64,
    worst: usize,
    ok: bool,
    warnings: Vec<String>,
}

/// What is called a correct gradient: see `Problem::check_gradient`.
const TOLERANCE: f64 = 1e-5;

pub(super) fn run(args: &CheckArgs) -> Result<()> {
    let Loaded { problem, name, description } = Loaded::read(&args.problem)?;
    let point = given(args.at.as_deref(), "--at", problem.dimension(), |k| 0.5 + 0.1 * k as f64)?;
    let parameters = given(args.parameters.as_deref(), "--parameters", problem.parameters(), |_| 1.0)?;
    let checked = check(&problem, name, &point, &parameters)?;
    if args.json {
        print_json(&checked)?;
    } else {
        output::print(|out| print(out, &checked, &description))?;
    }
    if checked.ok { Ok(()) } else { Err(Failure::Misuse("the gradient does not agree with differences of the value at this point".into())) }
}

/// Numbers for `option`, or those that `default` makes.
fn given(text: Option<&str>, option: &str, count: usize, default: impl Fn(usize) -> f64) -> Result<Vec<f64>> {
    let Some(text) = text else { return Ok((0..count).map(default).collect()) };
    let numbers = numbers(text, option)?;
    if numbers.len() == count {
        return Ok(numbers);
    }
    Err(Failure::Misuse(format!("{option} has {} numbers and the problem takes {count}", numbers.len())))
}

fn check(problem: &Problem, name: String, point: &[f64], parameters: &[f64]) -> Result<Checked> {
    let (at, single) = (problem.evaluate(point, parameters)?, problem.evaluate_f32(point, parameters)?);
    let check = problem.check_gradient(point, parameters)?;
    let mut warnings = Vec::new();
    if !at.value.is_finite() {
        warnings.push(format!("the value is {} here: choose another point with --at", at.value));
    } else if !single.value.is_finite() {
        warnings.push("the value overflows in f32 here: lanes in f32 can't begin at such points; see --precision f64".into());
    }
    let component = |(k, g): (usize, &f64)| (!g.is_finite()).then(|| format!("gradient component {k} is {g} here"));
    warnings.extend(at.gradient.iter().enumerate().find_map(component));
    if at.scale > 1e4 * at.value.abs() && at.value != 0.0 {
        warnings.push(format!("the value is a small remainder of terms that add up to {:.1e}: in f32 it has few digits here", at.scale));
    }
    Ok(Checked {
        problem: name,
        dimension: problem.dimension(),
        parameters: problem.parameters(),
        operations: problem.operations(),
        value_operations: problem.value_operations(),
        value: at.value,
        gradient: check.gradient,
        differences: check.differences,
        error: check.error,
        worst: check.worst,
        ok: check.error < TOLERANCE,
        warnings,
    })
}

fn print(out: &mut dyn Write, checked: &Checked, description: &str) -> io::Result<()> {
    if !description.is_empty() {
        writeln!(out, "{description}\n")?;
    }
    writeln!(out, "components      {}", checked.dimension)?;
    writeln!(out, "parameters      {}", checked.parameters)?;
    writeln!(out, "operations      {} for the value, {} with the gradient", checked.value_operations, checked.operations)?;
    writeln!(out, "value           {}", checked.value)?;
    writeln!(
        out,
        "gradient        off by {:.1e} at most, relative to differences of the value (component {})",
        checked.error, checked.worst
    )?;
    const SHOWN: usize = 12;
    for (k, (gradient, difference)) in checked.gradient.iter().zip(&checked.differences).enumerate().take(SHOWN) {
        writeln!(out, "  x{k:<4} {gradient:>24.16e}   {difference:>24.16e}")?;
    }
    if checked.gradient.len() > SHOWN {
        writeln!(out, "  and {} more", checked.gradient.len() - SHOWN)?;
    }
    checked.warnings.iter().try_for_each(|warning| writeln!(out, "warning: {warning}"))
}
