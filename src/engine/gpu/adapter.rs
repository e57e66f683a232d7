//! Adapters: what there is, and opening one.

use std::sync::Arc;

use super::context::Gpu;
use crate::device::{DeviceInfo, DeviceKind, DeviceLimits, STORAGE_BUFFERS};
use crate::error::DeviceError;

/// All adapters of Vulkan, Metal and DX12, sorted by kind; of one kind, in their driver's order.
pub(crate) struct Adapters {
    adapters: Vec<wgpu::Adapter>,
    infos: Vec<DeviceInfo>,
}

impl Adapters {
    /// Asks the drivers.
    pub(crate) fn find() -> Self {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::PRIMARY;
        let instance = wgpu::Instance::new(descriptor);
        let found = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
        let mut described: Vec<_> = found.into_iter().map(|adapter| (describe(&adapter), adapter)).collect();
        described.sort_by_key(|(info, _)| info.kind);
        let (infos, adapters) = described.into_iter().unzip();
        Self { adapters, infos }
    }

    /// What they are.
    pub(crate) fn infos(&self) -> &[DeviceInfo] {
        &self.infos
    }

    /// Opens one of them, by its place in [`infos`](Adapters::infos).
    pub(crate) fn open(&self, index: usize) -> Result<Arc<Gpu>, DeviceError> {
        Gpu::open(&self.adapters[index], self.infos[index].clone()).map(Arc::new)
    }
}

fn describe(adapter: &wgpu::Adapter) -> DeviceInfo {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => DeviceKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => DeviceKind::Integrated,
        wgpu::DeviceType::VirtualGpu => DeviceKind::Virtual,
        wgpu::DeviceType::Other => DeviceKind::Other,
        wgpu::DeviceType::Cpu => DeviceKind::Software,
    };
    let backend = match info.backend {
        wgpu::Backend::Vulkan => "Vulkan".into(),
        wgpu::Backend::Metal => "Metal".into(),
        wgpu::Backend::Dx12 => "DX12".into(),
        other => other.to_string(),
    };
    let limits = DeviceLimits {
        binding: limits.max_storage_buffer_binding_size,
        buffer: limits.max_buffer_size,
        workgroups: limits.max_compute_workgroups_per_dimension,
        storage_buffers: limits.max_storage_buffers_per_shader_stage,
    };
    DeviceInfo {
        name: info.name,
        kind,
        backend,
        driver: format!("{} {}", info.driver, info.driver_info).trim().into(),
        limits: Some(limits),
        auto: kind != DeviceKind::Software && limits.storage_buffers >= STORAGE_BUFFERS,
    }
}
