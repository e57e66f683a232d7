//! What a person reads of a run.

use std::collections::BTreeMap;
use std::io::{self, Write};

use manymin::{Minima, Minimum, Outcome, Status};

use super::output::{Best, grouped};

/// The most minima, and components of a point, that a terminal is given.
const MINIMA: usize = 10;
const COMPONENTS: usize = 6;

/// Prints how lanes ended, what they did, and what they found.
pub(super) fn print(out: &mut dyn Write, outcome: &Outcome, minima: &Minima, lowest: Option<&Best>, seconds: f64) -> io::Result<()> {
    print_statuses(out, &outcome.status_counts())?;
    print_work(out, outcome.evaluations(), seconds)?;
    if minima.list.is_empty() {
        let best = outcome.best();
        return writeln!(
            out,
            "\nno lane ended in success; the lowest value met is {:.8}, by lane {}: {}",
            best.value, best.lane, best.status
        );
    }
    writeln!(out, "\n{:>20}  {:>9}  {:>9}  point", "value", "lanes", "gradient")?;
    minima.list.iter().take(MINIMA).try_for_each(|minimum| print_minimum(out, minimum))?;
    let (more, lanes) = (minima.list.len().saturating_sub(MINIMA), minima.list.iter().skip(MINIMA).map(|m| m.lanes).sum::<usize>());
    if more + minima.others > 0 {
        let (more, lanes) = (more + minima.others, lanes + minima.other_lanes);
        writeln!(
            out,
            "and {} higher {}, which {} lanes reached",
            grouped(more as u64),
            plural(more, "minimum", "minima"),
            grouped(lanes as u64)
        )?;
    }
    if let Some(lowest) = lowest.filter(|lowest| lowest.value < minima.list[0].value) {
        let status = outcome.statuses()[lowest.lane];
        writeln!(out, "the lowest value met is {:.10}, by lane {}, no minimum: {status}", lowest.value, lowest.lane)?;
    }
    Ok(())
}

fn print_minimum(out: &mut dyn Write, minimum: &Minimum) -> io::Result<()> {
    let shown: Vec<String> = minimum.point.iter().take(COMPONENTS).map(|x| format!("{x:.6}")).collect();
    let more = if minimum.point.len() > COMPONENTS { ", ..." } else { "" };
    let value = format!("{:.10}", minimum.value);
    writeln!(out, "{value:>20}  {:>9}  {:>9.1e}  ({}{more})", grouped(minimum.lanes as u64), minimum.gradient_max, shown.join(", "))
}

/// The most frequent way to end first.
pub(super) fn print_statuses(out: &mut dyn Write, counts: &BTreeMap<Status, usize>) -> io::Result<()> {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|&(_, lanes)| std::cmp::Reverse(lanes));
    writeln!(out, "\n{:>10}  status", "lanes")?;
    for (status, lanes) in counts {
        writeln!(out, "{:>10}  {status}", grouped(*lanes as u64))?;
    }
    Ok(())
}

/// Evaluations, and how fast they were.
pub(super) fn print_work(out: &mut dyn Write, evaluations: u64, seconds: f64) -> io::Result<()> {
    let rate = grouped((evaluations as f64 / seconds.max(1e-9)) as u64);
    writeln!(out, "\n{} evaluations in {seconds:.2} s: {rate} a second", grouped(evaluations))
}

fn plural<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}
