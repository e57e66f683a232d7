//! Host work and reading back between dispatches.

use manymin::{Batch, Device};

use crate::{DIMENSION, Result, figure, minimizer, rosenbrock, seconds, starts, warm};

const LANES: usize = 65_536;
const MILLION: usize = 1_000_000;

/// The share of a run in which the device has no rounds to do, of a free run and of one by `step()`.
pub(crate) fn figures(device: &Device) -> Result<()> {
    let (problem, starts) = (rosenbrock(DIMENSION)?, starts(LANES)?);
    let run = |name: &str, all: &dyn Fn(&mut Batch) -> manymin::Result<()>| -> Result<f64> {
        let mut batch = warm(device, &problem, &starts)?;
        let (time, ()) = seconds(|| Ok(all(&mut batch)?))?;
        figure(&format!("microseconds_a_lane_{name}"), 1e6 * time / LANES as f64);
        let Some(telemetry) = batch.telemetry() else { return Ok(time) };
        figure(&format!("dispatches_{name}"), telemetry.dispatches as f64);
        figure(&format!("useful_share_{name}"), telemetry.lane_rounds as f64 / telemetry.listed_rounds as f64);
        figure(&format!("bytes_read_a_lane_{name}"), telemetry.bytes_read as f64 / LANES as f64);
        match telemetry.seconds {
            None => eprintln!("the adapter has no time stamps: no share of host work"),
            Some(stages) => {
                eprintln!("    {name}: {stages:?}");
                figure(&format!("overhead_share_{name}"), 1.0 - stages.rounds / time);
            }
        }
        Ok(time)
    };
    let free = run("free", &|batch| batch.run())?;
    let stepped = run("step", &|batch| {
        while batch.active() > 0 {
            batch.step()?;
        }
        Ok(())
    })?;
    figure("step_over_free", stepped / free);
    Ok(())
}

/// A million lanes, in waves where they outgrow the device.
pub(crate) fn million(device: &Device) -> Result<()> {
    let (problem, starts) = (rosenbrock(DIMENSION)?, starts(MILLION)?);
    let mut batch = minimizer().start(device, &problem, &starts)?;
    let (time, drained) = seconds(|| {
        let mut drained = 0;
        while batch.active() > 0 {
            batch.advance(64)?;
            drained += batch.drain_finished().len();
        }
        Ok(drained)
    })?;
    if drained != MILLION {
        return Err(format!("{drained} results of {MILLION} lanes").into());
    }
    let allocated = batch.telemetry().map_or(0, |telemetry| telemetry.bytes_allocated);
    figure("million_device_mebibytes", allocated as f64 / f64::from(1 << 20));
    figure("million_microseconds_a_lane", 1e6 * time / MILLION as f64);
    Ok(())
}
