//! `manymin sweep`

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;

use manymin::{Control, Error, LaneResult, Precision, Rows, StartsError, Sweep, Swept, TableError};
use serde::Serialize;

use super::args::SweepArgs;
use super::drive::{on_interrupt, rest};
use super::failure::{Failure, Result};
use super::output::{ROW_COLUMNS, Sheet, grouped, print_json};
use super::problem::Loaded;
use super::progress::Rows as Progress;
use super::{files, output, report, setup};

#[derive(Serialize)]
struct Report<'a> {
    problem: &'a str,
    device: String,
    precision: &'a str,
    rows: usize,
    lanes: usize,
    seconds: f64,
    iterations: u64,
    evaluations: u64,
    statuses: BTreeMap<&'static str, usize>,
    best: Option<Best<'a>>,
}

#[derive(Serialize)]
struct Best<'a> {
    value: f64,
    point: &'a [f64],
    lane: usize,
    row: usize,
}

pub(super) fn run(args: &SweepArgs) -> Result<()> {
    let begun = Instant::now();
    let Loaded { problem, name, .. } = Loaded::read(&args.problem)?;
    setup::check_seconds("--time-limit", args.time_limit)?;
    let bounds = setup::bounds(&args.start, problem.dimension())?;
    let starts = setup::starts(&args.start, bounds.as_ref(), args.starts, 1)?;
    setup::check_dimension(&starts, &problem)?;
    files::check(&args.lanes.iter().map(|path| ("--lanes", path.as_path())).collect::<Vec<_>>())?;
    let device = setup::device_of(&args.run)?;
    let mut sweep = Sweep::new(setup::minimizer(&args.run, None, setup::holding(&args.start, bounds.as_ref())));
    if let Some(chains) = args.continuation {
        sweep = sweep.continuation(chains);
    }
    let rows = rows(&args.parameters)?;
    let mut sheet = args.lanes.as_ref().map(|path| Sheet::create(path, ROW_COLUMNS, problem.dimension())).transpose()?;
    let interrupted = on_interrupt()?;
    sweep = sweep.interrupt(&interrupted);
    if let Some(seconds) = args.time_limit {
        sweep = sweep.time_limit(rest(seconds, begun));
    }
    let progress = Progress::new();
    let mut best: Option<(usize, LaneResult)> = None;
    let mut unwritten = None;
    let swept = sweep.run(&device, &problem, &starts, rows, |row| {
        progress.show(row.row + 1);
        if let Some(Err(failure)) = sheet.as_mut().map(|sheet| sheet.lane(Some(row.row), &row.best)) {
            unwritten = Some(failure);
            return Ok(Control::Stop);
        }
        if row.best.value.is_finite() && best.as_ref().is_none_or(|(_, best)| row.best.value < best.value) {
            best = Some((row.row, row.best));
        }
        Ok(Control::Continue)
    });
    progress.clear();
    let swept = swept.map_err(|error| match error {
        Error::Starts(StartsError::Row { .. }) => Failure::Misuse(format!("in `{}`: {error}", args.parameters.display())),
        error => error.into(),
    })?;
    let written = unwritten.map_or_else(|| sheet.map_or(Ok(()), Sheet::finish), Err);
    if args.json {
        print_json(&Report {
            problem: &name,
            device: device.to_string(),
            precision: if device.precision() == Precision::F64 { "f64" } else { "f32" },
            rows: swept.rows,
            lanes: swept.lanes,
            seconds: swept.seconds,
            iterations: swept.totals.iterations,
            evaluations: swept.totals.evaluations,
            statuses: swept.statuses.iter().map(|(status, lanes)| (status.name(), *lanes)).collect(),
            best: best.as_ref().map(|(row, best)| Best { value: best.value, point: &best.point, lane: best.lane, row: *row }),
        })?;
    } else {
        output::print(|out| print(out, &name, &swept, best.as_ref()))?;
    }
    written?;
    if interrupted.load(Ordering::Relaxed) {
        return Err(Failure::Interrupted);
    }
    let ended = |status: &manymin::Status| status.is_success() || status.is_budget();
    if swept.statuses.keys().any(ended) { Ok(()) } else { Err(Failure::NoSuccess) }
}

/// The rows of a file, of which there is at least one; what is wrong with them names the file.
fn rows(file: &Path) -> Result<impl Iterator<Item = manymin::Result<Vec<f64>>> + use<>> {
    let path = file.display().to_string();
    let named = move |error| match error {
        TableError::Unreadable { .. } => error,
        error => TableError::In { path: path.clone(), error: Box::new(error) },
    };
    let mut rows = Rows::open(file).map_err(|error| Error::from(named(error)))?.peekable();
    if rows.peek().is_none() {
        return Err(Error::from(named(TableError::Empty)).into());
    }
    Ok(rows.map(move |row| row.map_err(|error| named(error).into())))
}

fn print(out: &mut dyn Write, name: &str, swept: &Swept, best: Option<&(usize, LaneResult)>) -> io::Result<()> {
    writeln!(out, "{name}: {} rows of parameters, {} lanes", grouped(swept.rows as u64), grouped(swept.lanes as u64))?;
    report::print_statuses(out, &swept.statuses)?;
    report::print_work(out, swept.totals.evaluations, swept.seconds)?;
    if swept.stopped {
        writeln!(out, "the sweep was stopped before its end: rows that had not ended are left out")?;
    }
    if let Some((row, best)) = best {
        writeln!(out, "lowest value {} in row {row}", best.value)?;
    }
    Ok(())
}
