//! How long a WGSL text takes to become a program with its gradient: `cargo bench --bench lowering --features wgsl [-- NAME...]`.
//!
//! One `name value` a line on standard output. A time is from the text and its data's numbers to a problem, which is differentiated
//! when it is built; beside it what starting one lane takes, which makes the CPU engine's code of it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use manymin::WgslSource;
use manymin::prelude::*;

/// Measurements of each file, of which the median counts.
const RUNS: usize = 21;

/// A problem file, and the numbers of its arrays.
struct Example {
    name: String,
    text: String,
    data: Vec<(String, Vec<f64>)>,
}

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut slowest = (0.0, String::new());
    for path in files() {
        let example = Example::read(&path);
        if !asked.is_empty() && !asked.contains(&example.name) {
            continue;
        }
        let (mut built, mut started) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let begun = Instant::now();
            let problem = example.build();
            built.push(begun.elapsed().as_secs_f64() * 1e3);
            let begun = Instant::now();
            start_one_lane(&problem);
            started.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        let milliseconds = median(built);
        println!("lowering_{}_ms {milliseconds:.2}, and {:.2} to start a lane", example.name, median(started));
        if milliseconds > slowest.0 {
            slowest = (milliseconds, example.name);
        }
    }
    println!("lowering_slowest_ms {:.2}, of {}", slowest.0, slowest.1);
}

/// All problem files, by name.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/problems");
    let entries = std::fs::read_dir(folder).expect("problem files");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "wgsl"));
    files.sort();
    files
}

impl Example {
    /// The file, and of the CSV that its comment names the columns that it has arrays for.
    fn read(path: &Path) -> Self {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).expect("a text");
        let source = WgslSource::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let description = source.description();
        let table = description.lines().find_map(|line| line.strip_prefix("data: "));
        let column = |array: &str| {
            let table = path.with_file_name(table.expect("a table for the arrays"));
            let mut reader = csv::Reader::from_path(table).expect("a table");
            let column = reader.headers().expect("names").iter().position(|name| name == array).expect("a column for the array");
            reader.records().map(|row| row.expect("a row")[column].parse().expect("a number")).collect()
        };
        let data = source.data_names().map(|array| (array.to_string(), column(array))).collect();
        Self { name, text, data }
    }

    /// The text as a problem, with its gradient.
    fn build(&self) -> Problem {
        let source = WgslSource::parse(&self.text).expect("a text that has been read before");
        let filled = self.data.iter().try_fold(source, |source, (array, numbers)| source.data(array, numbers));
        filled.and_then(|source| source.build()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

fn start_one_lane(problem: &Problem) {
    let n = problem.dimension();
    let starts = Starts::around(&vec![0.55; n], &vec![0.0; n], 1, 42).expect("a start");
    let starts = starts.with_parameters(nalgebra::DMatrix::from_element(problem.parameters(), 1, 0.5));
    Minimizer::new(Lbfgs::default()).start(&Device::cpu(Precision::F64), problem, &starts).expect("a batch");
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
