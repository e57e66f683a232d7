//! A dispatch under way: rounds on the device, a few words on their way back.

use std::time::{Duration, Instant};

use super::context::Gpu;
use super::kernels::{Dispatch, Kernels, Rules};
use super::memory::{COUNTERS, Memory};
use crate::error::DeviceError;

/// What the lanes of a dispatch did: see `Lists` in shaders/memory.wgsl.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    /// Lanes that have not ended, and those of them that have not accepted a step of this `step()`.
    pub(super) active: u32,
    pub(super) busy: u32,
    pub(super) evaluations: u32,
    pub(super) iterations: u32,
}

/// How long a dispatch may take before it counts as stuck.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Rounds that were sent off.
pub(super) struct Flight {
    pub(super) rounds: u32,
    /// Which of the two buffers its counts come back in.
    turn: usize,
    submission: wgpu::SubmissionIndex,
    begun: Instant,
}

impl Flight {
    /// Sends off `rules.rounds` rounds of `rules.count` lanes.
    pub(super) fn launch(gpu: &Gpu, kernels: &Kernels, memory: &mut Memory, rules: &Rules, turn: usize) -> Result<Self, DeviceError> {
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let lists = memory.lists().clone();
        encoder.clear_buffer(&lists, 0, Some(4 * COUNTERS as u64));
        Kernels::encode(gpu, memory, rules, &[Dispatch::Lanes(&kernels.rounds)], &mut encoder);
        memory.counters[turn].start(gpu, &mut encoder, &lists, 0..COUNTERS)?;
        Ok(Self { rounds: rules.rounds, turn, submission: gpu.submit(encoder)?, begun: Instant::now() })
    }

    /// Waits for them, and returns what was done and the seconds since they were sent off.
    pub(super) fn land(self, gpu: &Gpu, memory: &mut Memory) -> Result<(Counts, f64), DeviceError> {
        let words = memory.counters[self.turn].finish(gpu, &self.submission, PATIENCE)?;
        let [active, busy, evaluations, iterations] = words[..] else { unreachable!("as many words as counters") };
        Ok((Counts { active, busy, evaluations, iterations }, self.begun.elapsed().as_secs_f64()))
    }
}
