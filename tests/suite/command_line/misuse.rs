//! Misuse: exit code 2, and a message that says what to do.

use super::{manymin, problem, run, written};

/// A call that can't be taken, and what is said of it.
fn refused(arguments: &[&str], said: &str) {
    let answer = run(arguments);
    assert_eq!(answer.code, 2, "{arguments:?}: {}{}", answer.out, answer.err);
    assert!(answer.err.contains(said), "{arguments:?}: {}", answer.err);
    assert!(answer.out.is_empty(), "standard output is for results: {}", answer.out);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let file = problem("rosenbrock.wgsl");
    refused(&["minimize", &file], "say where to start: --bounds=LOW,HIGH, or --start-file FILE");
    refused(&["minimize", &file, "--bounds", "1"], "--bounds is `1`; it takes LOW,HIGH");
    refused(&["minimize", &file, "--bounds", "1,two"], "`two` is no number");
    refused(&["minimize", &file, "--bounds", "2,1"], "bounds");
    refused(&["minimize", &file, "--bounds", "0,1", "--bounds", "0,1"], "there are 2 bounds and the problem has 10 components");
    refused(&["minimize", &file, "--bounds=0,1", "--starts=0"], "no lanes");
    refused(&["minimize", &file, "--bounds=0,1", "--set", "DIM"], "it takes NAME=VALUE");
    refused(&["minimize", &file, "--bounds=0,1", "--set", "DIN=3"], "DIN");
    refused(&["minimize", &file, "--bounds=0,1", "--data", "t=x.csv"], "it takes NAME=FILE:COLUMN");
    refused(
        &["minimize", &file, "--bounds=0,1", "--gradient-tolerance", "-1"],
        "--gradient-tolerance is -1: it must be a number not below 0",
    );
    refused(&["minimize", &file, "--bounds=0,1", "--time-limit", "-1"], "--time-limit is -1: it must be above 0");
    refused(&["minimize", &file, "--bounds=0,1", "--starts", "-5"], "it must be a whole number, 0 or more");
    refused(&["minimize", &file, "--bounds=0,1", "--device=CPU", "--pool=0"], "--pool is 0: it must be at least 1");
    refused(&["minimize", &file, "--bounds=0,1", "--time-limit=0"], "--time-limit is 0: it must be above 0");
    refused(&["minimize", &file, "--bounds=0,1", "--target=nan"], "--target must be a finite number");
    refused(&["minimize", &file, "--bounds=0,1", "--every", "3"], "--every is for --checkpoint FILE");
    refused(&["minimize", &file, "--bounds=0,1", "--device=gpu", "--precision=f64"], "f64 is for --device cpu");
    refused(&["minimize", &file, "--bounds=0,1", "--method", "newton"], "newton");
    refused(&["minimize", &file, "--bounds=0,1", "--no-such-option"], "--no-such-option");
    refused(&["minimize", &file, "--bounds=0,1", "--device=cpu", "--plot=a.gif"], "plots are SVG");
    refused(&["minimize", &file, "--bounds=0,1", "--device=cpu", "--lanes=/no/such/place.csv"], "can't be written");
    refused(&["minimize", &file, "--bounds=0,1", "--device=cpu", "--checkpoint=/no/such/place.manymin"], "/no/such/place.manymin");
    refused(&["no-such-command"], "no-such-command");
}

#[test]
fn what_to_do_is_said_in_options() {
    let (fit, data) = (problem("decay.wgsl"), problem("decay.csv"));
    let (t, y) = (format!("t={data}:t"), format!("y={data}:y"));
    let fitted = ["minimize", &fit, "--data", &t, "--data", &y, "--bounds=0,5", "--device=cpu"];
    refused(&[&fitted[..], &["--method=levenberg-marquardt"]].concat(), "add --unbounded");
    refused(&[&fitted[..], &["--data", &t]].concat(), "data `t` is given twice");
    let with_parameters = problem("sweep.wgsl");
    refused(&["minimize", &with_parameters, "--bounds=-3,3", "--device=cpu"], "`manymin sweep PROBLEM --parameters FILE`");
    let answer = run(&["minimize", &fit, "--data", &t, "--data", &y, "--bounds=0,5", "--device=no such adapter"]);
    assert!(answer.code == 1 && answer.err.contains("take the CPU engine with `--device cpu`"), "{}", answer.err);
}

#[test]
fn numbers_too_large_have_an_exponent() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = written(&directory, "large.wgsl", "const A = 1.0;\nfn objective(x: array<f32, 1>) -> f32 { return A * x[0] * x[0]; }\n");
    refused(&["minimize", &file, "--bounds=0,1", "--set", "A=1e300"], "constant `A` can't be 1e300");
}

#[test]
fn data_of_different_lengths_are_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let short = written(&directory, "short.csv", "y\n1\n2\n");
    let (t, y) = (format!("t={}:t", problem("decay.csv")), format!("y={short}:y"));
    let fit = problem("decay.wgsl");
    refused(&["minimize", &fit, "--data", &t, "--data", &y, "--bounds=0,5"], "the data differ in length: `t` has 41, `y` has 2");
}

#[test]
fn files_that_could_not_be_written_at_the_end_are_refused_before_the_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).to_str().expect("a path").to_string();
    let file = problem("rosenbrock.wgsl");
    // No run of so many lanes would come to its end here.
    let run = ["minimize", &file, "--bounds=-2,2", "--device=cpu", "--starts=400000000"];
    let with = |more: &[&str], said: &str| refused(&[&run[..], more].concat(), said);
    let nowhere = path("no/such/file");
    for option in ["--lanes", "--minima", "--checkpoint"] {
        with(&[option, &nowhere], &format!("{option}: {nowhere} can't be written"));
        with(&[option, &path("")], "it is a directory");
    }
    with(&["--plot", &format!("{nowhere}.svg")], "--plot: ");
    with(&["--plot", &path("values.png")], "plots are SVG");
    let (one, other) = (path("one.csv"), path("./one.csv"));
    with(&["--lanes", &one, "--minima", &other], "--lanes and --minima are the same file");
    assert!(std::fs::read_dir(directory.path()).expect("a directory").next().is_none(), "nothing is left behind");
}

#[cfg(unix)]
#[test]
fn a_pipe_takes_several_outputs() {
    let himmelblau = problem("himmelblau.wgsl");
    let minimize = ["minimize", &himmelblau, "--bounds=-6,6", "--starts=16", "--device=cpu"];
    let answer = run(&[&minimize[..], &["--lanes=/dev/stdout", "--minima=/dev/stdout"]].concat());
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(answer.out.contains("\nlane,status,") && answer.out.contains("\nvalue,lanes,"), "{}", answer.out);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_fails_at_the_end_does_not_take_the_report_along() {
    let report = run(&["minimize", &problem("himmelblau.wgsl"), "--bounds=-6,6", "--device=cpu", "--lanes=/dev/full", "--json"]);
    assert_eq!(report.code, 1, "{}", report.err);
    assert!(report.out.starts_with('{') && report.err.contains("/dev/full can't be written"), "{}", report.err);
}

#[test]
fn an_environment_that_asks_for_what_there_is_not_is_refused_in_every_precision() {
    let rosenbrock = problem("rosenbrock.wgsl");
    let with = |device: &str, arguments: &[&str]| {
        let output = manymin(arguments).env("MANYMIN_DEVICE", device).output().expect("the program runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    for precision in ["f32", "f64"] {
        let (code, said) = with("foo", &["minimize", &rosenbrock, "--bounds=-2,2", "--starts=8", "--precision", precision]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("MANYMIN_DEVICE is `foo`; it takes auto, cpu or gpu"), "{said}");
    }
    let (code, said) = with("gpu", &["minimize", &rosenbrock, "--bounds=-2,2", "--starts=8", "--precision=f64"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("GPUs compute in f32"), "{said}");
    let (code, said) = with("gpu", &["minimize", &rosenbrock, "--bounds=-2,2", "--starts=8", "--precision=f64", "--device=cpu"]);
    assert_eq!(code, Some(0), "the command line goes before the environment: {said}");
    for device in ["gpu", "foo"] {
        assert_eq!(with(device, &["devices"]).0, Some(0), "what there is is listed");
    }
}

#[test]
fn files_that_can_not_be_taken_are_named() {
    refused(&["minimize", "no-such-file.wgsl", "--bounds=0,1"], "check the path");
    refused(&["resume", "no-such-file.manymin"], "no-such-file.manymin");
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| written(&directory, name, text);
    let file = problem("rosenbrock.wgsl");
    let ragged = write("ragged.csv", "1,2\n3\n");
    refused(&["minimize", &file, "--start-file", &ragged], "line 2 has 1 columns");
    let words = write("words.csv", "a,b\n1,b\n");
    refused(&["minimize", &file, "--start-file", &words], "line 2, column 2: `b` is no number");
    let two = write("two.csv", "1,2\n3,4\n");
    refused(&["minimize", &file, "--start-file", &two], "starts have 2 components and the problem has 10");
    refused(&["resume", &two], "two.csv");
    let broken = write("broken.wgsl", "fn objective(x: array<f32, 2>) -> f32 {\n    return x[0] +* x[1];\n}\n");
    refused(&["minimize", &broken, "--bounds=0,1"], "line 2");
    let loops = write(
        "loops.wgsl",
        "fn objective(x: array<f32, 1>) -> f32 {\n    var y = x[0];\n    while (y > 1.0) { y = y * 0.5; }\n    return y;\n}\n",
    );
    refused(&["minimize", &loops, "--bounds=0,1"], "line 3");
    refused(&["check", &problem("decay.wgsl")], "has no numbers: give it some, as in --data ");
    let column = format!("t={two}:height");
    refused(&["minimize", &file, "--bounds=0,1", "--data", &column], "there is no column `height`");
}
