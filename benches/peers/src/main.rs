//! Times manymin beside its peers on one piece of work: many starts of one objective, each minimised to a gradient
//! tolerance. See README.md.

mod argmin_peer;
mod manymin_run;
mod rastrigin;
mod rosenbrock;
mod tfp_peer;

use std::io::{self, Write};
use std::process::ExitCode;

use manymin::{Bounds, Device, Precision, Starts};

use crate::argmin_peer::Argmin;
use crate::manymin_run::Manymin;
use crate::rosenbrock::DIMENSION;
use crate::tfp_peer::Tfp;

/// Whatever went wrong, to be shown to the user.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A batch that argmin minimises in a second or so.
const SMALL_BATCH: usize = 4_096;
/// A batch in which lanes that take long weigh less.
const LARGE_BATCH: usize = 65_536;

/// Starts are uniform in the cube from -`HALF_WIDTH` to `HALF_WIDTH`, ...
const HALF_WIDTH: f64 = 2.0;
/// ... drawn with this seed.
const SEED: u64 = 42;

/// Correction pairs that each L-BFGS remembers. peers.py has the same number.
const MEMORY: usize = 8;
/// A lane has converged when no component of its gradient is larger.
const TOLERANCE: f64 = 1e-3;
/// Iterations after which a lane is given up. peers.py has the same number.
const ITERATIONS: u32 = 500;
/// A lane counts as minimised if its gradient in f64 is within this many times the tolerance: what f32 takes for its
/// gradient is off by rounding.
const SLACK: f64 = 10.0;

/// Every contestant runs this often, in turn; its best time counts.
const ROUNDS: usize = 2;
/// Seconds of calls in a round, one call at least.
const SECONDS: f64 = 0.25;

/// One run of a batch.
#[derive(Clone, Copy)]
struct Measurement {
    /// Wall-clock time.
    seconds: f64,
    /// The share of lanes whose final gradient is small, see [`SLACK`].
    share: f64,
}

/// What minimises a batch.
trait Contestant {
    /// As it stands in the names of the figures.
    fn name(&self) -> &'static str;

    /// Whether [`run`](Contestant::run) makes a first call of its own, which is not timed.
    fn warms_up(&self) -> bool {
        false
    }

    /// Minimises from every start.
    fn run(&self, starts: &Starts) -> Result<Measurement>;
}

fn main() -> ExitCode {
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("manymin-peers: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs all there is to run.
fn compare() -> Result<()> {
    if std::env::args().nth(1).is_some_and(|asked| asked == "rastrigin") {
        return rastrigin::report(Tfp::from_environment().as_ref());
    }
    let single = Manymin::new(Device::cpu(Precision::F32))?;
    let double = Manymin::new(Device::cpu(Precision::F64))?;
    let gpu = Manymin::on_gpu()?;
    let tfp = Tfp::from_environment();
    if tfp.is_none() {
        eprintln!("{}", tfp_peer::HOW_TO_SET);
    }
    match &gpu {
        Some(gpu) => eprintln!("the GPU engine on {}", gpu.device()),
        None => eprintln!("no adapter for the GPU engine: a software driver would do"),
    }
    eprintln!("manymin on {}; argmin on as many threads; the best of {ROUNDS} rounds", single.device());

    let gpu_and_tfp = || {
        let gpu = gpu.iter().map(|gpu| gpu as &dyn Contestant);
        gpu.chain(tfp.iter().map(|tfp| tfp as &dyn Contestant))
    };
    let mut peers: Vec<&dyn Contestant> = vec![&double, &Argmin];
    peers.extend(gpu_and_tfp());
    report(SMALL_BATCH, &single, &peers)?;
    report(LARGE_BATCH, &single, &gpu_and_tfp().collect::<Vec<_>>())?;
    rastrigin::report(tfp.as_ref())
}

/// The best of the calls after the first, as peers.py has its second: threads are up and memory is warm for everyone. As many as there is
/// time for: one that takes milliseconds says little by itself.
fn later_calls(contestant: &dyn Contestant, starts: &Starts) -> Result<Measurement> {
    if contestant.warms_up() {
        return contestant.run(starts);
    }
    contestant.run(starts)?;
    let mut best = contestant.run(starts)?;
    let mut spent = best.seconds;
    while spent < SECONDS {
        let again = contestant.run(starts)?;
        spent += again.seconds;
        if again.seconds < best.seconds {
            best = again;
        }
    }
    Ok(best)
}

/// Measures `ours` and the peers in turn, and prints the figures.
fn report(lanes: usize, ours: &dyn Contestant, peers: &[&dyn Contestant]) -> Result<()> {
    let starts = Starts::uniform(&Bounds::new(&[-HALF_WIDTH; DIMENSION], &[HALF_WIDTH; DIMENSION])?, lanes, SEED);
    let contestants: Vec<&dyn Contestant> = std::iter::once(ours).chain(peers.iter().copied()).collect();
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        rounds.push(contestants.iter().map(|contestant| later_calls(*contestant, &starts)).collect::<Result<Vec<Measurement>>>()?);
    }
    // The share is the same in every round; only the time differs.
    let best = |k: usize| rounds.iter().map(|round| round[k]).min_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let figures: Vec<Measurement> = (0..contestants.len()).filter_map(best).collect();

    let mut out = io::stdout().lock();
    for (contestant, figure) in contestants.iter().zip(&figures).skip(1) {
        writeln!(out, "speedup_{}_{lanes} {:.2}", contestant.name(), figure.seconds / figures[0].seconds)?;
    }
    let seconds = |name: &str| contestants.iter().position(|contestant| contestant.name() == name).map(|k| figures[k].seconds);
    if let (Some(gpu), Some(tfp)) = (seconds("manymin_gpu"), seconds("tfp")) {
        writeln!(out, "gpu_over_tfp_{lanes} {:.2}", gpu / tfp)?;
    }
    for (contestant, figure) in contestants.iter().zip(&figures) {
        writeln!(out, "microseconds_a_lane_{}_{lanes} {:.3}", contestant.name(), 1e6 * figure.seconds / lanes as f64)?;
        writeln!(out, "share_{}_{lanes} {:.4}", contestant.name(), figure.share)?;
    }
    Ok(out.flush()?)
}
