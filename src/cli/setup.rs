//! From options to devices, starts and settings.

use std::path::Path;

use manymin::{
    Bfgs, Bounds, ConjugateGradient, DeltaBarDelta, Device, Lbfgs, LevenbergMarquardt, Method, Minimizer, Momentum, Nesterov, Precision,
    Problem, Starts, SteepestDescent, Table, Tolerances,
};

use super::args::{Digits, LimitArgs, Moves, RunArgs, Sampler, StartArgs};
use super::failure::{Failure, Result};
use super::problem::numbers;

/// The device that `--device` asks for, with lanes of that precision.
pub(super) fn device(name: &str, precision: Precision) -> Result<Device> {
    // As MANYMIN_DEVICE, and adapters' names, in upper or lower case.
    Ok(match (name.trim().to_lowercase().as_str(), precision) {
        ("auto", precision) => Device::auto_in(precision)?,
        ("cpu", precision) => Device::cpu(precision),
        (_, Precision::F64) => return Err(Failure::Misuse("GPUs compute in f32: f64 is for --device cpu".into())),
        ("gpu", _) => Device::gpu()?,
        _ => Device::adapter(name)?,
    })
}

/// That of `--device` and `--precision`.
pub(super) fn device_of(run: &RunArgs) -> Result<Device> {
    device(&run.device, if run.precision == Digits::F64 { Precision::F64 } else { Precision::F32 })
}

/// The bounds that are given.
pub(super) fn bounds(args: &StartArgs, dimension: usize) -> Result<Option<Bounds>> {
    let sides = match &args.bounds_file {
        Some(file) => from_file(file)?,
        None => args.bounds.iter().map(|text| pair(text)).collect::<Result<Vec<_>>>()?,
    };
    let sides = match sides.len() {
        0 => return Ok(None),
        1 => vec![sides[0]; dimension],
        given if given == dimension => sides,
        given => {
            let message = format!("there are {given} bounds and the problem has {dimension} components: give one for all, or one for each");
            return Err(Failure::Misuse(message));
        }
    };
    let (lower, upper): (Vec<f64>, Vec<f64>) = sides.into_iter().unzip();
    Ok(Some(Bounds::new(&lower, &upper)?))
}

fn pair(text: &str) -> Result<(f64, f64)> {
    match numbers(text, "--bounds")?[..] {
        [low, high] => Ok((low, high)),
        _ => Err(Failure::Misuse(format!("--bounds is `{text}`; it takes LOW,HIGH"))),
    }
}

fn from_file(file: &Path) -> Result<Vec<(f64, f64)>> {
    let table = Table::open(file)?;
    if table.columns() != 2 {
        return Err(Failure::Misuse(format!("{} has {} columns; a file of bounds has two, low and high", file.display(), table.columns())));
    }
    Ok((0..table.rows()).map(|row| (table.row(row)[0], table.row(row)[1])).collect())
}

/// Where lanes start: from the file, or drawn within `bounds`, `lanes` of them.
pub(super) fn starts(args: &StartArgs, bounds: Option<&Bounds>, lanes: Option<usize>, default: usize) -> Result<Starts> {
    if let Some(file) = &args.start_file {
        let starts = Starts::from_csv(file)?;
        return match lanes {
            Some(lanes) if lanes != starts.lanes() => {
                Err(Failure::Misuse(format!("{} has {} rows and --starts is {lanes}: leave --starts out", file.display(), starts.lanes())))
            }
            _ => Ok(starts),
        };
    }
    let Some(bounds) = bounds else {
        return Err(Failure::Misuse("say where to start: --bounds=LOW,HIGH, or --start-file FILE".into()));
    };
    let lanes = lanes.unwrap_or(default);
    Ok(match args.sampler {
        Sampler::Sobol => Starts::sobol(bounds, lanes, args.seed),
        Sampler::Lhs => Starts::latin_hypercube(bounds, lanes, args.seed),
        Sampler::Uniform => Starts::uniform(bounds, lanes, args.seed),
    })
}

/// How lanes go, held inside `bounds` if there are some.
pub(super) fn minimizer(run: &RunArgs, target: Option<f64>, bounds: Option<&Bounds>) -> Minimizer<'static> {
    let method: Method = match run.method {
        Moves::Lbfgs => Lbfgs { memory: run.memory }.into(),
        Moves::Bfgs => Bfgs {}.into(),
        Moves::ConjugateGradient => ConjugateGradient::default().into(),
        Moves::SteepestDescent => SteepestDescent.into(),
        Moves::Momentum => Momentum::default().into(),
        Moves::Nesterov => Nesterov::default().into(),
        Moves::DeltaBarDelta => DeltaBarDelta::default().into(),
        Moves::LevenbergMarquardt => LevenbergMarquardt::default().into(),
    };
    let tolerances = Tolerances { gradient_max: run.gradient_tolerance, target, ..Tolerances::default() };
    let mut minimizer = Minimizer::new(method).tolerances(tolerances).max_iterations(run.max_iterations);
    if let Some(lanes) = run.pool {
        minimizer = minimizer.pool(lanes);
    }
    match bounds {
        Some(bounds) => minimizer.bounds(bounds),
        None => minimizer,
    }
}

/// Bounds that hold the lanes, not those that only place the starts.
pub(super) fn holding<'a>(args: &StartArgs, bounds: Option<&'a Bounds>) -> Option<&'a Bounds> {
    bounds.filter(|_| !args.unbounded)
}

/// An error for limits that are none.
pub(super) fn check_limits(limits: &LimitArgs) -> Result<()> {
    if limits.target.is_some_and(|target| !target.is_finite()) {
        return Err(Failure::Misuse("--target must be a finite number".into()));
    }
    check_seconds("--time-limit", limits.time_limit)
}

/// An error for seconds that are none.
pub(super) fn check_seconds(option: &str, seconds: Option<f64>) -> Result<()> {
    match seconds.filter(|seconds| !(*seconds > 0.0)) {
        Some(seconds) => Err(Failure::Misuse(format!("{option} is {seconds}: it must be above 0"))),
        None => Ok(()),
    }
}

/// An error for starts that are not of the problem's dimension, before anything is set up.
pub(super) fn check_dimension(starts: &Starts, problem: &Problem) -> Result<()> {
    if starts.dimension() == problem.dimension() {
        return Ok(());
    }
    let (given, wanted) = (starts.dimension(), problem.dimension());
    Err(Failure::Misuse(format!("starts have {given} components and the problem has {wanted}")))
}
