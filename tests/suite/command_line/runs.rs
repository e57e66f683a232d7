//! `minimize` and `resume`: the answers, in every form.

use serde_json::Value;

use super::{json, lines, manymin, problem, run, written};

/// The keys of an object, sorted.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn the_json_has_what_is_written_down_and_nothing_else() {
    let report = json(&["minimize", &problem("rosenbrock.wgsl"), "--bounds=-2,2", "--starts", "500", "--device", "cpu", "--json"]);
    let mut found = keys(&report);
    found.sort_unstable();
    let written =
        ["best", "device", "evaluations", "iterations", "lanes", "minima", "minima_found", "precision", "problem", "seconds", "statuses"];
    assert_eq!(found, written);
    assert_eq!((report["problem"].as_str(), report["precision"].as_str()), (Some("rosenbrock.wgsl"), Some("f32")));
    assert_eq!(report["lanes"], 500);
    let statuses = report["statuses"].as_object().expect("counts");
    assert_eq!(statuses.values().map(|count| count.as_u64().expect("a count")).sum::<u64>(), 500);
    assert!(statuses.keys().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')), "{statuses:?}");
    let mut best = keys(&report["best"]);
    best.sort_unstable();
    assert_eq!(best, ["lane", "point", "value"]);
    assert!(report["best"]["value"].as_f64().expect("a value") < 1e-15, "{}", report["best"]);
    assert_eq!(report["best"]["point"].as_array().expect("a point").len(), 10);
    let minima = report["minima"].as_array().expect("minima");
    assert_eq!(report["minima_found"].as_u64(), Some(minima.len() as u64));
    let mut first = keys(&minima[0]);
    first.sort_unstable();
    assert_eq!(first, ["gradient_max", "lanes", "point", "value"]);
    let values: Vec<f64> = minima.iter().map(|minimum| minimum["value"].as_f64().expect("a value")).collect();
    assert!(values.is_sorted(), "best first: {values:?}");
    assert!(values.iter().any(|value| (value - 3.986_6).abs() < 1e-3), "Rosenbrock's other minimum: {values:?}");
}

#[test]
fn what_is_said_on_a_terminal_names_the_minima() {
    let answer = run(&["minimize", &problem("himmelblau.wgsl"), "--bounds", "-6,6", "--starts", "256", "--device", "cpu"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(answer.out.starts_with("himmelblau.wgsl on "), "{}", answer.out);
    assert_eq!(answer.out.lines().filter(|line| line.contains("0.0000000000")).count(), 4, "four minima of 0: {}", answer.out);
    assert!(answer.out.contains("(3.000000, 2.000000)") && answer.out.contains("evaluations in "), "{}", answer.out);
}

#[test]
fn constants_bounds_samplers_and_seeds_do_what_they_say() {
    let file = problem("rosenbrock.wgsl");
    let base = ["minimize", &file, "--json", "--device", "cpu", "--starts", "64"];
    let with = |more: &[&str]| json(&[&base[..], more].concat());
    assert_eq!(with(&["--bounds=-2,2", "--set", "DIM=4"])["best"]["point"].as_array().expect("a point").len(), 4);
    let held = with(&["--bounds", "-2,0.5", "--set", "DIM=2"]);
    assert!((held["best"]["point"][0].as_f64().expect("x") - 0.5).abs() < 1e-9, "the bound holds: {held}");
    let free = with(&["--bounds", "-2,0.5", "--set", "DIM=2", "--unbounded"]);
    assert!((free["best"]["point"][0].as_f64().expect("x") - 1.0).abs() < 1e-6, "it only places the starts: {free}");
    let each = with(&["--bounds", "-2,2", "--bounds=0.25,0.25", "--set", "DIM=2"]);
    assert_eq!(each["best"]["point"][1], 0.25, "one for each component");
    let evaluations = |more: &[&str]| with(&[&["--bounds=-2,2"], more].concat())["evaluations"].as_u64().expect("a count");
    assert_eq!(evaluations(&["--seed", "3"]), evaluations(&["--seed=3"]), "the same again");
    assert_ne!(evaluations(&["--seed", "3"]), evaluations(&["--seed", "4"]));
    let samplers = ["sobol", "lhs", "uniform"].map(|sampler| evaluations(&["--sampler", sampler]));
    assert!(samplers[0] != samplers[1] && samplers[1] != samplers[2], "{samplers:?}");
    assert_eq!(with(&["--bounds=-2,2", "--precision", "f64"])["precision"], "f64");
}

#[test]
fn every_lane_and_every_minimum_comes_in_a_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let [lanes, minima, plot] = ["lanes.csv", "minima.csv", "values.svg"].map(|name| directory.path().join(name));
    let paths = [&lanes, &minima, &plot].map(|path| path.to_str().expect("a path"));
    let answer = run(&[
        "minimize",
        &problem("himmelblau.wgsl"),
        "--bounds=-6,6",
        "--starts=100",
        "--device=cpu",
        "--lanes",
        paths[0],
        "--minima",
        paths[1],
        "--plot",
        paths[2],
    ]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let table = lines(&lanes);
    assert_eq!(table[0], "lane,status,value,gradient_max,iterations,evaluations,x0,x1");
    assert_eq!(table.len(), 101);
    for (lane, line) in table[1..].iter().enumerate() {
        let words: Vec<&str> = line.split(',').collect();
        assert_eq!((words.len(), words[0]), (8, lane.to_string().as_str()));
        assert!(["converged_gradient", "precision_floor"].contains(&words[1]), "{line}");
        let [x, y] = [6, 7].map(|k| words[k].parse::<f64>().expect("a number"));
        assert!((x * x + y - 11.0).abs() + (x + y * y - 7.0).abs() < 1e-3, "{line}");
    }
    let table = lines(&minima);
    assert_eq!((table[0].as_str(), table.len()), ("value,lanes,lane,gradient_max,x0,x1", 5));
    let reached: usize = table[1..].iter().map(|line| line.split(',').nth(1).expect("lanes").parse::<usize>().expect("a count")).sum();
    assert_eq!(reached, 100);
    let picture = std::fs::read_to_string(&plot).expect("a picture");
    assert!(picture.starts_with("<svg") && picture.contains("value reached"), "{}", &picture[..100]);
}

#[test]
fn starts_and_bounds_and_data_come_from_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| written(&directory, name, text);
    let starts = write("starts.csv", "x,y\n3,2\n-2.8,3.1\n");
    let himmelblau = problem("himmelblau.wgsl");
    let report = json(&["minimize", &himmelblau, "--start-file", &starts, "--device=cpu", "--json"]);
    assert_eq!((&report["lanes"], report["minima"].as_array().expect("minima").len()), (&2.into(), 2));
    let bounds = write("bounds.csv", "low,high\n-6,0\n0,6\n");
    let report = json(&["minimize", &himmelblau, "--bounds-file", &bounds, "--device=cpu", "--json"]);
    let x = report["best"]["point"][0].as_f64().expect("x");
    assert!((x + 2.805_118).abs() < 1e-5, "the one minimum of that quarter: {x}");
    // exp(-t / 2) is met exactly by rate 0.5, whatever the file of the problem says of data.
    let fit = write(
        "fit.wgsl",
        "@group(0) @binding(0) var<storage, read> t: array<f32>;
         @group(0) @binding(1) var<storage, read> y: array<f32>;
         fn objective(x: array<f32, 1>) -> f32 {
             var sum = 0.0;
             for (var i = 0u; i < arrayLength(&t); i++) { let r = exp(-x[0] * t[i]) - y[i]; sum += r * r; }
             return sum;
         }",
    );
    let numbers: String = (0..5).map(|k| format!("{k},{}\n", (-0.5 * f64::from(k)).exp())).collect();
    let data = write("a:b.csv", &format!("time,level\n{numbers}"));
    let by = |t: &str, y: &str| {
        let (t, y) = (format!("t={data}:{t}"), format!("y={data}:{y}"));
        json(&["minimize", &fit, "--data", &t, "--data", &y, "--bounds=0,3", "--device=cpu", "--precision=f64", "--json"])
    };
    for report in [by("time", "level"), by("1", "2")] {
        assert!((report["best"]["point"][0].as_f64().expect("a rate") - 0.5).abs() < 1e-7, "{report}");
    }
}

#[test]
fn by_value_symmetric_minima_are_one() {
    let file = problem("lennard_jones.wgsl");
    let base = ["minimize", &file, "--set=ATOMS=4", "--bounds=-1,1", "--unbounded", "--starts=200", "--device=cpu", "--json"];
    let by_value = json(&[&base[..], &["--distinct", "value"]].concat());
    assert!((by_value["best"]["value"].as_f64().expect("an energy") + 6.0).abs() < 1e-9);
    assert!(by_value["minima"].as_array().expect("minima").len() < 5, "{by_value}");
    let by_point = json(&[&base[..], &["--distinct=point", "--polish=3"]].concat());
    assert!(by_point["minima"].as_array().expect("minima").len() > 50, "each turn of the cluster is a point of its own");
}

#[test]
fn the_best_value_is_that_of_the_first_minimum_in_f64_whatever_rounding_has_made_of_lanes() {
    let directory = tempfile::tempdir().expect("a directory");
    // f32 rounds the constant away: every lane is lower than f is anywhere.
    let text = "const C = 0.0003;
        fn objective(x: array<f32, 2>) -> f32 {
            let a = 1e4 + C + (x[0] - 1.0) * (x[0] - 1.0) + x[1] * x[1];
            return a - 1e4;
        }";
    let file = written(&directory, "flat.wgsl", text);
    for constant in ["C=0.0001", "C=0.0003", "C=0.0013"] {
        let report = json(&["minimize", &file, "--set", constant, "--bounds=-2,2", "--starts=500", "--device=cpu", "--json"]);
        for key in ["value", "point"] {
            assert_eq!(report["best"][key], report["minima"][0][key], "{constant}");
        }
    }
}

#[test]
fn minima_that_are_too_many_to_be_kept_are_counted() {
    let directory = tempfile::tempdir().expect("a directory");
    // Some 25,000 minima of one value.
    let file = written(&directory, "eggs.wgsl", "fn objective(x: array<f32, 2>) -> f32 { return sin(x[0]) + sin(x[1]); }");
    let arguments = ["minimize", &file, "--bounds=-500,500", "--starts=40000", "--polish=0", "--device=cpu", "--json"];
    let answer = run(&arguments);
    let report: Value = serde_json::from_str(&answer.out).expect("JSON");
    assert_eq!(report["minima"].as_array().expect("minima").len(), 10_000);
    assert!(report["minima_found"].as_u64().expect("a count") > 10_000, "{}", report["minima_found"]);
    assert!(answer.err.contains("distinct minima were found, of which the lowest 10,000 are kept"), "{}", answer.err);
}

#[test]
fn every_method_is_taken() {
    for method in ["lbfgs", "bfgs", "conjugate-gradient", "levenberg-marquardt"] {
        let arguments =
            ["minimize", &problem("himmelblau.wgsl"), "--starts=64", "--bounds=-6,6", "--unbounded", "--device=cpu", "--json", "--method"];
        let report = json(&[&arguments[..], &[method]].concat());
        assert!(report["best"]["value"].as_f64().expect("a value") < 1e-8, "{method}: {report}");
    }
}

#[test]
fn devices_are_listed_and_help_teaches_by_example() {
    let devices = json(&["devices", "--json"]);
    let cpu = devices.as_array().expect("a list").iter().find(|device| device["kind"] == "cpu").expect("the CPU engine");
    assert_eq!(cpu["auto"], true);
    assert!(run(&["devices"]).out.contains("CPU engine"));
    for command in ["minimize", "sweep", "resume", "check", "devices"] {
        let help = run(&[command, "--help"]);
        assert_eq!(help.code, 0);
        assert!(help.out.contains("JSON") || help.out.contains("Example"), "{command}: {}", help.out);
    }
    let help = run(&["--help"]);
    assert!(help.out.contains("manymin minimize rastrigin.wgsl") && help.out.contains("130 after Ctrl-C"), "{}", help.out);
    assert!(help.out.contains("MANYMIN_DEVICE") && help.out.contains("MANYMIN_ADAPTER"), "{}", help.out);
}

/// The examples that a help text ends with, each in one line, as a shell takes them.
fn examples(help: &str) -> Vec<String> {
    let text = help.replace("\\\n", " ");
    text.lines().filter_map(|line| line.strip_prefix("  manymin ")).map(String::from).collect()
}

#[test]
fn examples_of_the_help_are_whole_and_run_as_they_are_printed() {
    for command in [&["--help"][..], &["minimize", "--help"], &["sweep", "--help"], &["resume", "--help"], &["check", "--help"]] {
        let help = run(command).out;
        let begun = help.lines().position(|line| line.starts_with("Example")).expect("examples");
        for line in help.lines().skip(begun + 1).take_while(|line| !line.is_empty()) {
            assert!(line.starts_with("  ") && line.len() <= 80, "{command:?}: an example is broken: {line}");
        }
        for example in examples(&help) {
            let words: Vec<&str> = example.split_whitespace().collect();
            // Others take long, or what they go on from.
            if words[0] == "check" {
                let output = manymin(&words).current_dir(problem("")).output().expect("the program runs");
                assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
            }
            let files = words.iter().filter(|word| word.ends_with(".wgsl"));
            files.for_each(|file| assert!(std::path::Path::new(&problem(file)).is_file(), "{example}"));
        }
    }
}
