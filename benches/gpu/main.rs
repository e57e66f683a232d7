//! What the GPU engine's host and memory cost, and the engine beside that of the CPU, on the adapter of MANYMIN_ADAPTER or the
//! first there is: software drivers will do, whose time goes with the memory touched. One `name value` a line; ../RESULTS.md
//! says how to read them. Words after `--` choose groups by the beginning of their names.

mod engines;
mod finished;
mod overhead;
mod traffic;

use std::process::ExitCode;
use std::time::Instant;

use manymin::{Batch, Bounds, Device, DeviceKind, Lbfgs, Minimizer, Problem, Starts, Tolerances};

/// Whatever went wrong, to be shown to the user.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A group of figures, by name.
type Group = (&'static str, fn(&Device) -> Result<()>);

const GROUPS: &[Group] = &[
    ("traffic", traffic::figures),
    ("overhead", overhead::figures),
    ("finished", finished::figures),
    ("million", overhead::million),
    ("engines", engines::figures),
];

/// Variables of the Rosenbrock function, pairs remembered and the gradient to reach.
const DIMENSION: usize = 10;
const MEMORY: usize = 8;
const TOLERANCE: f64 = 1e-3;

fn main() -> ExitCode {
    match figures() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gpu: {error}");
            ExitCode::FAILURE
        }
    }
}

fn figures() -> Result<()> {
    let device = device()?;
    eprintln!("on {device}");
    let chosen: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for (name, group) in GROUPS {
        if chosen.is_empty() || chosen.iter().any(|choice| name.starts_with(choice.as_str())) {
            group(&device)?;
        }
    }
    Ok(())
}

/// The adapter that MANYMIN_ADAPTER names, or the first there is.
fn device() -> Result<Device> {
    if std::env::var("MANYMIN_ADAPTER").is_ok() {
        return Ok(Device::gpu()?);
    }
    let first = Device::list().into_iter().find(|info| info.kind != DeviceKind::Cpu);
    Ok(Device::adapter(first.as_ref().map_or("llvmpipe", |info| &info.name))?)
}

/// sum of 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2
fn rosenbrock(dimension: usize) -> Result<Problem> {
    Ok(Problem::new(dimension, |x| x.sum(0..dimension - 1, |i| 100.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2) + (1.0 - x.at(i)).powi(2)))?)
}

fn starts(lanes: usize) -> Result<Starts> {
    Ok(Starts::uniform(&Bounds::new(&[-2.0; DIMENSION], &[2.0; DIMENSION])?, lanes, 42))
}

fn minimizer() -> Minimizer<'static> {
    Minimizer::new(Lbfgs { memory: MEMORY }).tolerances(Tolerances { gradient_max: TOLERANCE, ..Tolerances::default() })
}

/// A batch whose shaders are compiled: drivers put that off to the first dispatch.
fn warm(device: &Device, problem: &Problem, starts: &Starts) -> Result<Batch> {
    let mut first = minimizer().start(device, problem, starts)?;
    first.advance(1)?;
    first.stop()?;
    Ok(minimizer().start(device, problem, starts)?)
}

/// The seconds of `work`.
fn seconds<T>(work: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let begin = Instant::now();
    let out = work()?;
    Ok((begin.elapsed().as_secs_f64(), out))
}

/// Prints a figure.
fn figure(name: &str, value: f64) {
    println!("{name} {value:.4}");
}
