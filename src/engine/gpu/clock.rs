//! Time stamps: when the device began and ended each stage.

use std::cell::Cell;

use super::context::Gpu;
use crate::engine::telemetry::StageSeconds;
use crate::error::DeviceError;

/// What a pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Rounds,
    Compaction,
    Report,
    Placing,
}

const STAGES: [Stage; 4] = [Stage::Rounds, Stage::Compaction, Stage::Report, Stage::Placing];
/// For each stage yes or no.
pub(super) type Stages = [bool; STAGES.len()];
/// Two stamps of 64 bits for each stage.
pub(super) const STAMP_WORDS: usize = 4 * STAGES.len();

/// Stamps the beginning and the end of passes. They come back with the counters of the next rounds.
pub(super) struct Clock {
    /// None where the adapter has no time stamps.
    stamps: Option<Stamps>,
    /// Stages whose stamps have not been fetched.
    waiting: Cell<Stages>,
    seconds: [f64; STAGES.len()],
}

struct Stamps {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    /// Seconds of a tick.
    tick: f64,
}

/// Resolved stamps of a stage begin at a multiple of this.
const STRIDE: u64 = wgpu::QUERY_RESOLVE_BUFFER_ALIGNMENT;

impl Clock {
    pub(super) fn new(gpu: &Gpu) -> Result<Self, DeviceError> {
        let stamps = match gpu.timestamp_period {
            None => None,
            Some(nanoseconds) => {
                let count = 2 * STAGES.len() as u32;
                let descriptor = wgpu::QuerySetDescriptor { label: Some("stamps"), ty: wgpu::QueryType::Timestamp, count };
                let usage = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
                let resolved = gpu.buffer("stamps", STRIDE * STAGES.len() as u64, usage)?;
                Some(Stamps { queries: gpu.device.create_query_set(&descriptor), resolved, tick: f64::from(nanoseconds) * 1e-9 })
            }
        };
        Ok(Self { stamps, waiting: Cell::default(), seconds: [0.0; STAGES.len()] })
    }

    /// A clock of its own that goes on from here.
    pub(super) fn branch(&self, gpu: &Gpu) -> Result<Self, DeviceError> {
        Ok(Self { seconds: self.seconds, ..Self::new(gpu)? })
    }

    /// What a pass of `stage` writes its stamps by, if it is the first of its stage, or the last, or both.
    pub(super) fn writes(&self, stage: Stage, first: bool, last: bool) -> Option<wgpu::ComputePassTimestampWrites<'_>> {
        let index = 2 * stage as u32;
        self.stamps.as_ref().filter(|_| first || last).map(|stamps| wgpu::ComputePassTimestampWrites {
            query_set: &stamps.queries,
            beginning_of_pass_write_index: first.then_some(index),
            end_of_pass_write_index: last.then_some(index + 1),
        })
    }

    /// After the last pass: sends the stamps to the words of `lists` that begin at byte `at`.
    pub(super) fn resolve(&self, encoder: &mut wgpu::CommandEncoder, stage: Stage, lists: &wgpu::Buffer, at: u64) {
        if let Some(stamps) = &self.stamps {
            let (first, offset) = (2 * stage as u32, STRIDE * stage as u64);
            encoder.resolve_query_set(&stamps.queries, first..first + 2, &stamps.resolved, offset);
            encoder.copy_buffer_to_buffer(&stamps.resolved, offset, lists, at + 16 * stage as u64, 16);
            let mut waiting = self.waiting.get();
            waiting[stage as usize] = true;
            self.waiting.set(waiting);
        }
    }

    /// The stages whose stamps come with the next counters.
    pub(super) fn take_waiting(&self) -> Stages {
        self.waiting.take()
    }

    /// Adds up the stamps that came back.
    pub(super) fn note(&mut self, stages: Stages, words: &[u32]) {
        let Some(stamps) = &self.stamps else { return };
        for (k, words) in words.chunks_exact(4).enumerate().filter(|(k, _)| stages[*k]) {
            let stamp = |at: usize| u64::from(words[at]) | u64::from(words[at + 1]) << 32;
            // A clock that is set back tells nothing.
            self.seconds[k] += stamp(2).saturating_sub(stamp(0)) as f64 * stamps.tick;
        }
    }

    /// The seconds so far.
    pub(super) fn seconds(&self) -> Option<StageSeconds> {
        let [rounds, compaction, reports, placing] = self.seconds;
        self.stamps.as_ref().map(|_| StageSeconds { rounds, compaction, reports, placing })
    }
}
