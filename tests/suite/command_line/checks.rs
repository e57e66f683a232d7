//! `check`: every problem of the examples, and what is wrong with some.

use super::{json, problem, run, written};

#[test]
fn gradients_of_the_examples_agree_with_differences() {
    for (file, data) in [
        ("rosenbrock.wgsl", vec![]),
        ("rastrigin.wgsl", vec![]),
        ("lennard_jones.wgsl", vec![]),
        ("himmelblau.wgsl", vec![]),
        ("misra1a.wgsl", vec![]),
    ] {
        let file = problem(file);
        let mut arguments = vec!["check", &file, "--json"];
        if file.ends_with("misra1a.wgsl") {
            arguments.extend(["--at", "240,0.00055"]);
        }
        let needs: Vec<String> = data;
        arguments.extend(needs.iter().map(String::as_str));
        if file.ends_with("misra1a.wgsl") {
            let csv = problem("misra1a.csv");
            let (x, y) = (format!("x={csv}:x"), format!("y={csv}:y"));
            let report = json(&[&arguments[..], &["--data", &x, "--data", &y]].concat());
            assert_eq!(report["ok"], true, "{report}");
            continue;
        }
        let report = json(&arguments);
        assert_eq!(report["ok"], true, "{report}");
        assert!(report["error"].as_f64().expect("an error") < 1e-5 && report["operations"].as_u64().expect("a count") > 0);
    }
}

#[test]
fn a_check_prints_gradient_cost_and_warnings() {
    let answer = run(&["check", &problem("rosenbrock.wgsl"), "--set", "DIM=2", "--at=-1.2,1"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    // f = 24.2, g = (-215.6, -88) at the customary start.
    assert!(
        answer.out.contains("24.1999999") && answer.out.contains("-2.15599999999") && answer.out.contains("-8.7999999999"),
        "{}",
        answer.out
    );
    let directory = tempfile::tempdir().expect("a directory");
    let file = written(&directory, "log.wgsl", "fn objective(x: array<f32, 1>) -> f32 { return log(x[0]); }");
    let outside = run(&["check", &file, "--at=-1"]);
    assert!(outside.out.contains("warning: the value is NaN here"), "{}", outside.out);
    assert_eq!(outside.code, 2);
}

#[test]
fn parameters_are_given_to_a_check() {
    let report = json(&["check", &problem("sweep.wgsl"), "--parameters", "0,50", "--at", "0,0.1", "--json"]);
    assert_eq!((&report["parameters"], &report["dimension"]), (&2.into(), &2.into()));
    let answer = run(&["check", &problem("sweep.wgsl"), "--parameters", "1"]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("--parameters has 1 numbers and the problem takes 2"), "{}", answer.err);
}
