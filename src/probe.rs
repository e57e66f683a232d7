//! Parts of the engines, by themselves: for this crate's benchmarks and tests; no part of the interface.

pub use crate::engine::cpu::probe::DirectionProbe;
use crate::problem::Problem;
use crate::problem::evaluate::chunk::{CHUNK, CHUNKS, Row};
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// Loses the GPU of `device`, as a driver does that resets it. The CPU engine can't be lost.
#[cfg(feature = "gpu")]
pub fn destroy(device: &crate::Device) {
    if let Some(gpu) = device.context() {
        gpu.destroy();
    }
}

/// The GPU of `device` as if its buffers held at most `largest` bytes and its work was waited for at most so long.
#[cfg(feature = "gpu")]
pub fn limited(device: &crate::Device, largest: u64, patience: std::time::Duration) -> crate::Device {
    device.context().map_or_else(|| device.clone(), |gpu| crate::Device::of(gpu.limited(largest, patience).into()))
}

/// How many lanes one block of the engine has.
pub const LANES: usize = crate::problem::evaluate::chunk::LANES;

/// The evaluator of one block of lanes, in f32.
#[derive(Clone)]
pub struct EvaluatorProbe {
    machine: Machine<f32>,
}

impl EvaluatorProbe {
    /// The evaluator of `problem`.
    pub fn new(problem: &Problem) -> Self {
        Self { machine: problem.machine() }
    }

    /// Sets the point and the parameters of one lane.
    pub fn set_lane(&mut self, lane: usize, point: &[f64], parameters: &[f64]) {
        self.machine.set_lane(lane, point, parameters);
    }

    /// Value and gradient of all lanes.
    pub fn evaluate(&mut self) {
        self.machine.evaluate(CHUNKS);
    }

    /// f of one lane.
    pub fn value(&self, lane: usize) -> f64 {
        at(self.machine.value(), lane)
    }

    /// The gradient of one lane.
    pub fn gradient(&self, lane: usize) -> Vec<f64> {
        self.machine.gradient().iter().map(|row| at(row, lane)).collect()
    }
}

/// One lane of a row.
pub(crate) fn at(row: &Row<f32>, lane: usize) -> f64 {
    row[lane / CHUNK].get().0[lane % CHUNK].to_f64()
}
