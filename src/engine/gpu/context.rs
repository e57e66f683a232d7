//! One opened adapter, and the calls to it: none panics, each failure is a typed error.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::kernels::KernelCache;
use super::loop_limit;
use super::trouble::{Trouble, typed};
use crate::device::{DeviceInfo, DeviceKind};
use crate::error::DeviceError;
use crate::large_stack::{on_large_stack, told};

/// One opened adapter. Whoever computes on it shares it in an `Arc`.
pub(crate) struct Gpu {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    /// What may be asked of the device: all that the adapter has.
    pub(crate) limits: wgpu::Limits,
    /// Nanoseconds of a tick of time stamps; none if the device has no time stamps.
    pub(crate) timestamp_period: Option<f32>,
    /// The loop iterations after which the driver silently ends the loops of an invocation, all loops of a dispatch together.
    pub(crate) loop_limit: Option<u32>,
    /// How long a submission may take before it counts as stuck.
    pub(crate) patience: Duration,
    pub(super) kernels: KernelCache,
    info: DeviceInfo,
    trouble: Trouble,
}

/// See [`Gpu::patience`]: far beyond any dispatch that watchdogs let pass; of software drivers, far beyond what their
/// compilers take for a long objective, which they put off to its first dispatch.
const PATIENCE: Duration = Duration::from_secs(60);
const SOFTWARE_PATIENCE: Duration = Duration::from_secs(900);

impl Gpu {
    /// Opens `adapter`.
    pub(crate) fn open(adapter: &wgpu::Adapter, info: DeviceInfo) -> Result<Self, DeviceError> {
        let failed = |message: String| DeviceError::Open { adapter: info.to_string(), message };
        // A cache of compiled pipelines would start later runs faster, but what is read from disk has to be trusted
        // (`create_pipeline_cache` is unsafe), and this crate has no unsafe code. Most drivers keep a cache themselves.
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("manymin"),
            required_features: adapter.features() & wgpu::Features::TIMESTAMP_QUERY,
            required_limits: adapter.limits(),
            // A few large arrays that live long: room kept for small ones would only be taken from other programs.
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        // What it can't grant is said by a panic, although nothing is asked that the adapter does not have.
        let opened = catch_unwind(AssertUnwindSafe(|| pollster::block_on(adapter.request_device(&descriptor))));
        let (device, queue) =
            opened.map_err(|panic| failed(told(panic.as_ref())))?.map_err(|error| failed(error.to_string().trim().into()))?;
        let trouble = Trouble::of(&device);
        let timestamps = device.features().contains(wgpu::Features::TIMESTAMP_QUERY);
        let mut gpu = Self {
            limits: device.limits(),
            timestamp_period: timestamps.then(|| queue.get_timestamp_period()),
            loop_limit: None,
            patience: PATIENCE,
            kernels: KernelCache::default(),
            device,
            queue,
            info,
            trouble,
        };
        // Known of software drivers alone; hardware is not kept waiting for a measurement.
        if gpu.info.kind == DeviceKind::Software {
            gpu.patience = SOFTWARE_PATIENCE;
            gpu.loop_limit = loop_limit::measure(&gpu)?;
        }
        Ok(gpu)
    }

    /// What it is.
    pub(crate) fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// An error if the device is lost, or has refused a command that nobody asked about.
    pub(crate) fn check(&self) -> Result<(), DeviceError> {
        // A loss is told only to those who ask, and not before the work under way is done.
        self.poll(wgpu::PollType::Poll).and(Ok(()))
    }

    /// Waits until `submission` is done, at most `limit`; afterwards it may be waited for again. Then as [`check`](Gpu::check).
    pub(crate) fn wait(&self, submission: &wgpu::SubmissionIndex, limit: Duration) -> Result<(), DeviceError> {
        let until = |submission_index| self.poll(wgpu::PollType::Wait { submission_index, timeout: Some(limit) });
        match until(Some(submission.clone()))? {
            Ok(_) => Ok(()),
            Err(wgpu::PollError::Timeout) => Err(DeviceError::TimedOut { limit }),
            Err(error) => {
                // It does not know the submission: so it is with a lost device, which took no more of them, and tells that
                // it is lost when those before are done.
                let _ = until(None)?;
                Err(DeviceError::Internal { message: error.to_string() })
            }
        }
    }

    /// `Device::poll` panics when the device is lost. The panic ends here, though its message has been printed: to keep it
    /// back takes a hook that is global to the program.
    fn poll(&self, what: wgpu::PollType) -> Result<Result<wgpu::PollStatus, wgpu::PollError>, DeviceError> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.device.poll(what)));
        if let Err(panic) = &polled {
            self.trouble.lose(told(panic.as_ref()));
        }
        self.trouble.check()?;
        polled.map_err(|panic| DeviceError::Lost { reason: told(panic.as_ref()) })
    }

    /// A buffer of at least `bytes`, rounded up to whole words.
    pub(crate) fn buffer(&self, label: &str, bytes: u64, usage: wgpu::BufferUsages) -> Result<wgpu::Buffer, DeviceError> {
        let limit = self.largest(usage);
        if bytes > limit {
            return Err(DeviceError::TooLarge { what: label.into(), bytes, limit });
        }
        // Of no bytes nothing can be bound.
        let size = bytes.max(wgpu::COPY_BUFFER_ALIGNMENT).next_multiple_of(wgpu::COPY_BUFFER_ALIGNMENT);
        let descriptor = wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false };
        self.scoped(|| self.device.create_buffer(&descriptor))?.map_err(|error| typed(&error, label, Some(bytes)))
    }

    /// The most bytes of one buffer that is bound whole.
    pub(crate) fn largest(&self, usage: wgpu::BufferUsages) -> u64 {
        let limits = &self.limits;
        let bound = |kind, limit| if usage.contains(kind) { limit } else { u64::MAX };
        let storage = bound(wgpu::BufferUsages::STORAGE, limits.max_storage_buffer_binding_size);
        let uniform = bound(wgpu::BufferUsages::UNIFORM, limits.max_uniform_buffer_binding_size);
        limits.max_buffer_size.min(storage).min(uniform)
    }

    /// A shader, parsed and validated, with all run-time checks.
    pub(crate) fn module(&self, label: &str, text: &str) -> Result<wgpu::ShaderModule, DeviceError> {
        on_large_stack(|| {
            let descriptor = wgpu::ShaderModuleDescriptor { label: Some(label), source: wgpu::ShaderSource::Wgsl(text.into()) };
            let mut info = None;
            let made = self.scoped(|| {
                let module = self.device.create_shader_module(descriptor);
                // naga's own messages and lines; to parse the text a second time for them would double the cost of all that pass.
                info = Some(pollster::block_on(module.get_compilation_info()));
                module
            })?;
            made.map_err(|error| match error {
                wgpu::Error::OutOfMemory { .. } => typed(&error, label, None),
                _ => refused(label, text, &error, info),
            })
        })?
    }

    /// The pipeline of a shader's entry point.
    pub(crate) fn pipeline(
        &self,
        label: &str,
        layout: &wgpu::PipelineLayout,
        module: &wgpu::ShaderModule,
        entry: &str,
    ) -> Result<wgpu::ComputePipeline, DeviceError> {
        let descriptor = wgpu::ComputePipelineDescriptor {
            label: Some(label),
            layout: Some(layout),
            module,
            entry_point: Some(entry),
            compilation_options: Default::default(),
            cache: None,
        };
        on_large_stack(|| self.scoped(|| self.device.create_compute_pipeline(&descriptor))?.map_err(|error| typed(&error, label, None)))?
    }

    /// Hands commands to the device.
    pub(crate) fn submit(&self, encoder: wgpu::CommandEncoder) -> Result<wgpu::SubmissionIndex, DeviceError> {
        self.scoped(|| self.queue.submit([encoder.finish()]))?.map_err(|error| typed(&error, "a submission", None))
    }

    /// Makes something, and catches what is wrong with it: errors that the device tells through scopes. Those of its loss
    /// it tells otherwise; they are the outer error.
    pub(crate) fn scoped<T>(&self, make: impl FnOnce() -> T) -> Result<Result<T, wgpu::Error>, DeviceError> {
        use wgpu::ErrorFilter::{Internal, OutOfMemory, Validation};
        let scopes = [Validation, Internal, OutOfMemory].map(|filter| self.device.push_error_scope(filter));
        let made = make();
        let errors = scopes.into_iter().rev().map(|scope| pollster::block_on(scope.pop()));
        // All of them are popped.
        let first = errors.fold(None, Option::or);
        self.check()?;
        Ok(first.map_or(Ok(made), Err))
    }

    /// The same device with buffers of at most `largest` bytes and less patience, for tests of what happens then.
    pub(crate) fn limited(&self, largest: u64, patience: Duration) -> Self {
        let limits = wgpu::Limits { max_storage_buffer_binding_size: largest, ..self.limits.clone() };
        Self {
            device: self.device.clone(),
            queue: self.queue.clone(),
            limits,
            timestamp_period: self.timestamp_period,
            loop_limit: self.loop_limit,
            patience,
            kernels: self.kernels.clone(),
            info: self.info.clone(),
            trouble: self.trouble.clone(),
        }
    }

    /// Loses the device, for tests of what happens then.
    pub(crate) fn destroy(&self) {
        self.device.destroy();
    }
}

/// Held by whoever sends work to a GPU: waits, when it is let go of, until all of it is done. Drivers in software compile kernels as
/// these first run, on a thread of their own, and crash if the program ends meanwhile.
pub(crate) struct Attendance(pub(crate) Arc<Gpu>);

impl Drop for Attendance {
    fn drop(&mut self) {
        // A device that has failed has nothing left to do.
        let _ = self.0.poll(wgpu::PollType::Wait { submission_index: None, timeout: Some(self.0.patience) });
    }
}

/// A refused shader, with the line that its first message is about.
fn refused(label: &str, text: &str, error: &wgpu::Error, info: Option<wgpu::CompilationInfo>) -> DeviceError {
    let messages = info.map(|info| info.messages).unwrap_or_default();
    let first = messages.into_iter().find(|message| message.message_type == wgpu::CompilationMessageType::Error);
    let line = first.as_ref().and_then(|message| message.location).map_or(0, |location| location.line_number);
    let message = first.map_or_else(|| error.to_string(), |message| message.message);
    DeviceError::Shader { label: label.into(), message: message.trim().into(), line, text: text.into() }
}
