//! The command line as a process: what it prints, writes and answers.

mod checks;
mod endings;
mod misuse;
mod runs;
mod sweeps;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// The program, on the CPU engine, where it runs the same on every machine.
fn manymin(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manymin"));
    command.env_remove("MANYMIN_DEVICE").env_remove("MANYMIN_ADAPTER").args(arguments);
    command
}

fn problem(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "examples", "problems", name].iter().collect();
    path.to_str().expect("a path").into()
}

/// What a run answers.
struct Answer {
    code: i32,
    out: String,
    err: String,
}

fn run(arguments: &[&str]) -> Answer {
    let output = manymin(arguments).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Answer { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// The one JSON value that a run with `--json` prints.
fn json(arguments: &[&str]) -> Value {
    let answer = run(arguments);
    assert_eq!(answer.code, 0, "{}", answer.err);
    serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {}", answer.out))
}

/// Writes a file and returns its path.
fn written(directory: &TempDir, name: &str, text: &str) -> String {
    let path = directory.path().join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("a path").into()
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).expect("a file").lines().map(String::from).collect()
}
