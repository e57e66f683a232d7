//! How many loop iterations a driver runs before it silently ends a loop.
//!
//! lavapipe ends each invocation's loops after 65,535 iterations in one dispatch, all loops together, and reports nothing.

use std::time::Duration;

use super::context::Gpu;
use super::readback::Readback;
use crate::error::DeviceError;

/// More rounds than the limit that is known.
const ROUNDS: u32 = 70_000;

/// A software driver compiles this within a fraction of a second, and runs it in a millisecond.
const PATIENCE: Duration = Duration::from_secs(30);

/// Each number of the sequence depends on the one before, so that no compiler can take the loop away; the number of rounds is
/// not known to it either.
const TEXT: &str = "
@group(0) @binding(0) var<storage, read_write> words: array<u32>;

@compute @workgroup_size(1)
fn main() {
    let rounds = words[0];
    var count = 0u;
    var number = 1u;
    for (var i = 0u; i < rounds; i += 1u) {
        number = number * 1664525u + 1013904223u;
        count += 1u;
    }
    words[1] = count;
    words[2] = number;
}
";

/// The iterations that were run, if they are fewer than asked for.
pub(crate) fn measure(gpu: &Gpu) -> Result<Option<u32>, DeviceError> {
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
    let words = gpu.buffer("loop limit", 12, usage)?;
    gpu.queue.write_buffer(&words, 0, &ROUNDS.to_le_bytes());
    let kernel = Kernel::new(gpu, TEXT, &words)?;
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    kernel.dispatch(&mut encoder, 1);
    let mut readback = Readback::new(gpu, "loop limit read", 3)?;
    readback.start(gpu, &mut encoder, &words, 0..3)?;
    let submission = gpu.submit(encoder)?;
    let counted = readback.finish(gpu, &submission, PATIENCE)?[1];
    Ok((counted < ROUNDS).then_some(counted))
}

/// A kernel `main` of one storage buffer, for measurements and tests.
pub(crate) struct Kernel {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
}

impl Kernel {
    pub(crate) fn new(gpu: &Gpu, text: &str, words: &wgpu::Buffer) -> Result<Self, DeviceError> {
        let module = gpu.module("kernel", text)?;
        let ty = wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Storage { read_only: false },
            has_dynamic_offset: false,
            min_binding_size: None,
        };
        let entry = wgpu::BindGroupLayoutEntry { binding: 0, visibility: wgpu::ShaderStages::COMPUTE, ty, count: None };
        let of_group = gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &[entry] });
        let descriptor = wgpu::PipelineLayoutDescriptor { label: None, bind_group_layouts: &[Some(&of_group)], immediate_size: 0 };
        let layout = gpu.device.create_pipeline_layout(&descriptor);
        let entries = [wgpu::BindGroupEntry { binding: 0, resource: words.as_entire_binding() }];
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &of_group, entries: &entries });
        Ok(Self { pipeline: gpu.pipeline("kernel", &layout, &module, "main")?, group })
    }

    pub(crate) fn dispatch(&self, encoder: &mut wgpu::CommandEncoder, workgroups: u32) {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        pass.dispatch_workgroups(workgroups, 1, 1);
    }
}
