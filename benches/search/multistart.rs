//! Functions with many minima, beside SciPy's L-BFGS-B from a thousand starts each.

use crate::scipy::{Row, rows};
use crate::trials::{LEVEL, chance_of_fewer, is_found, lanes_alone, search};

/// How often a search is tried with other seeds, besides.
const OTHER_SEEDS: u64 = 100;

/// How often lanes without bounds come to the lowest minimum.
pub(crate) fn local() {
    let rows: Vec<Row> = rows().into_iter().filter(Row::is_comparable_without_bounds).collect();
    let level = LEVEL / rows.len() as f64;
    let mut fewer = 0;
    for row in &rows {
        let (successes, evaluations) = lanes_alone(row);
        let p = chance_of_fewer(successes, row.successes, row.starts);
        let verdict = match p {
            _ if p < level => "less often",
            _ if 1.0 - p < level => "more often",
            _ => "as often",
        };
        fewer += usize::from(p < level);
        let a_lane = |all: u64| all as f64 / f64::from(row.starts);
        println!(
            "multistart_local_{}_{} {successes} beside {} of {}, p {p:.1e}, {verdict}; {:.1} evaluations a lane beside {:.1}",
            row.name,
            row.dimension,
            row.successes,
            row.starts,
            a_lane(evaluations),
            a_lane(row.gradients),
        );
    }
    println!("multistart_local_less_often {fewer} of {}, each at the level of {level:.1e}", rows.len());
}

/// How many evaluations a search in the box takes to the lowest minimum.
pub(crate) fn global() {
    for row in rows().iter().filter(|row| row.bounded) {
        let found = search(row, 42);
        let word = if is_found(row, &found) { "found" } else { "missed" };
        let others = (100..100 + OTHER_SEEDS).map(|seed| search(row, seed)).filter(|found| is_found(row, found));
        let mut evaluations: Vec<u64> = others.map(|found| found.totals.evaluations).collect();
        evaluations.sort_unstable();
        let median = evaluations.get(evaluations.len() / 2).copied().unwrap_or(row.gradients);
        println!(
            "multistart_search_{}_{} {word} after {} of {}; with {} of {OTHER_SEEDS} other seeds, half of these within {median}; SciPy {} of {}",
            row.name,
            row.dimension,
            found.totals.evaluations,
            row.gradients,
            evaluations.len(),
            row.successes,
            row.starts,
        );
    }
}
