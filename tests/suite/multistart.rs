//! Functions of global optimisation, beside what SciPy's L-BFGS-B makes of a thousand starts each: their values, how often lanes come to the
//! lowest minimum, and that a search finds it with less work.

mod functions;
mod scipy;
mod trials;

use functions::function;
use scipy::{Row, rows};
use trials::{LEVEL, chance_of_fewer, is_found, lanes_alone, search};

#[test]
fn functions_have_their_lowest_values_at_their_minimizers() {
    for row in rows() {
        let function = function(&row.name, row.dimension);
        let value = function.problem.evaluate(&function.minimizer, &[]).expect("a value").value;
        // As many digits as the minimizers have.
        let error = (value - row.lowest).abs() / row.lowest.abs().max(1.0);
        assert!(error < 1e-11, "{} of {}: {value} instead of {}", row.name, row.dimension, row.lowest);
    }
}

#[test]
fn lanes_come_to_the_lowest_minimum_as_often_as_scipys() {
    let rows: Vec<Row> = rows().into_iter().filter(Row::is_comparable_without_bounds).collect();
    for row in &rows {
        let (successes, _) = lanes_alone(row);
        let p = chance_of_fewer(successes, row.successes, row.starts);
        assert!(p >= LEVEL / rows.len() as f64, "{} of {}: {successes}, p = {p}", row.name, row.dimension);
    }
}

#[test]
fn a_search_finds_the_lowest_minimum_within_the_gradients_of_a_thousand_local_solves() {
    let mut beyond_scipy = 0;
    for row in rows().iter().filter(|row| row.bounded) {
        let found = search(row, 42);
        let is_found = is_found(row, &found);
        let evaluations = found.totals.evaluations;
        assert!(is_found || row.successes == 0, "{} of {}: {:?} after {evaluations}", row.name, row.dimension, found.best);
        beyond_scipy += usize::from(is_found && row.successes == 0);
    }
    // Of Rastrigin's function of five variables, Ackley's of ten and Trefethen's.
    assert!(beyond_scipy >= 2, "{beyond_scipy} of three that SciPy did not find");
}
