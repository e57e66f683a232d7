//! Misuse: exit code 2, and a message that says what to do.

use super::{problem, run};

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
    refused(&["minimize", &file, "--bounds=0,1", "--gradient-tolerance=-1"], "gradient_max");
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
fn files_that_can_not_be_taken_are_named() {
    refused(&["minimize", "no-such-file.wgsl", "--bounds=0,1"], "no-such-file.wgsl");
    refused(&["resume", "no-such-file.manymin"], "no-such-file.manymin");
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a path").to_string()
    };
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
