//! The memory of a batch on the device: eight storage buffers, the rules, and what comes back to the host.

use std::sync::Mutex;

use wgpu::BufferUsages as Usage;

use super::clock::STAMP_WORDS;
use super::context::Gpu;
use super::readback::Readback;
use super::shader::{REPORT_WORDS, WORKGROUP, list};
use super::shape::Shape;
use crate::error::DeviceError;

/// Counters of a dispatch, and all words before the lists of slots: see `Lists` in shaders/memory.wgsl.
pub(super) const COUNTERS: usize = 4;
pub(super) const HEAD: usize = COUNTERS + STAMP_WORDS;
/// The words of `Rules` there.
pub(super) const RULES: usize = 12;
/// A transfer takes one in so many of the pool's lanes at once.
const PORTIONS: usize = 16;

/// How much memory a batch takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(super) shape: Shape,
    /// Slots; a multiple of [`WORKGROUP`].
    pub(super) pool: usize,
    /// Elements of shared data.
    pub(super) data: usize,
}

impl Sizes {
    pub(super) fn new(shape: Shape, lanes: usize, data: usize) -> Self {
        Self { shape, pool: lanes.max(1).next_multiple_of(WORKGROUP as usize), data }
    }

    /// Lanes that one transfer brings or takes.
    pub(super) fn portion(&self) -> usize {
        self.pool.div_ceil(PORTIONS).next_multiple_of(WORKGROUP as usize)
    }

    /// Lanes whose whole state one transfer brings or takes.
    pub(super) fn states(&self) -> usize {
        self.report_words() / self.shape.state_words()
    }

    /// Words of the largest transfer.
    fn transfer_words(&self) -> usize {
        self.report_words().max(self.shape.start_words().saturating_mul(self.portion()))
    }

    /// The storage buffers in the order of their bindings: name and bytes. None is empty, since empty ones can't be bound.
    pub(super) fn storage(&self) -> [(&'static str, u64); 8] {
        let (shape, pool) = (self.shape, self.pool);
        let lists = HEAD + list::SUMS as usize * pool + pool / WORKGROUP as usize;
        let words = [
            ("fields", shape.field_elements().saturating_mul(pool)),
            ("vectors", shape.vector_elements().saturating_mul(pool)),
            ("steps", shape.step_elements().saturating_mul(pool)),
            ("changes", shape.change_elements().saturating_mul(pool)),
            ("parameters", shape.parameters.saturating_mul(pool)),
            ("data", self.data),
            ("lists", lists),
            ("transfer", self.transfer_words()),
        ];
        words.map(|(name, words)| (name, (words.max(1) as u64).saturating_mul(4)))
    }

    /// Words of the largest transfer to the host, which is of reports or of one whole state at least.
    fn report_words(&self) -> usize {
        (REPORT_WORDS + self.shape.point_words()).saturating_mul(self.portion()).max(self.shape.state_words())
    }

    /// All that a batch allocates, in bytes.
    pub(super) fn total(&self) -> u64 {
        let reports = (self.report_words() as u64).saturating_mul(4);
        self.storage().iter().fold(reports, |sum, (_, bytes)| sum.saturating_add(*bytes))
    }

    /// The most lanes of this shape whose memory stays within `binding` bytes a buffer and `total` bytes in all; 0 if not
    /// even one workgroup's.
    pub(super) fn most_lanes(shape: Shape, data: usize, binding: u64, total: u64) -> usize {
        let fits = |groups: usize| {
            let sizes = Self::new(shape, groups * WORKGROUP as usize, data);
            sizes.total() <= total && sizes.storage().iter().all(|(_, bytes)| *bytes <= binding)
        };
        let (mut most, mut beyond) = (0, 1 << 26);
        while most + 1 < beyond {
            let middle = most + (beyond - most) / 2;
            if fits(middle) { most = middle } else { beyond = middle }
        }
        most * WORKGROUP as usize
    }
}

/// The buffers of a batch.
pub(super) struct Memory {
    pub(super) sizes: Sizes,
    pub(super) rules: wgpu::Buffer,
    storage: Vec<wgpu::Buffer>,
    /// Reports on their way back, and two turns of counters.
    pub(super) reports: Mutex<Readback>,
    pub(super) counters: [Readback; 2],
    pub(super) bindings: wgpu::BindGroup,
}

impl Memory {
    pub(super) fn new(gpu: &Gpu, layout: &wgpu::BindGroupLayout, sizes: Sizes) -> Result<Self, DeviceError> {
        let rules = gpu.buffer("rules", 4 * RULES as u64, Usage::UNIFORM | Usage::COPY_DST)?;
        let usage = Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST;
        let storage = sizes.storage().iter().map(|(name, bytes)| gpu.buffer(name, *bytes, usage)).collect::<Result<Vec<_>, _>>()?;
        let reports = Mutex::new(Readback::new(gpu, "reports", sizes.report_words())?);
        let counters = [Readback::new(gpu, "counters", HEAD)?, Readback::new(gpu, "counters", HEAD)?];
        let buffers = std::iter::once(&rules).chain(&storage);
        let entries: Vec<wgpu::BindGroupEntry<'_>> = buffers
            .enumerate()
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding: binding as u32, resource: buffer.as_entire_binding() })
            .collect();
        let bindings = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some("lanes"), layout, entries: &entries });
        gpu.check()?;
        Ok(Self { sizes, rules, storage, reports, counters, bindings })
    }

    pub(super) fn named(&self, name: &str) -> &wgpu::Buffer {
        let at = self.sizes.storage().iter().position(|buffer| buffer.0 == name).unwrap_or_default();
        &self.storage[at]
    }

    pub(super) fn data(&self) -> &wgpu::Buffer {
        self.named("data")
    }

    pub(super) fn lists(&self) -> &wgpu::Buffer {
        self.named("lists")
    }

    pub(super) fn transfer(&self) -> &wgpu::Buffer {
        self.named("transfer")
    }

    /// Copies everything from another batch of the same sizes.
    pub(super) fn copy(&self, encoder: &mut wgpu::CommandEncoder, other: &Self) {
        for (to, source) in self.storage.iter().zip(&other.storage) {
            encoder.copy_buffer_to_buffer(source, 0, to, 0, source.size());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_of_ten_components_takes_about_a_kilobyte() {
        let shape = Shape { dimension: 10, memory: 8, matrix: 0, parameters: 0, bounded: false, trail: 0 };
        let sizes = Sizes::new(shape, 65_536, 0);
        let bytes = sizes.total() as f64 / 65_536.0;
        assert!((1100.0..1300.0).contains(&bytes), "{bytes}");
    }

    #[test]
    fn one_transfer_takes_a_whole_state_at_least() {
        for (dimension, memory, parameters) in [(1, 1, 0), (10, 8, 3), (500, 64, 0), (2, 5_000, 0), (1, 1, 9_000)] {
            let sizes = Sizes::new(Shape { dimension, memory, matrix: 0, parameters, bounded: dimension > 1, trail: parameters }, 1, 0);
            assert!(sizes.states() >= 1 && sizes.transfer_words() >= sizes.states() * sizes.shape.state_words(), "{sizes:?}");
        }
    }

    #[test]
    fn pools_are_as_large_as_limits_allow() {
        let shape = Shape { dimension: 10, memory: 8, matrix: 0, parameters: 0, bounded: false, trail: 0 };
        let (binding, total) = (128 << 20, 1 << 30);
        let lanes = Sizes::most_lanes(shape, 0, binding, total);
        assert_eq!(lanes, (128 << 20) / (4 * 96) / 64 * 64, "the history fills its binding");
        assert_eq!(Sizes::most_lanes(shape, 0, 4 * 96 * 64, total), 64, "one workgroup");
        assert_eq!(Sizes::most_lanes(shape, 0, 4 * 96 * 64 - 1, total), 0);
        assert_eq!(Sizes::most_lanes(shape, 1 << 30, binding, total), 0, "the data alone are too much");
    }
}
