//! How a command that did not do all it was asked for ends.

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

impl From<manymin::Error> for Failure {
    fn from(error: manymin::Error) -> Self {
        match error {
            manymin::Error::Device(_) => Self::Device(error.to_string()),
            _ => Self::Misuse(error.to_string()),
        }
    }
}
