//! Elements of storage that an iteration touches, beside those that L-BFGS must: the two-loop recursion reads every vector
//! of the history twice.

use manymin::Device;

use crate::{DIMENSION, MEMORY, Result, figure, rosenbrock, starts, warm};

const LANES: usize = 16_384;
/// Words of a lane's fields, each loaded and stored once a dispatch.
const FIELDS: f64 = 38.0;
/// Components that pairs are read and written by.
const BLOCK: usize = 4;

/// Counted from the shaders, for a lane whose history is full, with the rounds a dispatch that a free run takes.
pub(crate) fn figures(device: &Device) -> Result<()> {
    let mut batch = warm(device, &rosenbrock(DIMENSION)?, &starts(LANES)?)?;
    batch.run()?;
    let Some(telemetry) = batch.telemetry() else { return Ok(()) };
    let totals = batch.totals();
    let (n, m) = (DIMENSION as f64, MEMORY as f64);
    let evaluations = totals.evaluations as f64 / totals.iterations as f64;
    let rounds = telemetry.rounds as f64 / telemetry.dispatches as f64;
    // x, g and d live in an invocation's own memory between rounds; they and the fields are loaded and stored a dispatch.
    let around = (2.0 * FIELDS + 6.0 * n) * evaluations / rounds;
    // shaders/lbfgs.wgsl: each pair twice, and 1 / s.y twice. shaders/pairs.wgsl: the new pair. Both by whole blocks.
    let padded = DIMENSION.next_multiple_of(BLOCK) as f64;
    let (must, recursion, rho, pair) = (4.0 * m * n, 4.0 * m * padded, 2.0 * m, 2.0 * padded + 1.0);
    let touched = recursion + rho + pair + around;
    eprintln!("    {evaluations:.2} evaluations an iteration, {rounds:.2} rounds a dispatch");
    figure("elements_an_iteration_must_touch", must);
    figure("elements_an_iteration_touches", touched);
    figure("bytes_a_lane_and_iteration", 4.0 * touched);
    Ok(())
}
