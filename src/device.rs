//! Where a run takes place.

use std::fmt;

use crate::error::{DeviceError, Error, Result};

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

/// Where lanes compute. Cloning is cheap.
///
/// This version has the CPU engine: all cores, vector instructions chosen at run time, no driver needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    precision: Precision,
}

/// The variable that steers [`Device::auto`].
const VARIABLE: &str = "MANYMIN_DEVICE";

impl Device {
    /// The best device at hand: a hardware GPU if there is one, else the CPU engine in f32. This version has no GPU engine
    /// and takes the CPU. `MANYMIN_DEVICE=cpu` asks for it by name.
    ///
    /// # Errors
    /// [`DeviceError`] if `MANYMIN_DEVICE` asks for a GPU, or says nothing known.
    pub fn auto() -> Result<Self> {
        match std::env::var(VARIABLE) {
            Err(_) => Ok(Self::cpu(Precision::F32)),
            Ok(value) => Self::named(&value),
        }
    }

    /// The device that the value of `MANYMIN_DEVICE` names.
    fn named(value: &str) -> Result<Self> {
        match value {
            "" | "auto" | "cpu" => Ok(Self::cpu(Precision::F32)),
            "gpu" => Err(Error::Device(DeviceError::NoGpu { wanted: format!("{VARIABLE}=gpu") })),
            other => Err(Error::Device(DeviceError::Environment { variable: VARIABLE, value: other.into(), takes: "auto, cpu or gpu" })),
        }
    }

    /// The CPU engine: all cores of the current rayon pool.
    pub fn cpu(precision: Precision) -> Self {
        Self { precision }
    }

    /// What lanes compute with.
    pub fn precision(&self) -> Precision {
        self.precision
    }
}

impl fmt::Display for Device {
    /// `CPU, f32, 2 threads`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threads = rayon::current_num_threads();
        write!(f, "CPU, {}, {threads} thread{}", self.precision, if threads == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_a_device_or_is_refused() {
        assert_eq!(Device::named("cpu"), Ok(Device::cpu(Precision::F32)));
        assert!(matches!(Device::named("gpu"), Err(Error::Device(DeviceError::NoGpu { .. }))), "no silent fallback");
        assert!(matches!(Device::named("tpu"), Err(Error::Device(DeviceError::Environment { .. }))));
    }
}
