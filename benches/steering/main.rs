//! What watching and saving a run costs: `cargo bench --bench steering [-- overhead|checkpoint|branch]`.
//!
//! One `name value` a line on standard output. `overhead_*` are times of a watched run over those of one that nobody watches, less 1: medians over
//! pieces, in each of which the runs are made in turn; `MANYMIN_BENCH_PIECES` says how many, ten unless set.

use std::time::Instant;

use manymin::monitor::{Checkpointing, History, ProgressBar};
use manymin::prelude::*;

/// Lanes resident at once.
const POOL: usize = 65_536;
/// Seconds that each kind of run takes in all, and how many pieces it is cut into.
const SECONDS: f64 = 60.0;
const PIECES: usize = 10;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wants = |group: &str| asked.is_empty() || asked.iter().any(|word| word == group);
    let directory = tempfile::tempdir().expect("a directory");
    if wants("checkpoint") {
        checkpoint(&directory.path().join("checkpoint.manymin"));
    }
    if wants("branch") {
        branch();
    }
    if wants("overhead") {
        overhead(&directory.path().join("run.manymin"));
    }
}

fn rosenbrock() -> Problem {
    Problem::new(10, |x| x.sum(0..9, |i| 100.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2) + (1.0 - x.at(i)).powi(2))).expect("a problem")
}

/// A batch of so many lanes.
fn start(lanes: usize) -> Batch {
    let starts = Starts::uniform(&Bounds::new(&[-2.0; 10], &[2.0; 10]).expect("a box"), lanes, 42);
    let minimizer = Minimizer::new(Lbfgs { memory: 8 }).pool(POOL).tolerances(Tolerances { gradient_max: 1e-3, ..Tolerances::default() });
    minimizer.start(&Device::cpu(Precision::F32), &rosenbrock(), &starts).expect("a batch")
}

fn print(name: &str, value: f64) {
    println!("{name} {value:.4}");
}

/// A file of a full pool: how long it takes, and how large it is.
fn checkpoint(path: &std::path::Path) {
    let mut batch = start(POOL);
    (0..12).for_each(|_| batch.step().expect("a step"));
    let seconds: Vec<f64> = (0..5)
        .map(|_| {
            let begun = Instant::now();
            batch.save(path).expect("a file");
            begun.elapsed().as_secs_f64()
        })
        .collect();
    let bytes = std::fs::metadata(path).expect("a file").len() as f64;
    let minimizer = Minimizer::new(Lbfgs { memory: 8 });
    let lane = minimizer.bytes_per_lane(&Device::cpu(Precision::F32), &rosenbrock()) as f64;
    print("checkpoint_seconds", median(seconds));
    print("checkpoint_bytes_over_lanes", bytes / (lane * POOL as f64));
}

/// A branch: a copy and no evaluation.
fn branch() {
    let mut batch = start(POOL);
    (0..12).for_each(|_| batch.step().expect("a step"));
    let evaluations = batch.evaluations();
    let begun = Instant::now();
    let copy = batch.clone();
    print("branch_seconds", begun.elapsed().as_secs_f64());
    print("branch_evaluations", (copy.evaluations() - evaluations) as f64);
}

/// Runs through a queue of lanes, a piece of one kind after a piece of each other.
fn overhead(path: &std::path::Path) {
    // So many lanes that a piece takes its share of the time.
    let begun = Instant::now();
    start(8 * POOL).run().expect("a run");
    let lanes = (8.0 * POOL as f64 * SECONDS / PIECES as f64 / begun.elapsed().as_secs_f64()) as usize;
    eprintln!("{lanes} lanes a piece");
    let mut calls = 0_u64;
    let mut seconds: [Vec<f64>; 5] = Default::default();
    let mut files = 0;
    let pieces = std::env::var("MANYMIN_BENCH_PIECES").ok().and_then(|pieces| pieces.parse().ok()).unwrap_or(PIECES);
    for piece in 0..pieces {
        let mut history = History::new().every(Every::Sync);
        let mut none = (|_: &mut Step| calls += 1).every(Every::Sync);
        let mut bar = ProgressBar::new();
        // Five files and more in the time of all pieces.
        let mut keeper = Checkpointing::new(path).every(Every::Seconds(10.0));
        let drain = || {
            (|step: &mut Step| {
                // What a long queue does: results leave as they come.
                step.batch().drain_finished();
            })
            .every(Every::Sync)
        };
        for kind in 0..5 {
            let mut batch = start(lanes);
            let mut drain = drain();
            let begun = Instant::now();
            let run = match kind {
                0 => batch.run_with(&mut [&mut drain]),
                1 => batch.run_with(&mut [&mut none, &mut drain]),
                2 => batch.run_with(&mut [&mut bar, &mut drain]),
                3 => batch.run_with(&mut [&mut history, &mut drain]),
                _ => batch.run_with(&mut [&mut keeper, &mut drain]),
            };
            run.expect("a run");
            seconds[kind].push(begun.elapsed().as_secs_f64());
        }
        files += keeper.written();
        eprintln!("piece {} of {pieces}: {:.1} s each", piece + 1, seconds[0][piece]);
    }
    for (name, watched) in ["no_op", "progress_bar", "history", "checkpoints"].into_iter().zip(&seconds[1..]) {
        print(&format!("overhead_{name}"), median(watched.iter().zip(&seconds[0]).map(|(watched, alone)| watched / alone - 1.0).collect()));
    }
    print("monitor_calls", calls as f64);
    print("checkpoints_written", files as f64);
    print("seconds_alone", seconds[0].iter().sum());
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
