//! What lanes cost that have ended.

use manymin::{Device, Lbfgs, Minimizer, Problem, Starts, Tolerances};
use nalgebra::DMatrix;

use crate::{DIMENSION, Result, figure, seconds};

const LANES: usize = 65_536;
/// One lane in so many goes on when the others have ended.
const LONG: usize = 10;
/// Rounds of the lanes that go on.
const ROUNDS: u32 = 200;

/// A batch of which nine in ten end within the first tenth of the rounds, over its useful rounds of lanes at the price of a
/// batch in which no lane ends.
pub(crate) fn figures(device: &Device) -> Result<()> {
    // p sum of |x_i| roots: a bowl for p = 0, which ends at once; lanes of p = 1 go on along a curved valley.
    let problem = Problem::builder(DIMENSION).parameters(1).build(|x, c| {
        let p = c.parameter(0);
        x.sum(0..DIMENSION - 1, |i| p * 100.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2) + (1.0 - x.at(i)).powi(2))
            + (1.0 - p) * x[DIMENSION - 1].powi(2)
    })?;
    let starts = |lanes: usize, long: usize| {
        let points = DMatrix::from_fn(DIMENSION, lanes, |i, lane| ((lane * 37 + i * 101) % 997) as f64 / 249.0 - 2.0);
        let parameters = DMatrix::from_fn(1, lanes, |_, lane| f64::from(u8::from(lane % long == 0)));
        Starts::from_matrix(points).with_parameters(parameters)
    };
    // No lane of p = 1 ends before its limit, to the tolerance 0.
    let minimizer = || {
        Minimizer::new(Lbfgs::default())
            .tolerances(Tolerances { gradient_max: 1e-30, target: Some(1e-12), ..Tolerances::default() })
            .max_evaluations(ROUNDS)
    };
    let time = |starts: &Starts| -> Result<(f64, u64)> {
        let mut first = minimizer().start(device, &problem, starts)?;
        first.advance(1)?;
        first.stop()?;
        let mut batch = minimizer().start(device, &problem, starts)?;
        let (time, ()) = seconds(|| Ok(batch.run()?))?;
        eprintln!("    {:?}", batch.telemetry());
        Ok((time, batch.evaluations()))
    };
    let (all, all_rounds) = time(&starts(LANES / LONG, 1))?;
    let (mixed, mixed_rounds) = time(&starts(LANES, LONG))?;
    let price = all / all_rounds as f64;
    eprintln!("    {mixed_rounds} rounds of lanes in {mixed:.3} s; {all_rounds} in {all:.3} s where lanes end together");
    figure("finished_lanes_ratio", mixed / (price * mixed_rounds as f64));
    Ok(())
}
