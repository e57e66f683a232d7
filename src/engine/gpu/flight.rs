//! Rounds under way on the device, a few words on their way back.

use std::ops::Range;
use std::time::Instant;

use super::clock::{Clock, Stage, Stages};
use super::context::Gpu;
use super::kernels::{Dispatch, Kernels, Rules};
use super::memory::{COUNTERS, HEAD, Memory};
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

/// Rounds that were sent off.
pub(super) struct Flight {
    rules: Rules,
    /// Which of the two buffers its counts come back in, and whose time stamps come with them.
    turn: usize,
    stages: Stages,
    /// One for each portion.
    submissions: Vec<wgpu::SubmissionIndex>,
    begun: Instant,
}

impl Flight {
    /// Sends off `rules.rounds` rounds of `rules.count` lanes, `portion` lanes a dispatch.
    pub(super) fn launch(
        gpu: &Gpu,
        kernels: &Kernels,
        memory: &mut Memory,
        clock: &Clock,
        rules: Rules,
        portion: u32,
        turn: usize,
    ) -> Result<Self, DeviceError> {
        let begun = Instant::now();
        let lists = memory.lists().clone();
        let (mut first, mut submissions) = (0, Vec::new());
        loop {
            let count = portion.min(rules.count - first);
            let (begins, ends) = (first == 0, first + count == rules.count);
            let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            if begins {
                encoder.clear_buffer(&lists, 0, Some(4 * COUNTERS as u64));
            }
            let part = Rules { first, count, ..rules };
            let stamps = clock.writes(Stage::Rounds, begins, ends);
            Kernels::encode(gpu, memory, &part, &[Dispatch::Lanes(&kernels.rounds)], stamps, &mut encoder);
            if !ends {
                submissions.push(gpu.submit(encoder)?);
                first += count;
                continue;
            }
            clock.resolve(&mut encoder, Stage::Rounds, &lists, 4 * COUNTERS as u64);
            memory.counters[turn].start(gpu, &mut encoder, &lists, 0..HEAD)?;
            submissions.push(gpu.submit(encoder)?);
            return Ok(Self { rules, turn, stages: clock.take_waiting(), submissions, begun });
        }
    }

    /// What was sent off.
    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Waits for the rounds, and returns what was done, when they could begin (the ones before were done at `free`), and when
    /// they were done.
    pub(super) fn land(
        self,
        gpu: &Gpu,
        memory: &mut Memory,
        clock: &mut Clock,
        free: Option<Instant>,
    ) -> Result<(Counts, Range<Instant>), DeviceError> {
        // Each has its time, however many there are.
        for submission in &self.submissions {
            gpu.wait(submission, gpu.patience)?;
        }
        let Some(last) = self.submissions.last() else { unreachable!("rounds are sent off in a portion at least") };
        let words = memory.counters[self.turn].finish(gpu, last, gpu.patience)?;
        let (counters, stamps) = words.split_at(COUNTERS);
        clock.note(self.stages, stamps);
        let counts = Counts { active: counters[0], busy: counters[1], evaluations: counters[2], iterations: counters[3] };
        Ok((counts, free.map_or(self.begun, |free| free.max(self.begun))..Instant::now()))
    }
}
