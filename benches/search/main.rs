//! What global search finds, and how fast: `cargo bench --bench search [-- sweep|multistart|rastrigin|clusters]`.
//!
//! One `name value` a line on standard output.

#[path = "../../tests/suite/multistart/functions.rs"]
#[expect(dead_code, reason = "what the tests alone ask for")]
mod functions;
mod multistart;
#[path = "../../tests/suite/multistart/scipy.rs"]
mod scipy;
#[path = "../../tests/suite/multistart/trials.rs"]
mod trials;

use std::time::{Duration, Instant};

use manymin::monitor::Control;
use manymin::prelude::*;
use manymin::{BasinHopping, Distinct, Search, Sweep};

/// The lowest energies of 2 to 18 Lennard-Jones atoms.
///
/// D. J. Wales et al., The Cambridge Cluster Database, <https://www-wales.ch.cam.ac.uk/CCD.html>
const ENERGIES: [f64; 17] = [
    -1.0, -3.0, -6.0, -9.103852, -12.712062, -16.505384, -19.821489, -24.113360, -28.422532, -32.765970, -37.967600, -44.326801,
    -47.845157, -52.322627, -56.815742, -61.317995, -66.530949,
];
/// Seconds in which each has to be found.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wants = |group: &str| asked.is_empty() || asked.iter().any(|word| word == group);
    // First, since it tells the most memory that the process has had.
    if wants("sweep") {
        sweep();
    }
    if wants("multistart") {
        multistart::local();
        multistart::global();
    }
    if wants("rastrigin") {
        rastrigin();
    }
    if wants("clusters") {
        clusters();
    }
}

/// A million Sobol starts of Rastrigin's function of ten variables, with the table of distinct minima.
fn rastrigin() {
    const STARTS: usize = 1_000_000;
    const POOL: usize = 16_384;
    let problem =
        Problem::new(10, |x| x.sum(0..10, |i| 10.0 + x.at(i).powi(2) - 10.0 * (std::f64::consts::TAU * x.at(i)).cos())).expect("a problem");
    let bounds = Bounds::new(&[-5.12; 10], &[5.12; 10]).expect("a box");
    let starts = Starts::sobol(&bounds, STARTS, 42);
    let minimizer = || {
        let tolerances = Tolerances { gradient_max: 1e-3, ..Tolerances::default() };
        Minimizer::new(Lbfgs::default()).tolerances(tolerances).pool(POOL)
    };
    let device = Device::cpu(Precision::F32);
    let begun = Instant::now();
    let found = Search::new(minimizer()).run(&device, &problem, &starts).expect("a search");
    let seconds = begun.elapsed().as_secs_f64();
    println!("rastrigin_starts_per_second {:.0}", STARTS as f64 / seconds);
    println!("rastrigin_minima {}", found.minima.list.len() + found.minima.others);
    println!("rastrigin_lowest {:e}", found.minima.list[0].value);
    let begun = Instant::now();
    let outcome = minimizer().minimize(&device, &problem, &starts).expect("a run");
    let alone = begun.elapsed().as_secs_f64();
    println!("rastrigin_seconds_of_lanes_alone {alone:.2}");
    drop(outcome);
    println!("rastrigin_seconds_with_table {seconds:.2}");
    // As many lanes a pool at a time, none of which waits in a queue; results are kept, as those of one batch are.
    let begun = Instant::now();
    let batch = |seed| minimizer().minimize(&device, &problem, &Starts::sobol(&bounds, POOL, seed)).expect("a run");
    let outcomes: Vec<Outcome> = (0..(STARTS / POOL) as u64).map(batch).collect();
    let fitting = begun.elapsed().as_secs_f64() * STARTS as f64 / (STARTS / POOL * POOL) as f64;
    drop(outcomes);
    println!("rastrigin_queue_over_fitting_batches {:.3}", alone / fitting);
}

/// Ten million rows of parameters, made as they are needed: a quartic's minimum for each.
fn sweep() {
    const ROWS: usize = 10_000_000;
    let problem = Problem::builder(2)
        .parameters(2)
        .build(|x, c| (x[0].powi(2) - c.parameter(0)).powi(2) + c.parameter(1) * (x[1] - x[0]).powi(2))
        .expect("a problem");
    let starts = Starts::uniform(&Bounds::new(&[0.5; 2], &[2.0; 2]).expect("a box"), 1, 42);
    let rows = (0..ROWS).map(|row| Ok(vec![0.5 + row as f64 / ROWS as f64, 1.0 + (row % 7) as f64]));
    let mut worst = 0.0_f64;
    let swept = Sweep::new(Minimizer::new(Lbfgs::default()))
        .run(&Device::cpu(Precision::F32), &problem, &starts, rows, |row| {
            worst = worst.max((row.best.point[0].powi(2) - row.parameters[0]).abs());
            Ok(Control::Continue)
        })
        .expect("a sweep");
    println!("sweep_rows_per_second {:.0}", swept.rows as f64 / swept.seconds);
    println!("sweep_worst_error {worst:.1e}");
    if let Some(peak) = peak_mib() {
        println!("sweep_peak_mib {peak}");
    }
}

/// The most memory that the process has had so far, where the system tells.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1_024)
}

/// Clusters of 2 to 18 atoms: how long it takes to find the lowest energy known.
fn clusters() {
    for (atoms, lowest) in (2..=18).zip(ENERGIES) {
        let problem = Problem::new(3 * atoms, |x| {
            x.sum(0..atoms, |i| {
                x.sum((i + 1).to(atoms), |j| {
                    let component = |k: usize| (x.at(3 * i + k) - x.at(3 * j + k)).powi(2);
                    let inverse = (component(0) + component(1) + component(2)).powi(-3);
                    4.0 * (inverse * inverse - inverse)
                })
            })
        })
        .expect("a problem");
        let half = (atoms as f64).cbrt() / 2.0;
        let cube = Bounds::new(&vec![-half; 3 * atoms], &vec![half; 3 * atoms]).expect("a box");
        let starts = Starts::sobol(&cube, 2_048, 7);
        let begun = Instant::now();
        let found = Search::new(Minimizer::new(Lbfgs::default()).max_iterations(1_000))
            .distinct(Distinct::by_value())
            .hopping(BasinHopping { hops: 10_000, displacement: 0.2, temperature: 0.8, seed: 1, ..BasinHopping::default() })
            .target(lowest + 1e-4)
            .time(PATIENCE)
            .polish(1)
            .run(&Device::cpu(Precision::F32), &problem, &starts)
            .expect("a search");
        let energy = found.minima.list.first().map_or(f64::NAN, |minimum| minimum.value);
        let word = if (energy - lowest).abs() < 2e-6 { "found" } else { "missed" };
        println!("cluster_{atoms} {energy:.6} {word} in {:.2} s", begun.elapsed().as_secs_f64());
    }
}
