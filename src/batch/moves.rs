//! From one device to another, whether the first still answers or not.

use std::sync::Arc;

use super::Batch;
use crate::device::Device;
use crate::engine::state::{LaneState, Standing};
use crate::error::{DeviceError, Result};
use crate::minimizer::Minimizer;

impl Batch {
    /// Takes the batch to another device of the same precision. Lanes under way go on where they stand, with all that they
    /// remember, and nothing is evaluated twice. Between two devices of the same kind a move changes no bit of any result;
    /// between the CPU engine in f32 and a GPU, or two different GPUs, lanes go on from the same state with the rounding of
    /// the new device.
    ///
    /// If the device has failed, lanes under way begin again as the host last knew them: where [`sync`](Batch::sync) last
    /// found them, or at their starts. Lanes whose results have come are done, and don't run again. Since a lane's result
    /// depends on its start alone, results are those of a run that nothing has disturbed: bit for bit if the new device is
    /// of the same kind.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::auto()?, &rosenbrock, &starts)?;
    /// batch.step()?;
    /// batch.sync()?;
    /// if batch.run().is_err() {
    ///     batch.move_to(&Device::cpu(Precision::F32))?;
    ///     batch.run()?;
    /// }
    /// assert_eq!(batch.active(), 0);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// The pool is as large as [`Minimizer::pool`] says, or as the new device would have it; lanes under way that find no place
    /// wait for one, before the queue.
    ///
    /// # Errors
    /// [`DeviceError::Precision`]; also as [`Minimizer::start`]. The batch then stays where it is.
    pub fn move_to(&mut self, device: &Device) -> Result<()> {
        if device.precision() != self.device.precision() {
            return Err(DeviceError::Precision { from: self.device.to_string(), to: device.to_string() }.into());
        }
        self.collect();
        // That the device does not answer is no reason not to leave it.
        let states = self.engine.export().unwrap_or_else(|_| self.last_known());
        let (queue, changes) = (self.engine.queue().clone(), Arc::clone(self.engine.placement().changes()));
        let standing = Standing { states, queue, changes };
        self.engine = Minimizer::again(&self.settings).engine(device, &self.problem, &self.starts, standing)?;
        self.device = device.clone();
        Ok(())
    }

    /// Takes the state of all lanes under way to the host, where it stays until this is called again: if the device fails,
    /// [`move_to`](Batch::move_to) has them go on from there. Without it they begin again, which costs time and changes no
    /// result.
    ///
    /// It costs the transfer of [`Minimizer::bytes_per_lane`] for each lane under way, and in the host's memory that
    /// much in f64: about twice it for lanes in f32. The CPU engine does not fail, and needs none of it.
    ///
    /// # Errors
    /// As [`step`](Batch::step). What was taken before is kept.
    pub fn sync(&mut self) -> Result<()> {
        self.synced = Arc::new(self.engine.export()?.into_iter().map(|state| (state.lane(), state)).collect());
        Ok(())
    }

    /// Lanes that have started and not ended, as the host last knew them, by lane number.
    pub(super) fn last_known(&self) -> Vec<LaneState> {
        let mut under_way = vec![true; self.lanes()];
        let drained = self.drained.iter().enumerate().filter(|(_, status)| status.is_some()).map(|(lane, _)| lane);
        let finished = self.finished.records.iter().map(|record| record.summary.lane);
        let elsewhere = self.engine.queue().iter().chain(self.never.iter()).chain(self.paused.keys().copied());
        drained.chain(finished).chain(elsewhere).for_each(|lane| under_way[lane] = false);
        // The latest first: lanes on the host were no part of what failed.
        let held = self.engine.held();
        let mut states = Vec::new();
        let placement = self.placement();
        for state in held.iter().chain(self.synced.values()) {
            if std::mem::take(&mut under_way[state.lane()]) {
                let fields = state.fields.clone().with_demands(&placement.demands(state.lane()));
                states.push(LaneState { fields, ..state.clone() });
            }
        }
        for lane in (0..under_way.len()).filter(|&lane| under_way[lane]) {
            states.push(placement.fresh(lane));
        }
        states.sort_unstable_by_key(LaneState::lane);
        states
    }
}
