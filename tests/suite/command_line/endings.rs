//! How runs end early, and go on.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{json, lines, problem, run, written};

#[test]
fn a_limit_of_time_and_a_target_end_a_run_in_order() {
    let file = problem("rastrigin.wgsl");
    let limited =
        json(&["minimize", &file, "--bounds=-5.12,5.12", "--starts=100000000", "--time-limit=0.5", "--polish=0", "--device=cpu", "--json"]);
    assert!(limited["statuses"]["time_limit"].as_u64().expect("lanes") > 0, "{}", limited["statuses"]);
    let target = json(&[
        "minimize",
        &problem("rosenbrock.wgsl"),
        "--bounds=-2,2",
        "--starts=1000000",
        "--target=1e-3",
        "--polish=0",
        "--device=cpu",
        "--json",
    ]);
    assert!(target["best"]["value"].as_f64().expect("a value") <= 1e-3);
    assert!(target["statuses"]["stopped"].as_u64().expect("lanes") > 0, "{}", target["statuses"]);
}

#[test]
fn a_run_in_which_no_lane_succeeds_answers_1_with_the_json() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = written(&directory, "log.wgsl", "fn objective(x: array<f32, 1>) -> f32 { return log(x[0]); }");
    let answer = run(&["minimize", &file, "--bounds=-2,-1", "--device=cpu", "--starts=8", "--json"]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    let report: Value = serde_json::from_str(&answer.out).expect("JSON");
    assert_eq!((&report["best"], report["statuses"]["non_finite_start"].as_u64()), (&Value::Null, Some(8)));
    assert!(answer.err.contains("no lane ended in success"), "{}", answer.err);
}

/// Starts a long run that is saved.
fn begin(checkpoint: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manymin"));
    command.args(["minimize", &problem("rastrigin.wgsl"), "--bounds=-5.12,5.12", "--starts=400000", "--pool=4096", "--device=cpu"]);
    command.args(["--set=DIM=10", "--checkpoint", checkpoint, "--every=0.2", "--json", "--polish=0"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs")
}

/// Waits for a file, for a minute.
fn wait_for(path: &std::path::Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no checkpoint was written");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
#[test]
fn after_ctrl_c_a_run_reports_and_resumes_to_the_result_of_one_that_was_not_interrupted() {
    let directory = tempfile::tempdir().expect("a directory");
    let [cut, whole, file] = ["cut.csv", "whole.csv", "run.manymin"].map(|name| directory.path().join(name));
    let paths = [&cut, &whole, &file].map(|path| path.to_str().expect("a path"));
    let child = begin(paths[2]);
    wait_for(&file);
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("a signal");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("results so far");
    assert!(report["statuses"]["stopped"].as_u64().expect("lanes") > 0, "{}", report["statuses"]);
    let resumed = json(&["resume", paths[2], "--device=cpu", "--lanes", paths[0], "--polish=0", "--json"]);
    assert_eq!(resumed["problem"], "rastrigin.wgsl");
    assert_eq!(resumed["statuses"].get("stopped"), None, "all of them went on");
    let arguments = ["minimize", &problem("rastrigin.wgsl"), "--bounds=-5.12,5.12", "--starts=400000", "--set=DIM=10", "--device=cpu"];
    json(&[&arguments[..], &["--lanes", paths[1], "--polish=0", "--json"]].concat());
    assert!(lines(&cut) == lines(&whole), "every lane is the same");
}

#[test]
fn a_raised_limit_takes_lanes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("run.manymin");
    let path = file.to_str().expect("a path");
    let arguments = ["minimize", &problem("rosenbrock.wgsl"), "--bounds=-2,2", "--starts=100", "--device=cpu", "--json"];
    let short = json(&[&arguments[..], &["--max-iterations=10", "--checkpoint", path]].concat());
    assert!(short["statuses"]["iteration_limit"].as_u64().expect("lanes") > 90, "{}", short["statuses"]);
    let long = json(&["resume", path, "--device=cpu", "--max-iterations=500", "--json"]);
    let whole = json(&arguments);
    for key in ["statuses", "best", "minima", "evaluations", "iterations"] {
        assert_eq!(long[key], whole[key], "{key}");
    }
}

#[test]
fn a_reader_that_has_gone_ends_nothing_but_the_output() {
    let himmelblau = problem("himmelblau.wgsl");
    let minimize = ["minimize", &himmelblau, "--bounds=-6,6", "--starts=16", "--device=cpu"];
    let json = [&minimize[..], &["--json"]].concat();
    for arguments in [&minimize[..], &json, &["check", &himmelblau], &["devices"], &["devices", "--json"], &["--help"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_manymin"));
        command.env("MANYMIN_DEVICE", "cpu").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_checkpoint_takes_the_place_of_nothing_else_and_follows_links() {
    let directory = tempfile::tempdir().expect("a directory");
    let [notes, file, copy] = ["notes.txt", "run.manymin", "copy.manymin"].map(|name| directory.path().join(name));
    let [notes, path, copied] = [&notes, &file, &copy].map(|path| path.to_str().expect("a path"));
    std::fs::write(notes, "what to buy").expect("a file");
    let save = |to: &str| {
        let arguments =
            ["minimize", &problem("himmelblau.wgsl"), "--bounds=-6,6", "--starts=16", "--device=cpu", "--json", "--checkpoint", to];
        run(&arguments)
    };
    let answer = save(notes);
    assert_eq!(answer.code, 2, "{}", answer.err);
    assert!(answer.err.contains("it is no checkpoint of manymin") && answer.out.is_empty(), "{}", answer.err);
    assert_eq!(std::fs::read_to_string(notes).expect("a file"), "what to buy");
    assert_eq!(save(directory.path().to_str().expect("a path")).code, 2);
    for _ in 0..2 {
        assert_eq!(save(path).code, 0, "a checkpoint gives way to a new one");
    }
    let resumed = json(&["resume", path, "--device=cpu", "--checkpoint", copied, "--json"]);
    let again = json(&["resume", copied, "--device=cpu", "--json"]);
    assert_eq!(
        (&resumed["minima"], &resumed["problem"]),
        (&again["minima"], &again["problem"]),
        "a run that is over is saved all the same"
    );
    #[cfg(unix)]
    for target in [path, "new.manymin"] {
        let link = directory.path().join("link.manymin");
        std::os::unix::fs::symlink(target, &link).expect("a link");
        let answer = save(link.to_str().expect("a path"));
        assert_eq!(answer.code, 0, "{}", answer.err);
        assert!(link.is_symlink() && directory.path().join(target).is_file(), "the link is one still");
        std::fs::remove_file(&link).expect("a link");
    }
    assert_eq!(std::fs::read_dir(directory.path()).expect("a directory").count(), 4, "nothing is left behind");
}
