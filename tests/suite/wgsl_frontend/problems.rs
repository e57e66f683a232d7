//! The problem files of the examples: each is read, differentiated, and has the minimum that its comment says.

use std::fs;
use std::path::{Path, PathBuf};

use manymin::prelude::*;

/// Digits of the known values, and of the points that they are reached at.
const KNOWN: f64 = 1e-9;

/// Slopes at points of ten digits, relative to the terms.
const STATIONARY: f64 = 1e-5;

/// All problem files, by name.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/problems");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "wgsl"));
    files.sort();
    assert!(files.len() >= 12, "{files:?}");
    files
}

/// Their names and texts.
pub(super) fn texts() -> impl Iterator<Item = (String, String)> {
    files().into_iter().map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap()))
}

fn numbers(list: &str) -> Vec<f64> {
    list.split(',').map(|number| number.trim().parse().unwrap_or_else(|_| panic!("`{number}` in {list}"))).collect()
}

/// What follows `key: ` in a description.
fn said<'a>(description: &'a str, key: &str) -> Option<&'a str> {
    description.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
}

/// The file's problem with its data, and its known minimum: value, point and parameters.
fn read(path: &Path) -> (Problem, f64, Vec<f64>, Vec<f64>) {
    let mut source = WgslSource::parse(&fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{error}"));
    let description = source.description();
    assert!(description.len() > 100 && description.contains("manymin "), "{description}");
    let bounds = said(&description, "bounds").expect("bounds").split(';').map(numbers).collect::<Vec<_>>();
    assert!(bounds.iter().all(|pair| pair.len() == 2 && pair[0] < pair[1]), "{bounds:?}");
    let minimum = said(&description, "minimum").expect("a minimum");
    let (minimum, with) = minimum.split_once(" with ").unwrap_or((minimum, ""));
    let (value, point) = minimum.split_once(" at ").expect("a point");
    let mut parameters = Vec::new();
    match with.split_once('=') {
        Some(("p ", list)) => parameters = numbers(list),
        Some((name, value)) => source = source.set(name, value.parse().unwrap()).unwrap(),
        None => {}
    }
    if let Some(file) = said(&description, "data").filter(|_| source.data_names().next().is_some()) {
        let mut reader = csv::Reader::from_path(path.with_file_name(file)).unwrap();
        let header: Vec<String> = reader.headers().unwrap().iter().map(String::from).collect();
        let rows: Vec<Vec<f64>> = reader.records().map(|row| row.unwrap().iter().map(|number| number.parse().unwrap()).collect()).collect();
        let names: Vec<String> = source.data_names().map(String::from).collect();
        for name in names {
            let column = header.iter().position(|head| *head == name).unwrap_or_else(|| panic!("no column {name}"));
            source = source.data(&name, &rows.iter().map(|row| row[column]).collect::<Vec<_>>()).unwrap();
        }
    }
    let problem = source.build().unwrap_or_else(|error| panic!("{error}"));
    let mut point = numbers(point);
    if point.len() == 1 {
        point = vec![point[0]; problem.dimension()];
    }
    (problem, value.parse().unwrap(), point, parameters)
}

#[test]
fn every_problem_has_the_minimum_that_it_says() {
    for path in files() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (problem, value, minimum, parameters) = read(&path);
        let at = problem.evaluate(&minimum, &parameters).unwrap();
        assert!((at.value - value).abs() <= KNOWN * value.abs().max(1.0), "{name}: {} for {value}", at.value);
        // Ackley's minimum is a kink.
        let steepest = at.gradient.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
        assert!(name.starts_with("ackley") || steepest < STATIONARY * at.scale.max(1.0), "{name}: {:?}", at.gradient);
        let aside: Vec<f64> = minimum.iter().enumerate().map(|(i, v)| v + 0.05 * (1.0 + (i as f64).sin())).collect();
        let check = problem.check_gradient(&aside, &parameters).unwrap();
        assert!(check.error < super::DIFFERENCES, "{name}: {check:?}");
        super::valid_shader(&name, &problem);
    }
}
