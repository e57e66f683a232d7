//! What SciPy finds from many starts, as `tests/data/multistart_scipy.csv` has it.

use manymin::prelude::*;

/// One function, in its box or without bounds.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) dimension: usize,
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// Whether lanes were held in the box, or only began there.
    pub(crate) bounded: bool,
    /// The lowest value in the box.
    pub(crate) lowest: f64,
    pub(crate) starts: u32,
    /// How many of the starts came to the lowest value.
    pub(crate) successes: u32,
    /// Gradients that all starts took together.
    pub(crate) gradients: u64,
    /// Whether some went below the lowest value, outside of the box.
    below: bool,
}

impl Row {
    /// The box.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds::new(&self.lower, &self.upper).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Whether it is without bounds, and nothing was found outside of the box that is lower.
    pub(crate) fn is_comparable_without_bounds(&self) -> bool {
        !self.bounded && !self.below
    }

    /// The highest value that counts as the lowest: it may be off by 1e-4, relative to 1 or itself.
    pub(crate) fn target(&self) -> f64 {
        self.lowest + 1e-4 * self.lowest.abs().max(1.0)
    }
}

/// All rows.
pub(crate) fn rows() -> Vec<Row> {
    let mut table = csv::Reader::from_reader(include_str!("../../data/multistart_scipy.csv").as_bytes());
    let headers = table.headers().expect("headers").clone();
    let row = |record: csv::StringRecord| {
        let field = |name: &str| &record[headers.iter().position(|header| header == name).expect("a column")];
        let number = |name: &str| field(name).parse::<f64>().expect("a number");
        let dimension = number("dimension") as usize;
        let (lower, upper) = sides(field("bounds"), dimension);
        Row {
            name: field("function").into(),
            dimension,
            lower,
            upper,
            bounded: field("bounded") == "True",
            lowest: number("fglob"),
            starts: number("starts") as u32,
            successes: number("success_1e-4_rel") as u32,
            gradients: (number("mean_gradients") * number("starts")).round() as u64,
            below: !field("note").is_empty(),
        }
    };
    table.records().map(|record| row(record.expect("a row"))).collect()
}

/// Lower and upper sides from `[[-5, 10], [0, 15]]`, or `[[-5, 5], "... x10"]` where all components have the same.
fn sides(text: &str, dimension: usize) -> (Vec<f64>, Vec<f64>) {
    let entries: Vec<serde_json::Value> = serde_json::from_str(text).expect("a list");
    let pairs = entries.iter().filter_map(|entry| Some((entry.get(0)?.as_f64()?, entry.get(1)?.as_f64()?)));
    let pairs: Vec<(f64, f64)> = pairs.collect();
    pairs.into_iter().cycle().take(dimension).unzip()
}
