//! What stands for the GPU engine in a build without it: no adapters, and a GPU that can't exist.

use std::sync::Arc;

use super::info::DeviceInfo;
use crate::error::DeviceError;

/// No adapters.
pub(crate) struct Adapters;

impl Adapters {
    pub(crate) fn find() -> Self {
        Self
    }

    pub(crate) fn infos(&self) -> &[DeviceInfo] {
        &[]
    }

    pub(crate) fn open(&self, index: usize) -> Result<Arc<Gpu>, DeviceError> {
        Err(DeviceError::NotBuilt { wanted: format!("adapter {index}") })
    }
}

/// A GPU that is never there.
pub(crate) enum Gpu {}

impl Gpu {
    pub(crate) fn info(&self) -> &DeviceInfo {
        match *self {}
    }
}
