//! Whole runs.

use std::time::Instant;

use manymin::probe::LANES;
use manymin::{Bounds, Device, Lbfgs, Minimizer, Outcome, Precision, Problem, Starts, Tolerances};

use crate::clock::Clock;
use crate::{Result, direction, evaluation, figure, objectives, peak_mebibytes};

const DIMENSION: usize = 10;
const TOLERANCE: f64 = 1e-3;
/// A lane counts as converged if its gradient in f64 is within this many times the tolerance.
const SLACK: f64 = 10.0;
const MILLION: usize = 1_000_000;
/// Runs of which the fastest counts: a core that shares its hardware with others' programs is slow for seconds.
const REPETITIONS: usize = 20;

fn starts(dimension: usize, lanes: usize) -> Result<Starts> {
    Ok(Starts::uniform(&Bounds::new(&vec![-2.0; dimension], &vec![2.0; dimension])?, lanes, 42))
}

fn minimizer() -> Minimizer<'static> {
    Minimizer::new(Lbfgs { memory: 8 }).tolerances(Tolerances { gradient_max: TOLERANCE, ..Tolerances::default() })
}

fn run(problem: &Problem, starts: &Starts) -> Result<Outcome> {
    Ok(minimizer().minimize(&Device::cpu(Precision::F32), problem, starts)?)
}

/// Lanes of a sample of runs.
const SAMPLE: usize = 65_536;

/// A whole run on one thread beside the sum of its parts.
pub(crate) fn whole() -> Result<()> {
    let (problem, starts) = (objectives::rosenbrock(DIMENSION)?, starts(DIMENSION, 65_536)?);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    eprintln!("the parts of a whole run, {LANES} lanes each");
    let (mut seconds, mut evaluation, mut direction) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    let (mut evaluations, mut iterations) = (0.0, 0.0);
    for _ in 0..REPETITIONS {
        evaluation = evaluation.min(evaluation::own_seconds(&problem) / LANES as f64);
        direction = direction.min(direction::own_seconds()? / LANES as f64);
        let (time, outcome) = Clock::Process.time(|| pool.install(|| run(&problem, &starts)));
        let outcome = outcome?;
        seconds = seconds.min(time);
        (evaluations, iterations) = (outcome.evaluations() as f64, outcome.iterations() as f64);
    }
    let lanes = starts.lanes() as f64;
    let parts = evaluations * evaluation + iterations * direction;
    eprintln!(
        "    {:.1} evaluations a lane of {:.1} ns, {:.1} iterations of {:.1} ns",
        evaluations / lanes,
        1e9 * evaluation,
        iterations / lanes,
        1e9 * direction
    );
    eprintln!("    whole run: {:.3} microseconds a lane, its parts {:.3}", 1e6 * seconds / lanes, 1e6 * parts / lanes);
    figure("whole_ratio", seconds / parts);
    Ok(())
}

/// Whole runs on all threads. Both sizes in turn, with as many lanes a sample: the least of many short samples would be of a
/// quieter moment than that of long ones.
pub(crate) fn lanes() -> Result<()> {
    let problem = objectives::rosenbrock(DIMENSION)?;
    let sizes = [4_096, SAMPLE];
    let mut seconds = [f64::INFINITY; 2];
    let mut shares = [0.0; 2];
    for _ in 0..REPETITIONS {
        for (k, &lanes) in sizes.iter().enumerate() {
            let starts = starts(DIMENSION, lanes)?;
            let mut last = None;
            let begin = Instant::now();
            for _ in 0..SAMPLE / lanes {
                last = Some(run(&problem, &starts)?);
            }
            seconds[k] = seconds[k].min(begin.elapsed().as_secs_f64());
            let Some(outcome) = last else { continue };
            let mut converged = 0;
            for lane in outcome.iter() {
                let gradient = problem.evaluate(&lane.point, &[])?.gradient;
                converged += usize::from(gradient.iter().all(|g| g.abs() <= SLACK * TOLERANCE));
            }
            shares[k] = converged as f64 / lanes as f64;
        }
    }
    for (k, lanes) in sizes.into_iter().enumerate() {
        figure(&format!("microseconds_a_lane_{lanes}"), 1e6 * seconds[k] / SAMPLE as f64);
        figure(&format!("share_converged_{lanes}"), shares[k]);
    }
    Ok(())
}

/// A million lanes, and the memory they take.
pub(crate) fn million() -> Result<()> {
    let (problem, starts) = (objectives::rosenbrock(DIMENSION)?, starts(DIMENSION, MILLION)?);
    let begin = Instant::now();
    let outcome = run(&problem, &starts)?;
    let seconds = begin.elapsed().as_secs_f64();
    if let Some(peak) = peak_mebibytes() {
        figure("million_lanes_mebibytes", peak);
    }
    figure("million_microseconds_a_lane", 1e6 * seconds / MILLION as f64);
    let success = outcome.statuses().iter().filter(|status| status.is_success()).count();
    eprintln!("    of a million lanes {success} end in success");
    Ok(())
}

/// From an objective in source text to the first step, for two objectives; the first of this process.
pub(crate) fn start() -> Result<()> {
    let first_step = |build: &dyn Fn() -> Result<Problem>| -> Result<f64> {
        let begin = Instant::now();
        let problem = build()?;
        let mut batch = minimizer().start(&Device::cpu(Precision::F32), &problem, &starts(problem.dimension(), 64)?)?;
        batch.step()?;
        Ok(1e3 * begin.elapsed().as_secs_f64())
    };
    let (decay, cluster) = (first_step(&objectives::decay)?, first_step(&|| objectives::lennard_jones(13))?);
    eprintln!("decay {decay:.3} ms, Lennard-Jones {cluster:.3} ms");
    figure("start_milliseconds", decay + cluster);
    Ok(())
}
