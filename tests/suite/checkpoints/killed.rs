//! A run that is killed, whatever it is doing, goes on from the file that is there.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use manymin::prelude::*;

use crate::devices::{Bits, assert_same, minimizer, rosenbrock, starts_in};
use crate::random::Random;

/// Where a child of this test keeps its file.
const PATH: &str = "MANYMIN_TEST_CHECKPOINT";
/// The name of the test that is its own child.
const NAME: &str = "checkpoints::killed::a_run_killed_fifty_times_ends_as_if_nothing_had_been";
/// How often a child is killed.
const KILLS: usize = 50;
/// The longest that a child is left alone once it has begun, in milliseconds; one in so many is killed before, in loading.
const LONGEST_LIFE: usize = 60;
const EARLY: usize = 6;
/// What a child says when it has begun.
const BEGUN: &str = "the run goes on";

fn device() -> Device {
    Device::cpu(Precision::F32)
}

/// A run of many rounds, whose file is large enough to be killed in.
fn start() -> Batch {
    minimizer().pool(512).start(&device(), &rosenbrock(10), &starts_in(10, -2.0, 2.0, 4_000, 11)).unwrap()
}

/// Goes on from the file, or begins, and saves after every round.
fn run_and_save(path: &Path) {
    let mut batch = if path.exists() { Batch::load(path, &device()).unwrap() } else { start() };
    println!("{BEGUN}");
    while batch.active() > 0 {
        batch.advance(1).unwrap();
        batch.save(path).unwrap();
    }
}

fn spawn(path: &Path) -> Child {
    let test = std::env::current_exe().unwrap();
    Command::new(test).args([NAME, "--exact", "--nocapture"]).env(PATH, path).stdout(Stdio::piped()).spawn().unwrap()
}

/// Waits until a child has begun, or ended. Its end of the line stays open as long as what is returned.
fn wait_for(child: &mut Child) -> Lines<BufReader<ChildStdout>> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.by_ref().map_while(Result::ok).find(|line| line.contains(BEGUN));
    lines
}

/// Removes what children have left unfinished; how many files that were.
fn leftovers(directory: &Path) -> usize {
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let partial = files.filter(|file| file.extension().is_some_and(|extension| extension == "partial"));
    partial.map(|file| std::fs::remove_file(file).unwrap()).count()
}

#[test]
fn a_run_killed_fifty_times_ends_as_if_nothing_had_been() {
    if let Some(path) = std::env::var_os(PATH) {
        return run_and_save(Path::new(&path));
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.manymin");
    // The same moments every time, as far as moments can be.
    let mut dice = Random::new(7);
    let (mut kills, mut in_writing, mut ends, mut progress) = (0, 0, 0, 0);
    while kills < KILLS {
        let mut child = spawn(&path);
        let _lines = (dice.below(EARLY) > 0).then(|| wait_for(&mut child));
        std::thread::sleep(Duration::from_micros(dice.below(1000 * LONGEST_LIFE) as u64));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        if status.code().is_some() {
            // It had come to its end before. Begin anew.
            assert!(status.success(), "{status}");
            std::fs::remove_file(&path).unwrap();
            (ends, progress) = (ends + 1, 0);
            continue;
        }
        kills += 1;
        in_writing += leftovers(directory.path());
        if path.exists() {
            let evaluations = Batch::load(&path, &device()).unwrap().evaluations();
            assert!(evaluations >= progress, "{evaluations} evaluations after {progress}: an older file");
            progress = evaluations;
        }
    }
    println!("{KILLS} kills, {in_writing} in the middle of writing, {ends} ends, {progress} evaluations done");
    assert!(in_writing > 0, "no child was killed in the middle of writing");
    let mut batch = if path.exists() { Batch::load(&path, &device()).unwrap() } else { start() };
    batch.run().unwrap();
    let mut whole = start();
    whole.run().unwrap();
    assert_eq!(batch.evaluations(), whole.evaluations(), "nothing is evaluated twice");
    assert_same(&Bits::all(&whole.finish().unwrap()), &Bits::all(&batch.finish().unwrap()), "after so many kills");
}
