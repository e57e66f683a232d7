//! How a command that did not do all it was asked for ends.

use manymin::{DeviceError, Error, StartsError};

/// Why a command ended early, or without what was wanted.
#[derive(Debug)]
pub(super) enum Failure {
    /// Options, a problem, a file that can't be taken.
    Misuse(String),
    /// A device, or a file that can't be written.
    Device(String),
    /// No lane ended in success: everything is reported all the same.
    NoSuccess,
    /// The user pressed Ctrl-C: what there was is reported.
    Interrupted,
}

pub(super) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// What standard error is told.
    pub(super) fn message(&self) -> Option<&str> {
        match self {
            Self::Misuse(message) | Self::Device(message) => Some(message),
            Self::NoSuccess => Some("no lane ended in success"),
            Self::Interrupted => None,
        }
    }

    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Device(_) | Self::NoSuccess => 1,
            Self::Misuse(_) => 2,
            Self::Interrupted => 130,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Device(DeviceError::Environment { .. }) => Self::Misuse(in_options(&error)),
            Error::Device(_) => Self::Device(in_options(&error)),
            _ => Self::Misuse(in_options(&error)),
        }
    }
}

/// What the library advises a program to do, and what does the same here.
const ADVICE: [(&str, &str); 12] = [
    ("`Device::cpu(Precision::F32)`", "`--device cpu`"),
    ("`Device::cpu(Precision::F64)`", "`--precision f64`"),
    ("`Device::gpu()?`", "`--device gpu`"),
    ("`Device::adapter(\"llvmpipe\")`", "`--device llvmpipe`"),
    ("`Device::adapter(\"llvmpipe\")?`", "`--device llvmpipe`"),
    ("`Minimizer::pool`", "`--pool`"),
    ("`Lbfgs { memory }`", "`--memory`"),
    (
        "`Lbfgs` with few pairs, or `ConjugateGradient`, which have none",
        "`--method lbfgs`, or `--method conjugate-gradient`, which have none",
    ),
    (
        "open it again with a new `Device` and take the batch there with `Batch::move_to`, or start again",
        "start again, or go on from its `--checkpoint` with `manymin resume`",
    ),
    ("`x.sum(range, |i| ...)`, which stays one loop", "a `for` loop, which stays one"),
    ("write the objective as a closure", "write it as a problem file"),
    ("`r.powi(2)` or `r * r`, add them up with `+` and `sum`", "`r * r`, add them up with `+` and loops"),
];

/// The library's message in the words of the command line, whose users know its options and no Rust.
fn in_options(error: &Error) -> String {
    match error {
        Error::Setting { name: "bounds", .. } => {
            "--method levenberg-marquardt takes no bounds: add --unbounded, and --bounds only places the starts, or take another method"
                .into()
        }
        Error::Setting { name: "method", .. } => "--method levenberg-marquardt runs on the CPU engine: add --device cpu".into(),
        Error::Setting { name, value, must } => format!("{} is {value}: it must be {must}", option(name)),
        Error::Starts(StartsError::Parameters { problem, .. }) => format!(
            "the objective takes {problem} parameters a lane: `manymin sweep PROBLEM --parameters FILE` takes them from a file, a row a minimisation"
        ),
        error => ADVICE.iter().fold(error.to_string(), |message, (program, shell)| message.replace(program, shell)),
    }
}

/// The option that sets this.
fn option(setting: &str) -> String {
    match setting {
        "gradient_max" => "--gradient-tolerance".into(),
        "chains" => "--continuation".into(),
        setting => format!("--{}", setting.replace('_', "-")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use manymin::FitError;

    use super::*;

    #[test]
    fn advice_is_given_in_options() {
        let matrix = DeviceError::MatrixTooLarge { dimension: 1, lanes: 1, bytes: 1, limit: 1 };
        let errors = [
            DeviceError::NoGpu { found: Vec::new() },
            DeviceError::NoSuchAdapter { wanted: "arc".into(), found: Vec::new() },
            DeviceError::NotBuilt { wanted: "a GPU".into() },
            DeviceError::Unfit { adapter: "old".into(), limit: "arrays", has: 4, needs: 8 },
            DeviceError::Open { adapter: "old".into(), message: "no".into() },
            DeviceError::Lost { reason: "none".into() },
            DeviceError::OutOfMemory { what: "lanes".into(), bytes: None },
            DeviceError::TooLarge { what: "lanes".into(), bytes: 2, limit: 1 },
            matrix,
            DeviceError::TimedOut { limit: Duration::from_secs(1) },
            DeviceError::LoopLimit { needs: 2, limit: 1 },
            DeviceError::LoopsCutShort { limit: 1, left: 1 },
            DeviceError::Internal { message: "no".into() },
            DeviceError::ObjectiveTooLarge { operations: 2, limit: 1 },
            DeviceError::GpuOnly { what: "the CPU engine" },
            DeviceError::Overflow { what: "a constant".into(), value: 1e300 },
        ];
        let all = errors.map(Error::from).into_iter().chain([FitError::NotSquares.into()]);
        for message in all.map(|error| in_options(&error)) {
            for word in ["::", "Lbfgs", "ConjugateGradient", "|i|", "powi", "closure"] {
                assert!(!message.contains(word), "{word}: {message}");
            }
        }
    }
}
