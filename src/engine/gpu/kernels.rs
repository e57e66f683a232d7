//! The pipelines that one objective needs, over one layout of bindings.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use super::context::Gpu;
use super::memory::{Memory, RULES};
use super::pace::reserve;
use super::shader::{self, WORKGROUP};
use super::shape::Shape;
use crate::error::DeviceError;
use crate::method::Walk;
use crate::problem::Problem;

/// What a dispatch is told: see `Rules` in shaders/memory.wgsl.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    pub(super) pool: u32,
    pub(super) list: u32,
    pub(super) first: u32,
    pub(super) count: u32,
    pub(super) rounds: u32,
    pub(super) flags: u32,
    pub(super) other: u32,
    pub(super) noise: f32,
}

/// The most workgroups in a row of a dispatch.
const ROW: u32 = 32_768;

impl Rules {
    /// Workgroups in x and y, an invocation a lane.
    fn groups(&self) -> (u32, u32) {
        let groups = self.count.div_ceil(WORKGROUP);
        (groups.min(ROW), groups.div_ceil(ROW))
    }

    fn words(&self) -> [u32; RULES] {
        let width = self.groups().0 * WORKGROUP;
        let noise = self.noise.to_bits();
        let words = [self.pool, self.list, self.first, self.count, width, self.rounds, self.flags, self.other, noise];
        let mut all = [0; RULES];
        all.iter_mut().zip(words).for_each(|(to, word)| *to = word);
        all
    }
}

/// The kernels, each an entry point of the one shader.
pub(crate) struct Kernels {
    pub(super) layout: wgpu::BindGroupLayout,
    pub(super) rounds: wgpu::ComputePipeline,
    pub(super) place: wgpu::ComputePipeline,
    pub(super) report: wgpu::ComputePipeline,
    pub(super) stop: wgpu::ComputePipeline,
    pub(super) pack: wgpu::ComputePipeline,
    count_active: wgpu::ComputePipeline,
    add_up: wgpu::ComputePipeline,
    spread: wgpu::ComputePipeline,
    /// Compiled when they are needed first: most batches stay where they are.
    state: OnceLock<StateKernels>,
    module: wgpu::ShaderModule,
    pipelines: wgpu::PipelineLayout,
}

/// The kernels that take the whole state of lanes away and bring it back.
pub(super) struct StateKernels {
    pub(super) save: wgpu::ComputePipeline,
    pub(super) restore: wgpu::ComputePipeline,
}

/// A kernel in a submission, and over what it goes.
pub(super) enum Dispatch<'a> {
    /// An invocation a lane.
    Lanes(&'a wgpu::ComputePipeline),
    /// One workgroup for all of them.
    Single(&'a wgpu::ComputePipeline),
}

/// Kernels that were made on a device, by the text of their shader, the latest last: an objective that is minimised again
/// is not compiled again.
#[derive(Clone, Default)]
pub(crate) struct KernelCache(Arc<Mutex<Vec<Made>>>);

/// Kernels with the text they were made of.
type Made = (String, Arc<Kernels>);

/// Kernels that are kept.
const KEPT: usize = 8;

impl KernelCache {
    /// The kernels for a problem of that shape.
    pub(super) fn get(&self, gpu: &Gpu, shape: Shape, walk: Walk, problem: &Problem) -> Result<Arc<Kernels>, DeviceError> {
        let text = shader::assemble(shape, walk, &problem.wgsl_within(gpu.loop_limit.map(|_| reserve(shape))));
        // Held while kernels are made, so that none are made twice.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (text, kernels) = match kept.iter().position(|(known, _)| *known == text) {
            Some(at) => kept.remove(at),
            None => {
                let kernels = Arc::new(Kernels::new(gpu, &text)?);
                (text, kernels)
            }
        };
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((text, Arc::clone(&kernels)));
        Ok(kernels)
    }
}

impl Kernels {
    fn new(gpu: &Gpu, text: &str) -> Result<Self, DeviceError> {
        let module = gpu.module("manymin", text)?;
        let entries: Vec<wgpu::BindGroupLayoutEntry> = (0..9).map(entry).collect();
        let layout = gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("lanes"), entries: &entries });
        let pipelines = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("lanes"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = |entry: &str| gpu.pipeline(entry, &pipelines, &module, entry);
        // The drivers of GPUs compile half a second at the rounds, and a little at each of the others.
        let others = ["place", "report", "stop", "pack", "count_active", "add_up", "spread"];
        let (rounds, others) = rayon::join(|| pipeline("rounds"), || others.into_par_iter().map(pipeline).collect::<Result<Vec<_>, _>>());
        let Ok([place, report, stop, pack, count_active, add_up, spread]) = <[_; 7]>::try_from(others?) else {
            unreachable!("each name has its pipeline")
        };
        Ok(Self {
            rounds: rounds?,
            place,
            report,
            stop,
            pack,
            count_active,
            add_up,
            spread,
            state: OnceLock::new(),
            layout,
            module,
            pipelines,
        })
    }

    /// The kernels of whole states.
    pub(super) fn state(&self, gpu: &Gpu) -> Result<&StateKernels, DeviceError> {
        if let Some(kernels) = self.state.get() {
            return Ok(kernels);
        }
        let pipeline = |entry: &str| gpu.pipeline(entry, &self.pipelines, &self.module, entry);
        let kernels = StateKernels { save: pipeline("save")?, restore: pipeline("restore")? };
        Ok(self.state.get_or_init(|| kernels))
    }

    /// The three kernels that take lanes that have ended from the list.
    pub(super) fn compaction(&self) -> [Dispatch<'_>; 3] {
        [Dispatch::Lanes(&self.count_active), Dispatch::Single(&self.add_up), Dispatch::Lanes(&self.spread)]
    }

    /// Hands the rules over for the next submission, and encodes kernels one after another, each over `rules.count` lanes.
    pub(super) fn encode(
        gpu: &Gpu,
        memory: &Memory,
        rules: &Rules,
        dispatches: &[Dispatch<'_>],
        stamps: Option<wgpu::ComputePassTimestampWrites<'_>>,
        encoder: &mut wgpu::CommandEncoder,
    ) {
        gpu.queue.write_buffer(&memory.rules, 0, bytemuck::cast_slice(&rules.words()));
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes: stamps });
        pass.set_bind_group(0, &memory.bindings, &[]);
        let (x, y) = rules.groups();
        for dispatch in dispatches {
            let (kernel, x, y) = match dispatch {
                Dispatch::Lanes(kernel) => (kernel, x, y),
                Dispatch::Single(kernel) => (kernel, 1, 1),
            };
            pass.set_pipeline(kernel);
            pass.dispatch_workgroups(x, y, 1);
        }
    }
}

/// Binding 0 is the rules, 6 the data, the others are written too.
fn entry(binding: u32) -> wgpu::BindGroupLayoutEntry {
    let kind = match binding {
        0 => wgpu::BufferBindingType::Uniform,
        _ => wgpu::BufferBindingType::Storage { read_only: binding == 6 },
    };
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty: kind, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    }
}
