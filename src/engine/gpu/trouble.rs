//! What a device says outside of calls: that it is lost, and errors that no scope catches.

use std::sync::{Arc, OnceLock};

use crate::error::DeviceError;

/// The first of each that was said. It stays: whoever shares the device gets to know.
#[derive(Clone, Default)]
pub(crate) struct Trouble {
    lost: Arc<OnceLock<String>>,
    error: Arc<OnceLock<DeviceError>>,
}

impl Trouble {
    /// Listens to `device`, whose uncaught errors would panic otherwise.
    pub(crate) fn of(device: &wgpu::Device) -> Self {
        let trouble = Self::default();
        let lost = Arc::clone(&trouble.lost);
        device.set_device_lost_callback(move |reason, message| {
            let text = if message.is_empty() { format!("{reason:?}") } else { format!("{message} ({reason:?})") };
            let _ = lost.set(text); // a second loss tells nothing new
        });
        let first = Arc::clone(&trouble.error);
        device.on_uncaptured_error(Arc::new(move |error| {
            let _ = first.set(typed(&error, "a command", None)); // errors that follow are often its consequence
        }));
        trouble
    }

    /// That the device is lost, where nothing but a panic of the driver's library told.
    pub(crate) fn lose(&self, reason: String) {
        let _ = self.lost.set(reason); // the driver's own words came first
    }

    /// An error if anything was said.
    pub(crate) fn check(&self) -> Result<(), DeviceError> {
        match (self.lost.get(), self.error.get()) {
            (Some(reason), _) => Err(DeviceError::Lost { reason: reason.clone() }),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => Ok(()),
        }
    }
}

/// An error of the device as one of this crate. `what` it is about is told where memory is short.
pub(crate) fn typed(error: &wgpu::Error, what: &str, bytes: Option<u64>) -> DeviceError {
    match error {
        wgpu::Error::OutOfMemory { .. } => DeviceError::OutOfMemory { what: what.into(), bytes },
        wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
            DeviceError::Internal { message: format!("{what}: {}", description.trim()) }
        }
    }
}
