//! What is told of a device.

use std::fmt;

/// What kind of device it is, in the order in which [`Device::auto`](crate::Device::auto) prefers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DeviceKind {
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// A part of a GPU, given to a virtual machine.
    Virtual,
    /// A GPU that does not say what it is.
    Other,
    /// The CPU engine.
    Cpu,
    /// A software driver: GPU commands computed by the processor, for tests. The CPU engine is faster.
    Software,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Other => "other",
            Self::Cpu => "cpu",
            Self::Software => "software",
        })
    }
}

/// A device at hand: one of [`Device::list`](crate::Device::list).
///
/// ```
/// for info in manymin::Device::list() {
///     println!("{:<10} {}, {}", info.kind, info.name, info.driver);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// Its name; a part of it is what [`Device::adapter`](crate::Device::adapter) takes.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
    /// What it is driven through: `Vulkan`, `Metal`, `DX12`, or `CPU engine`.
    pub backend: String,
    /// The driver and its version, or the CPU engine's threads.
    pub driver: String,
    /// The limits that matter here; the CPU engine has none.
    pub limits: Option<DeviceLimits>,
    /// Whether [`Device::auto`](crate::Device::auto) may take it without being told: any but a software driver, and a device
    /// too small for the engine. It takes the first of the list that it may.
    pub auto: bool,
}

impl fmt::Display for DeviceInfo {
    /// `llvmpipe (LLVM 15.0.6, 256 bits) (Vulkan, software)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.name, self.backend, self.kind)
    }
}

/// How much a device takes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceLimits {
    /// The largest array that a kernel can be given, in bytes: with [`pool`](crate::Minimizer::pool) lanes of
    /// n components, each array of points has to fit.
    pub binding: u64,
    /// The largest buffer, in bytes.
    pub buffer: u64,
    /// The most workgroups in one dimension of a dispatch.
    pub workgroups: u32,
    /// The most arrays that a kernel can be given.
    pub storage_buffers: u32,
}

/// The arrays that a kernel of the engine is given, at most: what every device of WebGPU takes.
pub(crate) const STORAGE_BUFFERS: u32 = 8;
