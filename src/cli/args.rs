//! What can be asked for.

use std::num::{IntErrorKind, ParseIntError};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Minimise one objective, written in WGSL, from thousands of starts or for thousands of parameter sets, at once.
#[derive(Parser)]
#[command(name = "manymin", version, about, after_help = EXAMPLES)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

// Lines of examples are short enough for any terminal, which would break longer ones in two; other text is broken by the terminal alone.
const EXAMPLES: &str = "\
Examples:
  manymin minimize rastrigin.wgsl --bounds=-5.12,5.12 --starts 100000
  manymin minimize decay.wgsl --data t=decay.csv:t --data y=decay.csv:y \\
    --bounds=0,5 --distinct value --json
  manymin minimize lennard_jones.wgsl --set ATOMS=13 --bounds=-2,2 \\
    --unbounded --distinct value --minima minima.csv
  manymin minimize ackley.wgsl --bounds=-30,30 --starts 1000000 \\
    --checkpoint run.manymin --every 60
  manymin resume run.manymin
  manymin sweep sweep.wgsl --parameters sweep.csv --bounds=-3,3 --starts 8 \\
    --lanes best.csv

A problem is a WGSL file with `fn objective(x: array<f32, DIM>) -> f32`; a second argument `p: array<f32, P>` takes parameters, and \
`@group(0) @binding(0) var<storage, read> t: array<f32>;` takes data.

Environment: MANYMIN_DEVICE, auto, cpu or gpu, says what `--device auto` takes; MANYMIN_ADAPTER, a part of an adapter's name, which adapter \
`auto` and `gpu` take.

Exit codes: 0 done, also at a limit of time or work; 1 a device failed, no lane ended in success, or a file could not be written at the end; \
2 misuse; 130 after Ctrl-C.";

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the devices at hand.
    Devices(DevicesArgs),
    /// Check an objective: its gradient against differences, what it costs.
    Check(CheckArgs),
    /// Minimise from many starts.
    Minimize(MinimizeArgs),
    /// Go on with a run from its checkpoint.
    Resume(ResumeArgs),
    /// Minimise for every row of a file of parameters.
    Sweep(SweepArgs),
}

#[derive(Args)]
#[command(after_help = "JSON: an array of {name, kind, backend, driver, auto}, in the order in which `--device auto` prefers them.")]
pub(super) struct DevicesArgs {
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// A count, or an error that says what one is. Options that take numbers allow negative ones, so that it is what they say of them.
fn whole<T: FromStr<Err = ParseIntError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => error.to_string(),
        _ => "it must be a whole number, 0 or more".into(),
    })
}

/// The problem.
#[derive(Args)]
pub(super) struct ProblemArgs {
    /// The objective, a WGSL file.
    pub(super) problem: PathBuf,
    /// Replace a constant of the file, as in --set DIM=20.
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    pub(super) set: Vec<String>,
    /// Fill a storage array from a column of a CSV file, by its name in the header or its number from 1.
    #[arg(long, value_name = "NAME=FILE:COLUMN")]
    pub(super) data: Vec<String>,
}

#[derive(Args)]
#[command(after_help = "\
JSON: {problem, dimension, parameters, operations, value_operations, value, gradient, differences, error, worst, ok, warnings}; `error` is the \
largest difference between gradient and differences, relative; `ok` says that it is below 1e-5.

Example:
  manymin check rosenbrock.wgsl --set DIM=2 --at=-1.2,1")]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) problem: ProblemArgs,
    /// The point, one number a component; unless given, 0.5, 0.6, 0.7, ...
    #[arg(long, value_name = "X,Y,...", allow_hyphen_values = true)]
    pub(super) at: Option<String>,
    /// The parameters, where the objective takes some; unless given, all 1.
    #[arg(long, value_name = "P,Q,...", allow_hyphen_values = true)]
    pub(super) parameters: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Where lanes start, and what holds them.
#[derive(Args)]
pub(super) struct StartArgs {
    /// Lowest and highest value: once for all components, or once for each. Starts are drawn there, and lanes stay there.
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    pub(super) bounds: Vec<String>,
    /// The same from a CSV file, a row a component.
    #[arg(long, value_name = "FILE", conflicts_with = "bounds")]
    pub(super) bounds_file: Option<PathBuf>,
    /// Bounds only place the starts: lanes may leave them.
    #[arg(long)]
    pub(super) unbounded: bool,
    /// How starts are drawn.
    #[arg(long, value_enum, default_value_t)]
    pub(super) sampler: Sampler,
    /// Start points from a CSV file, a row a lane, in the place of drawn ones.
    #[arg(long, value_name = "FILE")]
    pub(super) start_file: Option<PathBuf>,
    /// What the draws begin with.
    #[arg(long, default_value_t = 0, value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub(super) seed: u64,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(super) enum Sampler {
    /// Scrambled Sobol points: the most even.
    #[default]
    Sobol,
    /// A Latin hypercube.
    Lhs,
    /// Independent points.
    Uniform,
}

/// Where and how lanes run.
#[derive(Args)]
pub(super) struct RunArgs {
    /// auto, cpu, gpu, or a part of an adapter's name; MANYMIN_DEVICE and MANYMIN_ADAPTER say what auto takes.
    #[arg(long, default_value = "auto")]
    pub(super) device: String,
    /// What lanes compute in; f64 is for the CPU.
    #[arg(long, value_enum, default_value_t)]
    pub(super) precision: Digits,
    /// How lanes move.
    #[arg(long, value_enum, default_value_t)]
    pub(super) method: Moves,
    /// Pairs that L-BFGS remembers.
    #[arg(long, default_value_t = 8, value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(super) memory: usize,
    /// A lane has converged when no gradient component is larger.
    #[arg(long, value_name = "G", default_value_t = 1e-5, allow_negative_numbers = true)]
    pub(super) gradient_tolerance: f64,
    /// The most steps of a lane.
    #[arg(long, value_name = "STEPS", default_value_t = 500, value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub(super) max_iterations: u32,
    /// Lanes on the device at once.
    #[arg(long, value_name = "LANES", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(super) pool: Option<usize>,
}

#[derive(Clone, Copy, Default, PartialEq, ValueEnum)]
pub(super) enum Digits {
    #[default]
    F32,
    F64,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(super) enum Moves {
    #[default]
    Lbfgs,
    Bfgs,
    ConjugateGradient,
    SteepestDescent,
    Momentum,
    Nesterov,
    DeltaBarDelta,
    LevenbergMarquardt,
}

/// What ends a run early.
#[derive(Args)]
pub(super) struct LimitArgs {
    /// End the run when a lane has come to this value.
    #[arg(long, value_name = "F", allow_hyphen_values = true)]
    pub(super) target: Option<f64>,
    /// End the run after so many seconds.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(super) time_limit: Option<f64>,
}

/// What is kept while a run goes on.
#[derive(Args)]
pub(super) struct CheckpointArgs {
    /// Save the run to this file every so often, and when it is interrupted or over. A file that is no checkpoint is not overwritten.
    #[arg(long, value_name = "FILE")]
    pub(super) checkpoint: Option<PathBuf>,
    /// Seconds between checkpoints, 60 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(super) every: Option<f64>,
}

/// What is reported of a run.
#[derive(Args)]
pub(super) struct OutputArgs {
    /// Write every lane to a CSV file: lane,status,value,gradient_max,iterations,evaluations,x0,x1,...
    #[arg(long, value_name = "FILE")]
    pub(super) lanes: Option<PathBuf>,
    /// Write the distinct minima, the lowest 10,000 of them, to a CSV file, best first: value,lanes,lane,gradient_max,x0,x1,...
    #[arg(long, value_name = "FILE")]
    pub(super) minima: Option<PathBuf>,
    /// When two minima differ: in their points, or only in their values (where symmetry makes every point new).
    #[arg(long, value_enum)]
    pub(super) distinct: Option<By>,
    /// Take the best K minima on in f64; all of them unless given.
    #[arg(long, value_name = "K", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(super) polish: Option<usize>,
    /// Plot the values that lanes reached, from the lowest up, to an SVG file.
    #[arg(long, value_name = "FILE.svg")]
    pub(super) plot: Option<PathBuf>,
    /// Print one JSON object, and nothing else, on standard output.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, Default, PartialEq, ValueEnum)]
pub(super) enum By {
    #[default]
    Point,
    Value,
}

const MINIMIZE_HELP: &str = "\
JSON: {problem, device, precision, lanes, seconds, iterations, evaluations, statuses: {name: count}, best: {value, point, lane}, \
minima: [{value, point, lanes, gradient_max}], minima_found}. `best` may be null; a number that is not finite is null; lanes count from 0. \
At most the lowest 10,000 minima are kept, here and in the --minima file; `minima_found` says how many there are in all.

Examples:
  manymin minimize rosenbrock.wgsl --bounds=-2,2
  manymin minimize rosenbrock.wgsl --set DIM=20 --bounds -2,2 \\
    --starts 100000 --sampler lhs --seed 7
  manymin minimize himmelblau.wgsl --bounds 0,6 --bounds=-6,6 \\
    --lanes lanes.csv --minima minima.csv --plot values.svg
  manymin minimize lennard_jones.wgsl --set ATOMS=13 --bounds=-2,2 \\
    --unbounded --distinct value --target -44.3268 --time-limit 60 --json";

#[derive(Args)]
#[command(after_help = MINIMIZE_HELP)]
pub(super) struct MinimizeArgs {
    #[command(flatten)]
    pub(super) problem: ProblemArgs,
    #[command(flatten)]
    pub(super) start: StartArgs,
    /// How many lanes there are; as many as the start file has rows where one is given.
    #[arg(long, value_name = "LANES", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(super) starts: Option<usize>,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
    #[command(flatten)]
    pub(super) checkpoint: CheckpointArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Args)]
#[command(after_help = "\
The file has everything else: problem, data, starts, settings, and how far the run is. Unless another --checkpoint is given it goes on \
being saved to the same file.

Example:
  manymin resume run.manymin --time-limit 600 --minima minima.csv")]
pub(super) struct ResumeArgs {
    /// The checkpoint.
    pub(super) file: PathBuf,
    /// auto, cpu, gpu, or a part of an adapter's name; of the precision that the run has.
    #[arg(long, default_value = "auto")]
    pub(super) device: String,
    /// New limit of steps, those before included: lanes that ended at the old one go on.
    #[arg(long, value_name = "STEPS", value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub(super) max_iterations: Option<u32>,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
    #[command(flatten)]
    pub(super) checkpoint: CheckpointArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Args)]
#[command(after_help = "\
--lanes writes a line a row of parameters, its best lane, in their order: row,lane,status,value,gradient_max,iterations,evaluations,\
x0,x1,... A sweep that a time limit or Ctrl-C ends writes and counts the rows that have ended by then, and leaves the others out.

JSON: {problem, device, precision, rows, lanes, seconds, iterations, evaluations, statuses: {name: count}, best: {value, point, lane, row}}.

Examples:
  manymin sweep sweep.wgsl --parameters sweep.csv --bounds=-3,3 \\
    --lanes best.csv
  manymin sweep sweep.wgsl --parameters sweep.csv --bounds=-3,3 --starts 8 \\
    --continuation 256")]
pub(super) struct SweepArgs {
    #[command(flatten)]
    pub(super) problem: ProblemArgs,
    /// The parameters, a CSV file: a row for each minimisation, a column for each parameter.
    #[arg(long, value_name = "FILE")]
    pub(super) parameters: PathBuf,
    #[command(flatten)]
    pub(super) start: StartArgs,
    /// Lanes a row of parameters, the best of which counts: 1, or as many as the start file has rows.
    #[arg(long, value_name = "LANES", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(super) starts: Option<usize>,
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// End the sweep after so many seconds.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(super) time_limit: Option<f64>,
    /// Start each row from where the row before ended, in so many pieces side by side.
    #[arg(long, value_name = "CHAINS", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(super) continuation: Option<usize>,
    /// Write the best lane of every row to a CSV file.
    #[arg(long, value_name = "FILE")]
    pub(super) lanes: Option<PathBuf>,
    /// Print one JSON object, and nothing else, on standard output.
    #[arg(long)]
    pub(super) json: bool,
}
