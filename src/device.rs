//! Where a run takes place.

#[cfg(not(feature = "gpu"))]
mod absent;
mod choose;
mod info;

use std::fmt;
use std::sync::Arc;

#[cfg(not(feature = "gpu"))]
pub(crate) use self::absent::{Adapters, Gpu};
use self::choose::{Choice, Wanted, Wish};
#[cfg(feature = "gpu")]
pub(crate) use self::info::STORAGE_BUFFERS;
pub use self::info::{DeviceInfo, DeviceKind, DeviceLimits};
#[cfg(feature = "gpu")]
use crate::engine::gpu::adapter::Adapters;
#[cfg(feature = "gpu")]
pub(crate) use crate::engine::gpu::context::Gpu;
use crate::error::{DeviceError, Result};

/// The numbers that lanes compute with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 32 bits, seven digits: half the memory and twice the speed.
    F32,
    /// 64 bits, sixteen digits.
    F64,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// Where lanes compute: the CPU engine, which needs no driver, or a GPU. Cloning is cheap, and clones share one opened GPU.
///
/// ```
/// use manymin::prelude::*;
///
/// let device = Device::auto()?;                    // what is fastest here
/// println!("{device}");                            // CPU, f32, 16 threads
/// let exact = Device::cpu(Precision::F64);
/// assert!(!exact.is_gpu());
/// # Ok::<(), manymin::Error>(())
/// ```
///
/// Two environment variables steer programs that are not told otherwise. `MANYMIN_DEVICE=cpu`, `gpu` or `auto` steers
/// [`auto`](Device::auto); `MANYMIN_ADAPTER=part of a name` says which adapter `auto` and [`gpu`](Device::gpu) take.
#[derive(Clone)]
pub struct Device {
    place: Place,
}

#[derive(Clone)]
enum Place {
    Cpu(Precision),
    Gpu(Arc<Gpu>),
}

impl Device {
    /// The best device at hand: a hardware GPU if there is one that opens, else the CPU engine in f32. A software driver is
    /// never taken unless `MANYMIN_ADAPTER` names it: the CPU engine is faster.
    ///
    /// With `MANYMIN_DEVICE=gpu`, or with an adapter named by `MANYMIN_ADAPTER`, nothing else is taken in its place.
    ///
    /// # Errors
    /// [`DeviceError`] if the environment asks for what is not there, or says nothing known.
    pub fn auto() -> Result<Self> {
        let wish = Wish::from_environment()?;
        if wish.device == Wanted::Cpu {
            return Ok(Self::cpu(Precision::F32));
        }
        built(wish.needs_gpu())?;
        let adapters = Adapters::find();
        Ok(match choose::auto(&wish, adapters.infos())? {
            Choice::Cpu => Self::cpu(Precision::F32),
            Choice::Open(index) => Self::of(adapters.open(index)?),
            Choice::Try(order) => {
                let opened = order.into_iter().find_map(|index| adapters.open(index).ok());
                opened.map_or_else(|| Self::cpu(Precision::F32), Self::of)
            }
        })
    }

    /// As [`auto`](Device::auto), for lanes in `precision`: those in f64 are the CPU engine's.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// assert_eq!(Device::auto_in(Precision::F64)?.precision(), Precision::F64);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`auto`](Device::auto); and if `MANYMIN_DEVICE=gpu` asks for what has no f64.
    pub fn auto_in(precision: Precision) -> Result<Self> {
        match precision {
            Precision::F32 => Self::auto(),
            Precision::F64 => Ok(choose::in_f64(&Wish::from_environment()?).map(|()| Self::cpu(Precision::F64))?),
        }
    }

    /// A hardware GPU, discrete before integrated, or the adapter that `MANYMIN_ADAPTER` names; never the CPU engine.
    ///
    /// ```no_run
    /// use manymin::prelude::*;
    ///
    /// let device = Device::gpu()?;
    /// assert!(device.is_gpu());
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`DeviceError`] if there is none, or if it does not open; it tells which adapters there are.
    pub fn gpu() -> Result<Self> {
        built(Some("a GPU".into()))?;
        let adapters = Adapters::find();
        let index = choose::gpu(&Wish::from_environment()?, adapters.infos())?;
        Ok(Self::of(adapters.open(index)?))
    }

    /// The adapter with `part` in its name, in upper or lower case; software drivers too. Of several the first in the order
    /// of [`list`](Device::list) is taken.
    ///
    /// ```no_run
    /// use manymin::prelude::*;
    ///
    /// let device = Device::adapter("llvmpipe")?;       // runs the GPU engine without a GPU, to try it
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`DeviceError`] if none has such a name, or if it does not open; it tells which adapters there are.
    pub fn adapter(part: &str) -> Result<Self> {
        built(Some(format!("the adapter `{part}`")))?;
        let adapters = Adapters::find();
        let index = choose::named(part, adapters.infos())?;
        Ok(Self::of(adapters.open(index)?))
    }

    /// The CPU engine: all cores of the current rayon pool, vector instructions chosen at run time, no driver needed.
    pub fn cpu(precision: Precision) -> Self {
        Self { place: Place::Cpu(precision) }
    }

    /// All devices at hand, the CPU engine among them, in the order in which [`auto`](Device::auto) prefers them. None is
    /// opened.
    ///
    /// ```
    /// let devices = manymin::Device::list();
    /// assert!(devices.iter().any(|info| info.kind == manymin::DeviceKind::Cpu));
    /// ```
    pub fn list() -> Vec<DeviceInfo> {
        let mut list = Adapters::find().infos().to_vec();
        list.push(cpu_info());
        list.sort_by_key(|info| info.kind);
        list
    }

    /// What this device is.
    pub fn info(&self) -> DeviceInfo {
        match &self.place {
            Place::Cpu(_) => cpu_info(),
            Place::Gpu(gpu) => gpu.info().clone(),
        }
    }

    /// What lanes compute with: f32 on every GPU.
    pub fn precision(&self) -> Precision {
        match &self.place {
            Place::Cpu(precision) => *precision,
            Place::Gpu(_) => Precision::F32,
        }
    }

    /// Whether the GPU engine runs here, on hardware or on a software driver.
    pub fn is_gpu(&self) -> bool {
        self.context().is_some()
    }

    /// The opened GPU.
    pub(crate) fn context(&self) -> Option<&Arc<Gpu>> {
        match &self.place {
            Place::Cpu(_) => None,
            Place::Gpu(gpu) => Some(gpu),
        }
    }

    pub(crate) fn of(gpu: Arc<Gpu>) -> Self {
        Self { place: Place::Gpu(gpu) }
    }
}

/// An error in builds without the GPU engine, if something was wanted of it.
fn built(wanted: Option<String>) -> Result<(), DeviceError> {
    match wanted {
        Some(wanted) if cfg!(not(feature = "gpu")) => Err(DeviceError::NotBuilt { wanted }),
        _ => Ok(()),
    }
}

fn cpu_info() -> DeviceInfo {
    DeviceInfo { name: "CPU".into(), kind: DeviceKind::Cpu, backend: "CPU engine".into(), driver: threads(), limits: None, auto: true }
}

/// `2 threads`
fn threads() -> String {
    match rayon::current_num_threads() {
        1 => "1 thread".into(),
        several => format!("{several} threads"),
    }
}

impl PartialEq for Device {
    /// The same engine in the same precision; of GPUs, one opened device: two that were opened apart differ.
    fn eq(&self, other: &Self) -> bool {
        match (&self.place, &other.place) {
            (Place::Cpu(a), Place::Cpu(b)) => a == b,
            (Place::Gpu(a), Place::Gpu(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Eq for Device {}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({self})")
    }
}

impl fmt::Display for Device {
    /// `CPU, f32, 2 threads`, or `llvmpipe (LLVM 15.0.6, 256 bits), f32, Vulkan, software`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Cpu(precision) => write!(f, "CPU, {precision}, {}", threads()),
            Place::Gpu(gpu) => {
                let info = gpu.info();
                write!(f, "{}, {}, {}, {}", info.name, Precision::F32, info.backend, info.kind)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_compare_and_show_what_they_are() {
        let (f32, f64) = (Device::cpu(Precision::F32), Device::cpu(Precision::F64));
        assert_eq!(f32, f32.clone());
        assert_ne!(f32, f64);
        assert!(f64.to_string().starts_with("CPU, f64, ") && f64.to_string().contains("thread"), "{f64}");
        assert_eq!(format!("{f64:?}"), format!("Device({f64})"));
        assert_eq!((f64.info().kind, f64.info().limits, f64.precision()), (DeviceKind::Cpu, None, Precision::F64));
    }

    #[test]
    fn the_list_is_in_order_and_has_the_cpu_engine_once() {
        let kinds: Vec<DeviceKind> = Device::list().iter().map(|info| info.kind).collect();
        assert!(kinds.is_sorted() && kinds.iter().filter(|kind| **kind == DeviceKind::Cpu).count() == 1, "{kinds:?}");
    }

    #[cfg(not(feature = "gpu"))]
    #[test]
    fn a_build_without_the_gpu_engine_says_so() {
        for refused in [Device::gpu(), Device::adapter("llvmpipe")] {
            assert!(matches!(refused, Err(crate::Error::Device(DeviceError::NotBuilt { .. }))), "{refused:?}");
        }
    }
}
