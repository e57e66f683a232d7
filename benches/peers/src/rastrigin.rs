//! A global search: a million Sobol starts of Rastrigin's function through a pool, with the table of distinct minima, beside TFP's batches of 4,096
//! starts, which leave the table to the user.

use std::f64::consts::TAU;
use std::io::{self, Write};
use std::time::Instant;

use manymin::{Bounds, Device, Lbfgs, Minimizer, Precision, Problem, Search, Starts, Tolerances};

use crate::tfp_peer::Tfp;
use crate::{Contestant, ITERATIONS, MEMORY, ROUNDS, Result, SEED, SMALL_BATCH, TOLERANCE};

const DIMENSION: usize = 10;
const HALF_WIDTH: f64 = 5.12;
const STARTS: usize = 1_000_000;
/// Lanes that are under way at once.
const POOL: usize = 16_384;

/// Measures both in turn, and prints starts a second, the best of the rounds, and their ratio.
pub(crate) fn report(tfp: Option<&Tfp>) -> Result<()> {
    let bounds = Bounds::new(&[-HALF_WIDTH; DIMENSION], &[HALF_WIDTH; DIMENSION])?;
    let tfp = tfp.map(|tfp| tfp.of("rastrigin"));
    let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..ROUNDS {
        ours = ours.min(search(&bounds)? / STARTS as f64);
        if let Some(tfp) = &tfp {
            let batch = tfp.run(&Starts::sobol(&bounds, SMALL_BATCH, SEED))?;
            theirs = theirs.min(batch.seconds / SMALL_BATCH as f64);
        }
    }
    let mut out = io::stdout().lock();
    writeln!(out, "rastrigin_starts_per_second_manymin {:.0}", 1.0 / ours)?;
    if tfp.is_some() {
        writeln!(out, "rastrigin_starts_per_second_tfp {:.0}", 1.0 / theirs)?;
        writeln!(out, "speedup_tfp_rastrigin {:.2}", theirs / ours)?;
    }
    Ok(out.flush()?)
}

/// The seconds of the whole search.
fn search(bounds: &Bounds) -> Result<f64> {
    let problem = Problem::new(DIMENSION, |x| x.sum(0..DIMENSION, |i| 10.0 + x.at(i).powi(2) - 10.0 * (TAU * x.at(i)).cos()))?;
    let minimizer = Minimizer::new(Lbfgs { memory: MEMORY })
        .tolerances(Tolerances { gradient_max: TOLERANCE, ..Tolerances::default() })
        .max_iterations(ITERATIONS)
        .pool(POOL);
    let begin = Instant::now();
    let found = Search::new(minimizer).run(&Device::cpu(Precision::F32), &problem, &Starts::sobol(bounds, STARTS, SEED))?;
    let seconds = begin.elapsed().as_secs_f64();
    let minima = found.minima.list.len() + found.minima.others;
    eprintln!("{minima} minima, the lowest {:.6}, in {seconds:.2} s", found.minima.list.first().map_or(f64::NAN, |first| first.value));
    Ok(seconds)
}
