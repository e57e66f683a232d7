//! Which device it will be, from what there is and what is asked for. Nothing is opened here.

use super::info::{DeviceInfo, DeviceKind, STORAGE_BUFFERS};
use crate::error::DeviceError;

/// The variable that steers `auto`.
pub(crate) const DEVICE: &str = "MANYMIN_DEVICE";
/// The variable that names an adapter.
pub(crate) const ADAPTER: &str = "MANYMIN_ADAPTER";

/// What `MANYMIN_DEVICE` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Auto,
    Cpu,
    Gpu,
}

/// What the environment asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) device: Wanted,
    pub(crate) adapter: Option<String>,
}

impl Wish {
    /// The environment's.
    pub(crate) fn from_environment() -> Result<Self, DeviceError> {
        let read = |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()).unwrap_or_default();
        Self::of(&read(DEVICE), &read(ADAPTER))
    }

    /// The wish that values of the two variables tell; an empty one is as one that is not set.
    pub(crate) fn of(device: &str, adapter: &str) -> Result<Self, DeviceError> {
        let device = match device.trim().to_lowercase().as_str() {
            "" | "auto" => Wanted::Auto,
            "cpu" => Wanted::Cpu,
            "gpu" => Wanted::Gpu,
            _ => return Err(DeviceError::Environment { variable: DEVICE, value: device.into(), takes: "auto, cpu or gpu" }),
        };
        let adapter = adapter.trim();
        Ok(Self { device, adapter: (!adapter.is_empty()).then(|| adapter.to_string()) })
    }

    /// What of it only a GPU can grant, as it was told.
    pub(crate) fn needs_gpu(&self) -> Option<String> {
        match (self.device, &self.adapter) {
            (Wanted::Gpu, _) => Some(format!("{DEVICE}=gpu")),
            (Wanted::Auto, Some(part)) => Some(format!("{ADAPTER}={part}")),
            _ => None,
        }
    }
}

/// An error if the environment asks for a GPU, which lanes in f64 can't run on.
pub(crate) fn in_f64(wish: &Wish) -> Result<(), DeviceError> {
    let takes = "auto or cpu for lanes in f64, since GPUs compute in f32";
    match wish.device {
        Wanted::Gpu => Err(DeviceError::Environment { variable: DEVICE, value: "gpu".into(), takes }),
        _ => Ok(()),
    }
}

/// What `auto` is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Take the CPU engine.
    Cpu,
    /// Open this adapter, or fail.
    Open(usize),
    /// Open the first of these that opens, else take the CPU engine.
    Try(Vec<usize>),
}

/// The choice of `auto` among `adapters`, which are sorted by kind.
pub(crate) fn auto(wish: &Wish, adapters: &[DeviceInfo]) -> Result<Choice, DeviceError> {
    match (wish.device, &wish.adapter) {
        (Wanted::Cpu, _) => Ok(Choice::Cpu),
        (Wanted::Gpu, _) | (Wanted::Auto, Some(_)) => gpu(wish, adapters).map(Choice::Open),
        (Wanted::Auto, None) => {
            let usable: Vec<usize> = adapters.iter().enumerate().filter(|(_, info)| info.auto).map(|(index, _)| index).collect();
            Ok(if usable.is_empty() { Choice::Cpu } else { Choice::Try(usable) })
        }
    }
}

/// The choice of `gpu`: the adapter that the environment names, else the first that is hardware.
pub(crate) fn gpu(wish: &Wish, adapters: &[DeviceInfo]) -> Result<usize, DeviceError> {
    match &wish.adapter {
        Some(part) => named(part, adapters),
        None => {
            let hardware = || adapters.iter().position(|info| info.kind != DeviceKind::Software);
            let index = adapters.iter().position(|info| info.auto).or_else(hardware);
            fit(index.ok_or_else(|| DeviceError::NoGpu { found: names(adapters) })?, adapters)
        }
    }
}

/// The first adapter with `part` in its name, in upper or lower case.
pub(crate) fn named(part: &str, adapters: &[DeviceInfo]) -> Result<usize, DeviceError> {
    let wanted = part.trim().to_lowercase();
    adapters
        .iter()
        .position(|info| !wanted.is_empty() && info.name.to_lowercase().contains(&wanted))
        .ok_or_else(|| DeviceError::NoSuchAdapter { wanted: part.into(), found: names(adapters) })
        .and_then(|index| fit(index, adapters))
}

/// That adapter, if the engine runs on it.
fn fit(index: usize, adapters: &[DeviceInfo]) -> Result<usize, DeviceError> {
    let info = &adapters[index];
    let has = info.limits.map_or(0, |limits| limits.storage_buffers);
    if has < STORAGE_BUFFERS {
        let limit = "arrays a kernel (storage buffers a shader stage)";
        return Err(DeviceError::Unfit { adapter: info.to_string(), limit, has: has.into(), needs: STORAGE_BUFFERS.into() });
    }
    Ok(index)
}

fn names(adapters: &[DeviceInfo]) -> Vec<String> {
    adapters.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::info::DeviceLimits;

    fn adapter(name: &str, kind: DeviceKind, storage_buffers: u32) -> DeviceInfo {
        let limits = DeviceLimits { binding: 1 << 27, buffer: 1 << 28, workgroups: 65_535, storage_buffers };
        let auto = kind != DeviceKind::Software && storage_buffers >= STORAGE_BUFFERS;
        DeviceInfo { name: name.into(), kind, backend: "Vulkan".into(), driver: String::new(), limits: Some(limits), auto }
    }

    /// Sorted by kind, as lists of adapters are.
    fn workstation() -> Vec<DeviceInfo> {
        vec![
            adapter("GeForce RTX 4090", DeviceKind::Discrete, 32),
            adapter("Radeon 780M", DeviceKind::Integrated, 16),
            adapter("llvmpipe (LLVM 15.0.6, 256 bits)", DeviceKind::Software, 32),
        ]
    }

    fn software() -> Vec<DeviceInfo> {
        vec![adapter("llvmpipe (LLVM 15.0.6, 256 bits)", DeviceKind::Software, 32)]
    }

    fn wish(device: &str, adapter: &str) -> Wish {
        Wish::of(device, adapter).unwrap()
    }

    #[test]
    fn the_environment_is_read_or_refused() {
        for unset in ["", " ", "auto", "AUTO"] {
            assert_eq!(wish(unset, ""), Wish { device: Wanted::Auto, adapter: None }, "`{unset}`");
        }
        assert_eq!(wish("cpu", " Radeon "), Wish { device: Wanted::Cpu, adapter: Some("Radeon".into()) });
        assert_eq!(wish("gpu", "").device, Wanted::Gpu);
        let refused = Wish::of("tpu", "");
        assert!(matches!(&refused, Err(DeviceError::Environment { variable: DEVICE, value, .. }) if value == "tpu"), "{refused:?}");
    }

    #[test]
    fn auto_takes_hardware_in_its_order_else_the_cpu_and_never_software() {
        assert_eq!(auto(&wish("", ""), &[]), Ok(Choice::Cpu));
        let (workstation, software) = (workstation(), software());
        assert_eq!(auto(&wish("", ""), &workstation), Ok(Choice::Try(vec![0, 1])));
        assert_eq!(auto(&wish("", ""), &software), Ok(Choice::Cpu));
        let small = [adapter("an old GPU", DeviceKind::Integrated, 4)];
        assert_eq!(auto(&wish("", ""), &small), Ok(Choice::Cpu), "nor a GPU that is too small");
    }

    #[test]
    fn auto_does_as_the_environment_says_or_fails() {
        let (workstation, software) = (workstation(), software());
        assert_eq!(auto(&wish("cpu", "llvmpipe"), &software), Ok(Choice::Cpu));
        assert_eq!(auto(&wish("gpu", ""), &workstation), Ok(Choice::Open(0)), "and no other if it does not open");
        assert_eq!(auto(&wish("", "radeon"), &workstation), Ok(Choice::Open(1)));
        assert_eq!(auto(&wish("auto", "LLVM"), &software), Ok(Choice::Open(0)), "software that is named");
        assert!(matches!(auto(&wish("gpu", ""), &software), Err(DeviceError::NoGpu { .. })), "no silent fallback");
        assert!(matches!(auto(&wish("", "arc"), &workstation), Err(DeviceError::NoSuchAdapter { .. })), "nor another adapter");
    }

    #[test]
    fn gpu_refuses_software_unless_it_is_named() {
        let software = software();
        let error = gpu(&wish("", ""), &software).unwrap_err();
        for part in ["llvmpipe (LLVM 15.0.6, 256 bits) (Vulkan, software)", "Device::adapter", "Device::cpu", "apt-get install mesa"] {
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
        assert_eq!(gpu(&wish("", "LLVMpipe"), &software), Ok(0));
        let none = gpu(&wish("", ""), &[]).unwrap_err();
        assert!(matches!(&none, DeviceError::NoGpu { found } if found.is_empty()) && none.to_string().contains("driver"), "{none}");
        assert_eq!(gpu(&wish("", ""), &workstation()), Ok(0), "discrete before integrated");
    }

    #[test]
    fn a_gpu_that_is_too_small_is_passed_over_and_refused_by_name() {
        let both = [adapter("old", DeviceKind::Discrete, 4), adapter("new", DeviceKind::Integrated, 8)];
        assert_eq!(gpu(&wish("", ""), &both), Ok(1));
        for refused in [gpu(&wish("", ""), &both[..1]), named("old", &both)] {
            assert!(matches!(refused, Err(DeviceError::Unfit { has: 4, needs: 8, .. })), "{refused:?}");
        }
    }

    #[test]
    fn names_are_parts_in_any_case_and_the_first_of_several_is_taken() {
        let list = workstation();
        assert_eq!((named("4090", &list), named("llvmPIPE", &list), named("e", &list)), (Ok(0), Ok(2), Ok(0)));
        for nothing in ["", "  ", "quadro"] {
            let error = named(nothing, &list).unwrap_err();
            assert!(error.to_string().contains("GeForce RTX 4090") && error.to_string().contains("Radeon 780M"), "{error}");
        }
    }
}
