//! A history as CSV and JSON.

use std::io::{Result, Write};

use serde::Serialize;

use super::{History, LaneRow, Quantiles, Row};
use crate::method::Status;

/// All statuses, by their numbers.
fn statuses() -> impl Iterator<Item = Status> {
    (0..).map_while(Status::from_code)
}

impl History {
    /// Writes the [rows](History::rows) as CSV, a line each: `number,seconds,evaluations,iterations,best,lanes`, then for
    /// `value` and for `gradient_max` the columns `_minimum,_lower_quartile,_median,_upper_quartile,_maximum`, and then for each
    /// status by its name how many lanes stand so. `lanes` are those that have a value.
    ///
    /// # Errors
    /// Of the writer.
    pub fn write_csv(&self, writer: impl Write) -> Result<()> {
        const NUMBERS: [&str; 6] = ["number", "seconds", "evaluations", "iterations", "best", "lanes"];
        const QUANTILES: [&str; 5] = ["minimum", "lower_quartile", "median", "upper_quartile", "maximum"];
        let mut csv = csv::Writer::from_writer(writer);
        let quantiles = ["value", "gradient_max"].iter().flat_map(|of| QUANTILES.iter().map(move |name| format!("{of}_{name}")));
        let names = statuses().map(|status| status.name().to_string());
        csv.write_record(NUMBERS.iter().map(ToString::to_string).chain(quantiles).chain(names))?;
        for row in &self.rows {
            let Row { number, seconds, evaluations, iterations, best, value, gradient_max, .. } = row;
            let numbers = [text(number), text(seconds), text(evaluations), text(iterations), text(best), text(&value.lanes)];
            let quantiles = [value, gradient_max].into_iter().flat_map(|of| {
                let Quantiles { minimum, lower_quartile, median, upper_quartile, maximum, .. } = of;
                [minimum, lower_quartile, median, upper_quartile, maximum].map(text)
            });
            let counts = statuses().map(|status| text(&row.statuses.get(&status).copied().unwrap_or(0)));
            csv.write_record(numbers.into_iter().chain(quantiles).chain(counts))?;
        }
        csv.flush()
    }

    /// Writes the [rows of chosen lanes](History::lane_rows) as CSV, a line each: `number,lane,iteration,value,gradient_max,
    /// gradient_norm,step,alpha,mu,evaluations,status`, and `x0,x1,...` if their points were asked for.
    ///
    /// # Errors
    /// Of the writer.
    pub fn write_lanes_csv(&self, writer: impl Write) -> Result<()> {
        const COLUMNS: [&str; 11] =
            ["number", "lane", "iteration", "value", "gradient_max", "gradient_norm", "step", "alpha", "mu", "evaluations", "status"];
        let mut csv = csv::Writer::from_writer(writer);
        let components = self.lane_rows.first().map_or(0, |row| row.point.len());
        csv.write_record(COLUMNS.iter().map(ToString::to_string).chain((0..components).map(|i| format!("x{i}"))))?;
        for row in &self.lane_rows {
            let LaneRow { number, lane, iteration, value, gradient_max, gradient_norm, step, alpha, mu, evaluations, status, point } = row;
            let counts = [text(number), text(lane), text(iteration)];
            let numbers = [value, gradient_max, gradient_norm, step, alpha, mu].map(text);
            let rest = [text(evaluations), status.name().to_string()];
            csv.write_record(counts.into_iter().chain(numbers).chain(rest).chain(point.iter().map(text)))?;
        }
        csv.flush()
    }

    /// Writes all of it as one JSON object, `{"rows": [...], "lanes": [...]}`, with the fields of [`Row`] and [`LaneRow`];
    /// statuses by their names; a number that is not finite is null.
    ///
    /// # Errors
    /// Of the writer.
    pub fn write_json(&self, mut writer: impl Write) -> Result<()> {
        #[derive(Serialize)]
        struct Whole<'a> {
            rows: &'a [Row],
            lanes: &'a [LaneRow],
        }
        serde_json::to_writer(&mut writer, &Whole { rows: &self.rows, lanes: &self.lane_rows })?;
        writer.flush()
    }
}

/// A number as it reads back the same.
fn text(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
}

/// The status of a name.
fn named(name: &str) -> Option<Status> {
    statuses().find(|status| status.name() == name)
}

/// A status by its name.
pub(super) mod status {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::method::Status;

    pub(in super::super) fn serialize<S: Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(status.name())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Status, D::Error> {
        let name = String::deserialize(deserializer)?;
        super::named(&name).ok_or_else(|| D::Error::custom(format!("there is no status `{name}`")))
    }
}

/// Counts by the names of statuses.
pub(super) mod counts {
    use std::collections::BTreeMap;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::method::Status;

    pub(in super::super) fn serialize<S: Serializer>(counts: &BTreeMap<Status, usize>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(counts.iter().map(|(status, count)| (status.name(), count)))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Status, usize>, D::Error> {
        let counts = BTreeMap::<String, usize>::deserialize(deserializer)?;
        let status = |name: &str| super::named(name).ok_or_else(|| D::Error::custom(format!("there is no status `{name}`")));
        counts.into_iter().map(|(name, count)| Ok((status(&name)?, count))).collect()
    }
}
