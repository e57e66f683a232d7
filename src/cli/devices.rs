//! `manymin devices`

use manymin::{Device, DeviceInfo};
use serde::Serialize;

use super::args::DevicesArgs;
use super::failure::Result;
use super::output::{self, print_json};

#[derive(Serialize)]
struct Listed {
    name: String,
    kind: String,
    backend: String,
    driver: String,
    auto: bool,
}

pub(super) fn run(args: &DevicesArgs) -> Result<()> {
    let devices = Device::list();
    if args.json {
        let row = |info: DeviceInfo| {
            let DeviceInfo { name, kind, backend, driver, auto, .. } = info;
            Listed { name, kind: kind.to_string(), backend, driver, auto }
        };
        let rows: Vec<Listed> = devices.into_iter().map(row).collect();
        return print_json(&rows);
    }
    // What there is can be listed whether or not the environment asks for something else.
    let auto = Device::auto().map_or_else(|error| format!("nothing: {error}"), |device| device.to_string());
    output::print(|out| {
        writeln!(out, "{:<5} {:<11} {:<11} name, driver", "auto", "kind", "backend")?;
        for info in &devices {
            let auto = if info.auto { "yes" } else { "" };
            writeln!(out, "{auto:<5} {:<11} {:<11} {}, {}", info.kind, info.backend, info.name, info.driver)?;
        }
        writeln!(out, "\n--device auto takes {auto}")
    })
}
