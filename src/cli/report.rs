//! What a person reads of a run.

use std::collections::BTreeMap;

use manymin::{Minima, Minimum, Outcome, Status};

use super::output::{Best, grouped};

/// The most minima, and components of a point, that a terminal is given.
const MINIMA: usize = 10;
const COMPONENTS: usize = 6;

/// Prints how lanes ended, what they did, and what they found.
pub(super) fn print(outcome: &Outcome, minima: &Minima, lowest: Option<&Best>, seconds: f64) {
    print_statuses(&outcome.status_counts());
    print_work(outcome.evaluations(), seconds);
    if minima.list.is_empty() {
        let best = outcome.best();
        println!("\nno lane ended in success; the lowest value met is {:.8}, by lane {}: {}", best.value, best.lane, best.status);
        return;
    }
    println!("\n{:>20}  {:>9}  {:>9}  point", "value", "lanes", "gradient");
    minima.list.iter().take(MINIMA).for_each(print_minimum);
    let (more, lanes) = (minima.list.len().saturating_sub(MINIMA), minima.list.iter().skip(MINIMA).map(|m| m.lanes).sum::<usize>());
    if more + minima.others > 0 {
        let (more, lanes) = (more + minima.others, lanes + minima.other_lanes);
        println!(
            "and {} higher {}, which {} lanes reached",
            grouped(more as u64),
            plural(more, "minimum", "minima"),
            grouped(lanes as u64)
        );
    }
    if let Some(lowest) = lowest.filter(|lowest| lowest.value < minima.list[0].value) {
        let status = outcome.statuses()[lowest.lane];
        println!("the lowest value met is {:.10}, by lane {}, no minimum: {status}", lowest.value, lowest.lane);
    }
}

fn print_minimum(minimum: &Minimum) {
    let shown: Vec<String> = minimum.point.iter().take(COMPONENTS).map(|x| format!("{x:.6}")).collect();
    let more = if minimum.point.len() > COMPONENTS { ", ..." } else { "" };
    let value = format!("{:.10}", minimum.value);
    println!("{value:>20}  {:>9}  {:>9.1e}  ({}{more})", grouped(minimum.lanes as u64), minimum.gradient_max, shown.join(", "));
}

/// The most frequent way to end first.
pub(super) fn print_statuses(counts: &BTreeMap<Status, usize>) {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|&(_, lanes)| std::cmp::Reverse(lanes));
    println!("\n{:>10}  status", "lanes");
    for (status, lanes) in counts {
        println!("{:>10}  {status}", grouped(*lanes as u64));
    }
}

/// Evaluations, and how fast they were.
pub(super) fn print_work(evaluations: u64, seconds: f64) {
    let rate = grouped((evaluations as f64 / seconds.max(1e-9)) as u64);
    println!("\n{} evaluations in {seconds:.2} s: {rate} a second", grouped(evaluations));
}

fn plural<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}
