//! GPUs by the public interface. A test machine needs an adapter; a software driver will do, and ./test.sh installs it.

use std::sync::OnceLock;

use manymin::prelude::*;
use manymin::{DeviceError, DeviceInfo, DeviceKind, Error};

use crate::devices::{minimizer, rosenbrock, starts_in};

/// An adapter to test on: software where there is some, so that tests are the same everywhere, else a GPU. Without any the
/// tests fail, rather than pass without a test.
fn adapter() -> DeviceInfo {
    let adapters: Vec<DeviceInfo> = Device::list().into_iter().filter(|info| info.limits.is_some()).collect();
    let software = adapters.iter().find(|info| info.kind == DeviceKind::Software);
    software.or(adapters.first()).cloned().unwrap_or_else(|| panic!("{}", DeviceError::NoGpu { found: Vec::new() }))
}

/// The device that the tests share.
fn gpu() -> &'static Device {
    static GPU: OnceLock<Device> = OnceLock::new();
    GPU.get_or_init(|| Device::adapter(&adapter().name).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn a_gpu_shows_what_it_is() {
    let (device, info) = (gpu(), gpu().info());
    assert!(device.is_gpu() && device.precision() == Precision::F32);
    assert_eq!(info.auto, info.kind != DeviceKind::Software, "{info:?}");
    assert!(!info.driver.is_empty() && info.limits.is_some_and(|limits| limits.binding >= 128 << 20), "{info:?}");
    assert_eq!(device.to_string(), format!("{}, f32, {}, {}", info.name, info.backend, info.kind));
    assert!(Device::list().contains(&info), "it is one of the list");
}

#[test]
fn a_clone_is_the_same_gpu_and_one_opened_again_is_another() {
    assert_eq!(gpu(), &gpu().clone());
    assert_ne!(gpu(), &Device::adapter(&adapter().name).unwrap());
    assert_ne!(gpu(), &Device::cpu(Precision::F32));
}

#[test]
fn software_is_never_taken_for_a_gpu() {
    let hardware: Vec<String> =
        Device::list().into_iter().filter(|info| info.auto && info.limits.is_some()).map(|info| info.name).collect();
    match Device::gpu() {
        Ok(device) => assert!(hardware.contains(&device.info().name), "{device}"),
        Err(Error::Device(error @ DeviceError::NoGpu { .. })) => {
            assert!(hardware.is_empty(), "{error} although there is {hardware:?}");
            assert!(error.to_string().contains(&adapter().name) && error.to_string().contains("Device::cpu"), "{error}");
        }
        Err(other) => panic!("{other}"),
    }
    let auto = Device::auto().unwrap();
    assert_ne!(auto.info().kind, DeviceKind::Software);
    assert!(!hardware.is_empty() || auto == Device::cpu(Precision::F32), "{auto}");
}

#[test]
fn an_adapter_that_is_not_there_is_an_error_that_tells_which_are() {
    match Device::adapter("Voodoo 2") {
        Err(Error::Device(error @ DeviceError::NoSuchAdapter { .. })) => {
            assert!(error.to_string().contains("Voodoo 2") && error.to_string().contains(&adapter().name), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lost_gpu_gives_errors_to_all_who_share_it() {
    let device = Device::adapter(&adapter().name).unwrap();
    let clone = device.clone();
    manymin::probe::destroy(&device);
    // Until the GPU engine joins, no batch starts on any GPU.
    assert!(minimizer().start(&clone, &rosenbrock(2), &starts_in(2, -1.0, 1.0, 4, 1)).is_err());
    assert!(gpu().is_gpu(), "another opened device is another");
}
