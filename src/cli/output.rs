//! What goes to standard output and to files.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use manymin::{LaneResult, Minima};
use serde::Serialize;

use super::failure::{Failure, Result};

/// A run as JSON.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    pub(super) problem: &'a str,
    pub(super) device: String,
    pub(super) precision: &'a str,
    pub(super) lanes: usize,
    pub(super) seconds: f64,
    pub(super) iterations: u64,
    pub(super) evaluations: u64,
    pub(super) statuses: std::collections::BTreeMap<&'static str, usize>,
    pub(super) best: Option<&'a Best>,
    pub(super) minima: Vec<Found<'a>>,
    /// How many there are, those that are not listed included.
    pub(super) minima_found: usize,
}

/// The lowest value and where it is.
#[derive(Serialize)]
pub(super) struct Best {
    pub(super) value: f64,
    pub(super) point: Vec<f64>,
    pub(super) lane: usize,
}

/// A distinct minimum.
#[derive(Serialize)]
pub(super) struct Found<'a> {
    value: f64,
    point: &'a [f64],
    lanes: usize,
    gradient_max: f64,
}

impl<'a> Found<'a> {
    pub(super) fn all(minima: &'a Minima) -> Vec<Self> {
        let found = |m: &'a manymin::Minimum| Self { value: m.value, point: &m.point, lanes: m.lanes, gradient_max: m.gradient_max };
        minima.list.iter().map(found).collect()
    }
}

/// Tells standard error where more minima were found than are kept.
pub(super) fn tell_others(minima: &Minima) {
    if minima.others > 0 {
        let [listed, found] = [minima.list.len(), minima.list.len() + minima.others].map(|count| grouped(count as u64));
        // Where nobody reads it, the JSON still tells.
        let _ = writeln!(io::stderr(), "note: {found} distinct minima were found, of which the lowest {listed} are kept");
    }
}

/// Prints one JSON value on standard output. Numbers that are not finite are null.
pub(super) fn print_json(value: &impl Serialize) -> Result<()> {
    print(|out| {
        serde_json::to_writer(&mut *out, value)?;
        writeln!(out)
    })
}

/// Has `write` print on standard output. Where its reader has gone, nobody is left to be told.
pub(super) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Device(format!("standard output: {error}"))),
        _ => Ok(()),
    }
}

/// A CSV file that is written row by row.
pub(super) struct Sheet {
    name: String,
    writer: BufWriter<File>,
}

impl Sheet {
    /// Of lanes, with a column for each of `n` components after these.
    pub(super) fn create(path: &Path, columns: &str, n: usize) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| Failure::Device(format!("{name} can't be written: {error}")))?;
        let mut sheet = Self { name, writer: BufWriter::new(file) };
        let components: String = (0..n).map(|k| format!(",x{k}")).collect();
        sheet.line(&format!("{columns}{components}"))?;
        Ok(sheet)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        writeln!(self.writer, "{line}").map_err(|error| Failure::Device(format!("{} can't be written: {error}", self.name)))
    }

    /// A lane: `lane,status,value,gradient_max,iterations,evaluations` and its point, behind its row's number if it has one.
    pub(super) fn lane(&mut self, row: Option<usize>, lane: &LaneResult) -> Result<()> {
        let row = row.map_or_else(String::new, |row| format!("{row},"));
        let LaneResult { lane: number, status, value, gradient_max, iterations, evaluations, point, .. } = lane;
        let (status, point) = (status.name(), behind(point));
        self.line(&format!("{row}{number},{status},{value:?},{gradient_max:?},{iterations},{evaluations}{point}"))
    }

    /// A distinct minimum: `value,lanes,lane,gradient_max` and its point.
    pub(super) fn minimum(&mut self, minimum: &manymin::Minimum) -> Result<()> {
        let manymin::Minimum { value, lanes, lane, gradient_max, point, .. } = minimum;
        self.line(&format!("{value:?},{lanes},{lane},{gradient_max:?}{}", behind(point)))
    }

    /// Everything that was written is in the file.
    pub(super) fn finish(mut self) -> Result<()> {
        self.writer.flush().map_err(|error| Failure::Device(format!("{} can't be written: {error}", self.name)))
    }
}

pub(super) const LANE_COLUMNS: &str = "lane,status,value,gradient_max,iterations,evaluations";
pub(super) const ROW_COLUMNS: &str = "row,lane,status,value,gradient_max,iterations,evaluations";
pub(super) const MINIMUM_COLUMNS: &str = "value,lanes,lane,gradient_max";

/// 1234567 as 1,234,567.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let comma = |(k, digit): (usize, char)| if k > 0 && (digits.len() - k).is_multiple_of(3) { vec![',', digit] } else { vec![digit] };
    digits.chars().enumerate().flat_map(comma).collect()
}

/// The components of a point, each behind a comma. Numbers have the digits that give them back, small and large ones an exponent.
fn behind(point: &[f64]) -> String {
    point.iter().map(|x| format!(",{x:?}")).collect()
}
