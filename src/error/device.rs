//! What can go wrong with a device.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use super::Number;

/// What a device can't do, and what to do instead.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum DeviceError {
    /// No hardware GPU where one must be.
    #[error(
        "there is no hardware GPU; {}. Take the CPU engine with `Device::cpu(Precision::F32)`, or, to try the GPU engine without a GPU, \
         a software driver with `Device::adapter(\"llvmpipe\")` or MANYMIN_ADAPTER=llvmpipe; Debian and Ubuntu install it with \
         `apt-get install mesa-vulkan-drivers`",
        Found(found)
    )]
    NoGpu {
        /// The adapters that were found, software drivers among them.
        found: Vec<String>,
    },
    /// A name that no adapter has.
    #[error(
        "no adapter has `{wanted}` in its name; {}. Name one of these, or take the CPU engine with `Device::cpu(Precision::F32)`",
        Found(found)
    )]
    NoSuchAdapter {
        /// The part of a name that was asked for.
        wanted: String,
        /// The adapters that were found.
        found: Vec<String>,
    },
    /// A GPU was asked of a build that has no GPU engine.
    #[error(
        "{wanted} was asked for and this build of manymin has the CPU engine only: build it with its feature `gpu`, or take \
         `Device::cpu(Precision::F32)`"
    )]
    NotBuilt {
        /// What was asked for.
        wanted: String,
    },
    /// An adapter that can't run the engine.
    #[error("{adapter} has {has} for {limit} and the engine needs {needs}; take another adapter, or `Device::cpu(Precision::F32)`")]
    Unfit {
        /// The adapter.
        adapter: String,
        /// Which of its limits is too low.
        limit: &'static str,
        /// Its value there.
        has: u64,
        /// The least that the engine runs on.
        needs: u64,
    },
    /// An adapter that was found and does not open.
    #[error("{adapter} can't be opened: {message}; close programs that use it, update its driver, or take `Device::cpu(Precision::F32)`")]
    Open {
        /// The adapter.
        adapter: String,
        /// What its driver said.
        message: String,
    },
    /// The device went away while it was used.
    #[error(
        "the device was lost: {reason}; open it again with a new `Device` and take the batch there with `Batch::move_to`, or start \
         again. If it happens again, make the pool smaller (`Minimizer::pool`), so that each dispatch is shorter, or take `Device::cpu(Precision::F32)`"
    )]
    Lost {
        /// What the driver said.
        reason: String,
    },
    /// No memory left.
    #[error(
        "the device has no memory left for {what}{}; make the pool smaller (`Minimizer::pool`), keep fewer pairs (`Lbfgs {{ memory }}`), \
         or close other programs that use it",
        bytes.map(|bytes| format!(" ({})", Bytes(bytes))).unwrap_or_default()
    )]
    OutOfMemory {
        /// What the memory is for.
        what: String,
        /// How much was asked for, if that is known.
        bytes: Option<u64>,
    },
    /// One array that is larger than the device takes, however much memory is left.
    #[error(
        "{what} takes {} and this device takes up to {} in one array; make the pool smaller (`Minimizer::pool`), or keep fewer pairs \
         (`Lbfgs {{ memory }}`)",
        Bytes(*bytes), Bytes(*limit)
    )]
    TooLarge {
        /// What the array is for.
        what: String,
        /// Its bytes.
        bytes: u64,
        /// The most that the device takes.
        limit: u64,
    },
    /// A method whose matrix is more than the device holds.
    #[error(
        "this method takes {} for the {lanes} lanes that are computed together, since each has a matrix of its own for its {dimension} \
         components, and this device takes up to {}; take `Lbfgs` with few pairs, or `ConjugateGradient`, which have none",
        Bytes(*bytes), Bytes(*limit)
    )]
    MatrixTooLarge {
        /// Components of the point.
        dimension: usize,
        /// Lanes that are computed together.
        lanes: usize,
        /// What they would take.
        bytes: u64,
        /// The most that the device takes.
        limit: u64,
    },
    /// Work that did not end in time.
    #[error(
        "the device did not finish within {limit:?}: it hangs, or is far slower than expected; make the pool smaller (`Minimizer::pool`), \
         leave the device to this program alone, or take `Device::cpu(Precision::F32)`"
    )]
    TimedOut {
        /// How long it was waited for.
        limit: Duration,
    },
    /// An objective with longer loops than the driver runs.
    #[error(
        "one round of this objective takes {needs} loop iterations and this driver silently ends loops after {limit}; use \
         `Device::cpu(Precision::F32)`, or a hardware GPU"
    )]
    LoopLimit {
        /// Iterations of all loops of one round.
        needs: u64,
        /// The most that the driver runs.
        limit: u32,
    },
    /// Loops of an objective's own WGSL that the driver ended before they were done.
    #[error(
        "the loops of this objective take more than the {left} iterations that this driver leaves them beside the method's, since it \
         silently ends loops after {limit}; use a hardware GPU, or write the objective as a closure and use \
         `Device::cpu(Precision::F32)`"
    )]
    LoopsCutShort {
        /// The most that the driver runs.
        limit: u32,
        /// What is left of them for the objective.
        left: u64,
    },
    /// A shader that the driver refuses: a mistake of this crate.
    #[error("shader `{label}` is refused at line {line}: {message}\n{}This is a mistake of manymin: please report it with this text", Excerpt { text, line: *line })]
    Shader {
        /// Which shader.
        label: String,
        /// What is wrong with it.
        message: String,
        /// The line, from 1; 0 if it is not known.
        line: u32,
        /// The whole text.
        text: String,
    },
    /// The device refuses what this crate asks of it: a mistake of this crate, or of a driver.
    #[error(
        "the device refused a command: {message}. This is a mistake of manymin or of the driver: please report it with this text; \
         `Device::cpu(Precision::F32)` does without"
    )]
    Internal {
        /// What was said.
        message: String,
    },
    /// An environment variable with a value that says nothing.
    #[error("{variable} is `{value}`; it takes {takes}")]
    Environment {
        /// The variable.
        variable: &'static str,
        /// What it is set to.
        value: String,
        /// What it may be.
        takes: &'static str,
    },
    /// The objective is more than the engine takes.
    #[error(
        "the objective has {operations} operations and this engine takes {limit}; write repeated parts as `x.sum(range, |i| ...)`, which stays one loop"
    )]
    ObjectiveTooLarge {
        /// Operations of value and gradient.
        operations: usize,
        /// The most that the engine takes.
        limit: usize,
    },
    /// A batch that would move to a device of another precision.
    #[error(
        "the lanes compute on {from} and can't go on in the precision of {to}; move them to a device of their own precision, or finish the \
         batch and go on in f64 with `Outcome::polish`, or start anew on {to} from `Outcome::points`"
    )]
    Precision {
        /// Where the lanes are.
        from: String,
        /// Where they were to go.
        to: String,
    },
    /// Something that the CPU computes, asked of an objective that GPUs alone run.
    #[error(
        "{what} computes on the CPU, and this objective is verbatim WGSL, which GPUs alone run; take `Device::gpu()?` \
         (or a software driver: `Device::adapter(\"llvmpipe\")?`), or write the objective as a closure, which runs everywhere"
    )]
    GpuOnly {
        /// What was asked for.
        what: &'static str,
    },
    /// A number of the problem that overflows in the lanes' precision.
    #[error("{what} is {}, which overflows in f32; scale the problem, or use `Device::cpu(Precision::F64)`", Number(*value))]
    Overflow {
        /// Where the number stands.
        what: String,
        /// Its value.
        value: f64,
    },
}

/// `found: a, b`
struct Found<'a>(&'a [String]);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("no adapter of Vulkan, Metal or DX12 was found (a missing driver?)"),
            names => write!(f, "found: {}", names.join(", ")),
        }
    }
}

/// `1.5 GiB`
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
        match units.iter().find(|(shift, _)| self.0 >> shift > 0) {
            Some((shift, unit)) => write!(f, "{} {unit}", (self.0 as f64 / f64::from(1_u32 << shift) * 10.0).round() / 10.0),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

/// A line of a text and two around it on either side, each with its number.
pub(super) struct Excerpt<'a> {
    pub(super) text: &'a str,
    pub(super) line: u32,
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line as usize;
        let first = line.saturating_sub(2).max(1);
        for (number, text) in (1..).zip(self.text.lines()).skip(first - 1).take_while(|(number, _)| line > 0 && *number <= line + 2) {
            writeln!(f, "{} {number:>5} | {text}", if number == line { '>' } else { ' ' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_shader_shows_its_line_and_few_others() {
        let text = (1..=5_000).map(|line| format!("let v{line} = {line};\n")).collect();
        let shown = DeviceError::Shader { label: "round".into(), message: "no".into(), line: 3_000, text }.to_string();
        assert!(shown.contains(">  3000 | let v3000 = 3000;") && shown.contains("let v2998") && shown.contains("let v3002"), "{shown}");
        assert!(!shown.contains("v2997") && !shown.contains("v3003"), "{shown}");
        let unknown = DeviceError::Shader { label: "round".into(), message: "no".into(), line: 0, text: "a\nb".into() };
        assert_eq!(unknown.to_string().lines().count(), 2, "{unknown}");
    }

    #[test]
    fn sizes_are_told_in_units() {
        let shown = [0, 1_023, 1_024, 128 << 20, 3 << 29, u64::MAX].map(|bytes| Bytes(bytes).to_string());
        assert_eq!(shown, ["0 bytes", "1023 bytes", "1 KiB", "128 MiB", "1.5 GiB", "17179869184 GiB"]);
    }
}
