//! `sweep`: a line for each row, in order.

use super::{json, lines, problem, run, written};

#[test]
fn every_row_of_parameters_has_its_line_in_order() {
    let directory = tempfile::tempdir().expect("a directory");
    let (rows, best) = (directory.path().join("rows.csv"), directory.path().join("best.csv"));
    let table: String = (0..1_000).map(|k| format!("{},50\n", f64::from(k) / 100.0)).collect();
    std::fs::write(&rows, format!("weight,stiffness\n{table}")).expect("a file");
    let [rows, file] = [rows, best.clone()].map(|path| path.to_str().expect("a path").to_string());
    let arguments =
        ["sweep", &problem("sweep.wgsl"), "--parameters", &rows, "--bounds=-3,3", "--starts=4", "--device=cpu", "--lanes", &file, "--json"];
    let report = json(&arguments);
    assert_eq!((&report["rows"], &report["lanes"]), (&1_000.into(), &4_000.into()));
    assert_eq!(report["best"]["row"].as_u64(), Some(999), "the heaviest hangs lowest: {}", report["best"]);
    let table = lines(&best);
    assert_eq!(table[0], "row,lane,status,value,gradient_max,iterations,evaluations,x0,x1");
    assert_eq!(table.len(), 1_001);
    let values: Vec<f64> = table[1..]
        .iter()
        .enumerate()
        .map(|(row, line)| {
            let words: Vec<&str> = line.split(',').collect();
            assert_eq!(words[0], row.to_string());
            assert_eq!(words[1].parse::<usize>().expect("a lane") / 4, row, "lanes of a row follow each other");
            words[3].parse().expect("a value")
        })
        .collect();
    assert!(values.windows(2).all(|pair| pair[1] <= pair[0] + 1e-4), "the heavier, the lower");
    let chained = json(&[&arguments[..], &["--continuation", "16"]].concat());
    assert!((chained["best"]["value"].as_f64().expect("a value") - report["best"]["value"].as_f64().expect("a value")).abs() < 1e-3);
}

#[test]
fn a_limit_of_time_ends_a_sweep_with_the_rows_that_have_ended() {
    let directory = tempfile::tempdir().expect("a directory");
    let [slow, rows, best] = ["slow.wgsl", "rows.csv", "best.csv"].map(|name| directory.path().join(name));
    let text = "fn objective(x: array<f32, 2>, p: array<f32, 1>) -> f32 {
        var s = 0.0;
        for (var i = 0u; i < 2000u; i++) { let d = sin(x[0] * f32(i)) - p[0] + x[1]; s += d * d; }
        return s;
    }";
    std::fs::write(&slow, text).expect("a file");
    std::fs::write(&rows, (0..120_000).map(|k| format!("{}\n", f64::from(k) / 1e5)).collect::<String>()).expect("a file");
    let [slow, rows, file] = [&slow, &rows, &best].map(|path| path.to_str().expect("a path"));
    let report = json(&[
        "sweep",
        slow,
        "--parameters",
        rows,
        "--bounds=-3,3",
        "--pool=256",
        "--device=cpu",
        "--time-limit=0.5",
        "--json",
        "--lanes",
        file,
    ]);
    let count = report["rows"].as_u64().expect("rows") as usize;
    assert!(count > 1 && count < 120_000, "{report}");
    assert!(report["statuses"]["time_limit"].as_u64().expect("lanes") > 0, "{report}");
    assert_eq!(lines(&best).len(), count + 1);
}

#[test]
fn what_is_wrong_with_a_sweep_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let rows = &written(&directory, "rows.csv", "1,2,3\n");
    let file = problem("sweep.wgsl");
    let answer = run(&["sweep", &file, "--parameters", rows, "--bounds=-3,3", "--device=cpu"]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("row 0 has 3 parameters and the problem takes 2"), "{}", answer.err);
    for (text, said) in [
        ("", "there are no rows of numbers"),
        ("weight,stiffness\n", "there are no rows of numbers"),
        ("1,2\n3\n", "line 2 has 1 columns"),
        ("1,2\n3,x\n", "line 2, column 2: `x` is no number"),
        ("1,2,3\n", "the starts don't fit: row 0 has 3 parameters"),
    ] {
        std::fs::write(rows, text).expect("a file");
        let answer = run(&["sweep", &file, "--parameters", rows, "--bounds=-3,3", "--device=cpu", "--json"]);
        assert_eq!(answer.code, 2, "{text}: {}", answer.out);
        assert!(answer.err.contains(&format!("in `{rows}`: {said}")), "{}", answer.err);
    }
    let answer = run(&["sweep", &file, "--bounds=-3,3"]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("--parameters"), "{}", answer.err);
}
