//! The devices at hand. `Device::auto` takes the first that is marked, unless the environment says otherwise.
//!
//! ```sh
//! cargo run --release --example devices
//! ```

use std::process::ExitCode;

use manymin::{Device, DeviceInfo};

fn main() -> ExitCode {
    println!("{:<5} {:<11} {:<11} {:>12} {:>12}  name, driver", "auto", "kind", "backend", "array (MiB)", "buffer (MiB)");
    for info in Device::list() {
        println!("{}", line(&info));
    }
    match Device::auto() {
        Ok(device) => println!("\nDevice::auto() takes {device}"),
        Err(error) => {
            eprintln!("\nDevice::auto() fails: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn line(info: &DeviceInfo) -> String {
    let mebibytes = |bytes: Option<u64>| bytes.map_or_else(|| "any".to_string(), |bytes| (bytes >> 20).to_string());
    let (array, buffer) = (mebibytes(info.limits.map(|l| l.binding)), mebibytes(info.limits.map(|l| l.buffer)));
    let auto = if info.auto { "yes" } else { "" };
    format!("{auto:<5} {:<11} {:<11} {array:>12} {buffer:>12}  {}, {}", info.kind, info.backend, info.name, info.driver)
}
