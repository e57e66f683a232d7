//! What can go wrong with files of batches.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::problem::Fingerprint;

/// A checkpoint that can't be written, or read, and what to do.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file system refused. A checkpoint that was there before is as it was.
    #[error("can't {doing} {}: {message}{}", path.display(), hint(*kind))]
    Io {
        /// What was to be done: `read`, `write`.
        doing: &'static str,
        /// The file, or its directory.
        path: PathBuf,
        /// What kind of error it was.
        kind: io::ErrorKind,
        /// What the system said.
        message: String,
    },
    /// Something else than a checkpoint.
    #[error("this is no checkpoint of manymin: it does not begin as one; check which file it is")]
    NotACheckpoint,
    /// A form that this release can't read.
    #[error(
        "the checkpoint has format {format}, written by manymin {writer}, and this is manymin {}, which reads format {reads}: open it with that \
         release, or a newer one",
        env!("CARGO_PKG_VERSION")
    )]
    Version {
        /// The format of the file.
        format: u32,
        /// The release that wrote it.
        writer: String,
        /// The newest format that this release reads.
        reads: u32,
    },
    /// Fewer bytes than were written.
    #[error("the checkpoint is cut short: it has {found} bytes of {expected}; copy it again, or take an older one")]
    Truncated {
        /// Bytes that it should have.
        expected: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// More bytes than were written.
    #[error("the checkpoint has {found} bytes where {expected} were written; copy it again, or take an older one")]
    Appended {
        /// Bytes that it should have.
        expected: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// Bytes that are not those that were written.
    #[error("the checkpoint is damaged: its checksum is not that of its bytes; copy it again, or take an older one")]
    Checksum,
    /// Bytes that are whole and make no sense: written by something else, or by a faulty release.
    #[error(
        "the checkpoint makes no sense, though it is whole: {section}: {fault}; take an older one, and report it if manymin wrote this one"
    )]
    Invalid {
        /// The part of the file.
        section: &'static str,
        /// What is wrong there.
        fault: String,
    },
    /// A file of another objective than the one asked for.
    #[error(
        "the checkpoint is of another objective, {found}, than the one given, {given}: programs, data, dimensions and parameters must be the same. \
         Open it with `Batch::load`, which takes the objective from the file, or look for the right file"
    )]
    OtherObjective {
        /// The objective asked for.
        given: Fingerprint,
        /// The objective of the file.
        found: Fingerprint,
    },
}

impl CheckpointError {
    pub(crate) fn io(doing: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Io { doing, path: path.into(), kind: error.kind(), message: error.to_string() }
    }

    pub(crate) fn invalid(section: &'static str, fault: impl ToString) -> Self {
        Self::Invalid { section, fault: fault.to_string() }
    }
}

/// What to do where the file system's own words don't tell.
fn hint(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "; check the path: directories are not made",
        io::ErrorKind::PermissionDenied => "; choose a directory that may be written to",
        io::ErrorKind::StorageFull => "; make room, or choose another place: what was there before is as it was",
        _ => "",
    }
}
