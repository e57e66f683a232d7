//! Parts of the engines, by themselves: for this crate's benchmarks and tests; no part of the interface.

pub use crate::engine::cpu::probe::DirectionProbe;
#[cfg(feature = "gpu")]
use crate::method::Status;
use crate::problem::Problem;
use crate::problem::evaluate::chunk::{CHUNK, CHUNKS, Row};
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// Gives the bytes of a checkpoint the length and checksum that they should have, so that what reads them gets to see them.
pub fn seal(checkpoint: &mut [u8]) {
    crate::checkpoint::frame::seal(checkpoint);
}

/// The most iterations that all loops of one evaluation take together; nobody knows them of verbatim WGSL.
pub fn loop_iterations(problem: &Problem) -> Option<u64> {
    problem.loop_iterations()
}

/// Loses the GPU of `device`, as a driver does that resets it. The CPU engine can't be lost.
#[cfg(feature = "gpu")]
pub fn destroy(device: &crate::Device) {
    if let Some(gpu) = device.context() {
        gpu.destroy();
    }
}

/// What the first evaluation of a lane told.
#[cfg(feature = "gpu")]
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// f at the start.
    pub value: f64,
    /// `max(|f|, scale / 4)`, which the noise of f is a small multiple of; NaN where the start was turned back.
    pub noise: f64,
    /// NaN where the start was turned back.
    pub gradient: Vec<f64>,
    /// How the lane stands after it; a lane that goes on has used up its budget.
    pub status: Status,
}

/// Value and gradient at each start, by the kernels of the GPU engine.
///
/// # Errors
/// [`DeviceError`](crate::DeviceError) if `device` is no GPU, or fails.
#[cfg(feature = "gpu")]
pub fn evaluate_on(device: &crate::Device, problem: &Problem, starts: &crate::Starts) -> crate::Result<Vec<Evaluated>> {
    let gpu = device.context().ok_or(crate::DeviceError::NoGpu { found: Vec::new() })?;
    Ok(crate::engine::gpu::probe::evaluate(gpu, problem, starts)?)
}

/// All of the shader that the GPU engine runs for `problem`, with a history of `memory` pairs.
#[cfg(feature = "gpu")]
pub fn shader_text(problem: &Problem, memory: usize) -> String {
    crate::engine::gpu::probe::text(problem, memory)
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
#[expect(missing_debug_implementations, reason = "no part of the interface")]
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
