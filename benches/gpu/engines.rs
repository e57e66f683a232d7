//! The GPU engine beside the CPU engine of the same machine, on objectives of several sizes.

use manymin::{Batch, Bounds, Device, DeviceKind, Lbfgs, Minimizer, Precision, Problem, Starts, Tolerances};

use crate::{MEMORY, Result, TOLERANCE, figure, rosenbrock, seconds};

/// A software driver gets one in so many lanes.
const FEWER: usize = 32;
/// Runs of which the fastest counts.
const RUNS: usize = 3;

/// Name, objective, half the width of the cube of starts around 0, and lanes.
type Job = (&'static str, Problem, f64, usize);

/// Microseconds a lane on each engine, the ratio of the two, and how long a GPU takes to begin: cold, and once the kernels are known.
pub(crate) fn figures(device: &Device) -> Result<()> {
    let jobs: [Job; 6] = [
        ("rosenbrock10", rosenbrock(10)?, 2.0, 65_536),
        ("rosenbrock10_million", rosenbrock(10)?, 2.0, 1 << 20),
        ("rosenbrock100", rosenbrock(100)?, 2.0, 16_384),
        ("rastrigin10_million", rastrigin(10)?, 5.12, 1 << 20),
        ("lennard_jones13", lennard_jones(13)?, 1.18, 100_000),
        ("lennard_jones38", lennard_jones(38)?, 1.68, 10_000),
    ];
    let cpu = Device::cpu(Precision::F32);
    for (name, problem, half, lanes) in jobs {
        let lanes = if device.info().kind == DeviceKind::Software { lanes / FEWER } else { lanes };
        let n = problem.dimension();
        let starts = Starts::uniform(&Bounds::new(&vec![-half; n], &vec![half; n])?, lanes, 42);
        let (cold, mut batch) = seconds(|| start(device, &problem, &starts))?;
        batch.run()?;
        figure(&format!("{name}_start_cold_milliseconds"), 1e3 * cold);
        figure(&format!("{name}_start_milliseconds"), 1e3 * seconds(|| start(device, &problem, &starts))?.0);
        let (gpu, cpu) = (fastest(device, &problem, &starts)?, fastest(&cpu, &problem, &starts)?);
        figure(&format!("{name}_gpu_microseconds_a_lane"), 1e6 * gpu / lanes as f64);
        figure(&format!("{name}_cpu_microseconds_a_lane"), 1e6 * cpu / lanes as f64);
        figure(&format!("{name}_cpu_over_gpu"), cpu / gpu);
    }
    Ok(())
}

/// Seconds of a whole run: starts, rounds, results.
fn fastest(device: &Device, problem: &Problem, starts: &Starts) -> Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        let (time, outcome) = seconds(|| {
            let mut batch = start(device, problem, starts)?;
            batch.run()?;
            Ok(batch.finish()?)
        })?;
        std::hint::black_box(outcome);
        least = least.min(time);
    }
    Ok(least)
}

fn start(device: &Device, problem: &Problem, starts: &Starts) -> Result<Batch> {
    let tolerances = Tolerances { gradient_max: TOLERANCE, ..Tolerances::default() };
    Ok(Minimizer::new(Lbfgs { memory: MEMORY }).tolerances(tolerances).start(device, problem, starts)?)
}

/// 10 n + sum of x^2 - 10 cos(2 pi x)
fn rastrigin(dimension: usize) -> Result<Problem> {
    Ok(Problem::new(dimension, |x| x.sum(0..dimension, |i| 10.0 + x.at(i).powi(2) - 10.0 * (std::f64::consts::TAU * x.at(i)).cos()))?)
}

/// The energy of so many atoms: 4 (r^-12 - r^-6) of each pair.
fn lennard_jones(atoms: usize) -> Result<Problem> {
    Ok(Problem::new(3 * atoms, |x| {
        x.sum(0..atoms, |i| {
            x.sum(..i, |j| {
                let difference = |axis| x.at(3 * i + axis) - x.at(3 * j + axis);
                let square = difference(0).powi(2) + difference(1).powi(2) + difference(2).powi(2);
                let r6 = square.powi(-3);
                4.0 * (r6 * r6 - r6)
            })
        })
    })?)
}
