//! `lbfgs_minimize` of TensorFlow Probability on JAX, all lanes as one batch in f32, through peers.py.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;

use manymin::Starts;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::{Contestant, Measurement, Result, TOLERANCE};

/// Names a Python that has what requirements.txt lists.
const VARIABLE: &str = "MANYMIN_PEERS_PYTHON";
/// For whoever has not set it.
pub(crate) const HOW_TO_SET: &str = "\
MANYMIN_PEERS_PYTHON is not set: the figures of TensorFlow Probability are left out. To have them, in benches/peers:
    python3 -m venv target/venv && target/venv/bin/pip install -r requirements.txt
    MANYMIN_PEERS_PYTHON=target/venv/bin/python cargo run --release";
/// The program that times it.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers.py");

/// TensorFlow Probability, on a Python that has it.
pub(crate) struct Tfp {
    python: OsString,
    /// As peers.py calls it.
    problem: &'static str,
}

impl Tfp {
    /// On the Python that the environment names; `None` if it names none.
    pub(crate) fn from_environment() -> Option<Self> {
        std::env::var_os(VARIABLE).filter(|python| !python.is_empty()).map(|python| Self { python, problem: "rosenbrock" })
    }

    /// The same on another problem of peers.py.
    pub(crate) fn of(&self, problem: &'static str) -> Self {
        Self { python: self.python.clone(), problem }
    }
}

impl Contestant for Tfp {
    fn name(&self) -> &'static str {
        "tfp"
    }

    fn warms_up(&self) -> bool {
        true
    }

    /// The time is the script's own, of a second call: neither Python's start nor compilation is in it.
    fn run(&self, starts: &Starts) -> Result<Measurement> {
        let file = write_starts(starts).map_err(|error| format!("the starts can't be written to a temporary file: {error}"))?;
        let output = Command::new(&self.python)
            .arg(SCRIPT)
            .args(["--peer", "tfp", "--problem", self.problem])
            .args(["--dim", &starts.dimension().to_string(), "--lanes", &starts.lanes().to_string(), "--tolerance", &TOLERANCE.to_string()])
            .arg("--starts")
            .arg(file.path())
            .output()
            .map_err(|error| format!("{VARIABLE} is {}, which can't be run: {error}", self.python.display()))?;
        if !output.status.success() {
            return Err(format!("peers.py failed, {}:\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into());
        }
        read_measurement(&String::from_utf8_lossy(&output.stdout), starts.lanes())
    }
}

/// One lane a row, rounded to f32 as lanes in f32 begin, with the digits that give back the same f32.
fn write_starts(starts: &Starts) -> std::io::Result<NamedTempFile> {
    let mut rows = String::new();
    for lane in 0..starts.lanes() {
        for (k, component) in starts.point(lane).into_iter().enumerate() {
            let separator = if k == 0 { "" } else { "," };
            write!(rows, "{separator}{}", component as f32).map_err(std::io::Error::other)?;
        }
        rows.push('\n');
    }
    let mut file = NamedTempFile::with_suffix(".csv")?;
    file.write_all(rows.as_bytes())?;
    file.flush()?;
    Ok(file)
}

/// What the script has printed: one JSON object, in its last line.
fn read_measurement(printed: &str, lanes: usize) -> Result<Measurement> {
    let unexpected = |what: &str| format!("peers.py has printed {what}:\n{printed}");
    let last = printed.trim_end().lines().last().unwrap_or_default();
    let object: Value = serde_json::from_str(last).map_err(|error| unexpected(&format!("no JSON ({error})")))?;
    let number = |name: &str| object[name].as_f64().ok_or_else(|| unexpected(&format!("no number `{name}`")));
    if object["lanes"].as_u64() != Some(lanes as u64) {
        return Err(unexpected(&format!("other than {lanes} lanes")).into());
    }
    Ok(Measurement { seconds: number("seconds")?, share: number("share_gradient_below_10_tolerance")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_script_prints_is_read_or_refused() {
        let object = r#"{"lanes": 3, "seconds": 0.25, "share_gradient_below_10_tolerance": 1.0}"#;
        let read = read_measurement(&format!("a warning\n{object}\n"), 3).expect("all is there");
        assert_eq!((read.seconds, read.share), (0.25, 1.0));
        assert!(read_measurement(object, 4).is_err(), "lanes");
        assert!(read_measurement("", 3).is_err(), "nothing");
        assert!(read_measurement(r#"{"lanes": 3}"#, 3).is_err(), "no time");
    }
}
