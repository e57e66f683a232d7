//! Reading problems, and the numbers that go with them.

use std::path::Path;

use manymin::{Error, Problem, ProblemError, Table, WgslError, WgslSource};

use super::args::ProblemArgs;
use super::failure::{Failure, Result};

/// A problem from a file.
pub(super) struct Loaded {
    pub(super) problem: Problem,
    /// The file's name.
    pub(super) name: String,
    /// The comment at the top of the file.
    pub(super) description: String,
}

impl Loaded {
    pub(super) fn read(args: &ProblemArgs) -> Result<Self> {
        let path = &args.problem;
        let named = |error: &dyn std::fmt::Display| Failure::Misuse(format!("{}: {error}", path.display()));
        let text = std::fs::read_to_string(path)
            .map_err(|error| named(&format!("{error}; check the path: a problem is a WGSL file, as in examples/problems")))?;
        let mut source = WgslSource::parse(&text).map_err(|error| named(&error))?;
        for set in &args.set {
            let (name, value) = split(set, "--set", "NAME=VALUE")?;
            source = source.set(name, number(value, "--set")?).map_err(|error| named(&format!("with --set {set}: {error}")))?;
        }
        for data in &args.data {
            let (name, values) = column(data)?;
            source = source.data(name, &values).map_err(|error| named(&error))?;
        }
        let description = source.description();
        let given = |name: &str| args.data.iter().any(|data| data.split_once('=').is_some_and(|(known, _)| known == name));
        let missing = source.data_names().find(|name| !given(name)).map(String::from);
        let problem = source.build().map_err(|error| match &missing {
            Some(name) => {
                let known = matches!(error, Error::Problem(ProblemError::Wgsl(WgslError::NoNumbers { .. })));
                let more = if known { String::new() } else { format!("\n{error}") };
                named(&format!("the array `{name}` has no numbers: give it some, as in --data {name}=FILE:COLUMN{more}"))
            }
            None => named(&error),
        })?;
        Ok(Self { problem, name: file_name(path), description })
    }
}

/// The last part of a path.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The array that `NAME=FILE:COLUMN` names, and its numbers.
fn column(data: &str) -> Result<(&str, Vec<f64>)> {
    const FORM: &str = "NAME=FILE:COLUMN";
    let (name, place) = split(data, "--data", FORM)?;
    let (file, column) = place.rsplit_once(':').ok_or_else(|| Failure::Misuse(format!("--data is `{data}`; it takes {FORM}")))?;
    let column = Table::open(file).and_then(|table| table.column(column));
    Ok((name, column.map_err(|error| Failure::Misuse(format!("--data {data}: {error}")))?))
}

fn split<'a>(text: &'a str, option: &str, form: &str) -> Result<(&'a str, &'a str)> {
    text.split_once('=').ok_or_else(|| Failure::Misuse(format!("{option} is `{text}`; it takes {form}")))
}

/// Numbers with commas between them.
pub(super) fn numbers(text: &str, option: &str) -> Result<Vec<f64>> {
    text.split(',').map(|word| number(word, option)).collect()
}

fn number(word: &str, option: &str) -> Result<f64> {
    word.trim().parse().map_err(|_| Failure::Misuse(format!("{option}: `{word}` is no number; write it as 3, -0.5 or 1e-6")))
}
