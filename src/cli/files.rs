//! Files that a run is to write, tried before it begins.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use manymin::{Batch, CheckpointError, Error};

use super::failure::{Failure, Result};

/// A file that an option names.
pub(super) type Named<'a> = (&'static str, &'a Path);

/// An error if one of these can't be written, or two are the same file: after hours of work is too late to learn it.
pub(super) fn check(files: &[Named<'_>]) -> Result<()> {
    for (k, &(option, path)) in files.iter().enumerate() {
        try_to_write(path).map_err(|error| refused(option, path, &error))?;
        if let Some((other, _)) = files[..k].iter().find(|(_, other)| is_one(other, path)) {
            let message = format!("{other} and {option} are the same file, {}: give each its own", path.display());
            return Err(Failure::Misuse(message));
        }
    }
    Ok(())
}

/// An error for a checkpoint that would take the place of something else.
pub(super) fn check_checkpoint(path: &Path) -> Result<()> {
    const OPTION: &str = "--checkpoint";
    match fs::metadata(path) {
        Ok(known) if known.is_dir() => Err(refused(OPTION, path, &"it is a directory")),
        Ok(known) if !known.is_file() => {
            Err(refused(OPTION, path, &"it is no regular file, and a checkpoint takes the place of what was there"))
        }
        // In an empty file nothing is lost.
        Ok(known) if known.len() > 0 && !is_checkpoint(path)? => {
            Err(refused(OPTION, path, &"it is no checkpoint of manymin, and would be lost: name another file"))
        }
        _ => {
            // It is written beside, and takes the name when it is whole.
            let mut beside = target(path).into_os_string();
            beside.push(format!(".{}.tried", std::process::id()));
            try_to_write(Path::new(&beside)).map_err(|error| refused(OPTION, path, &error))
        }
    }
}

/// Whether the file is a checkpoint, if only one that is damaged or of another release.
fn is_checkpoint(path: &Path) -> Result<bool> {
    match Batch::saved_precision(path) {
        Err(Error::Checkpoint(CheckpointError::NotACheckpoint)) => Ok(false),
        Err(error @ Error::Checkpoint(CheckpointError::Io { .. })) => Err(error.into()),
        _ => Ok(true),
    }
}

/// That an option's file can't be written.
pub(super) fn refused(option: &str, path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::Misuse(format!("{option}: {} can't be written: {why}", path.display()))
}

/// Opens the file as for writing, and leaves everything as it was.
fn try_to_write(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(known) if known.is_dir() => Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory")),
        Ok(known) if known.is_file() => OpenOptions::new().append(true).open(path).map(drop),
        // To open a pipe may wait for its reader, and to close it again ends what the reader sees.
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let target = target(path);
            File::create_new(&target)?;
            fs::remove_file(&target)
        }
        Err(error) => Err(error),
    }
}

/// Whether both name one file, which may be a pipe or a device if it is there: those take several.
fn is_one(one: &Path, other: &Path) -> bool {
    let is_file = fs::metadata(one).map_or(true, |known| known.is_file());
    let (one, other) = (target(one), target(other));
    let place = |path: &Path| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(fs::canonicalize(parent).ok()?.join(path.file_name()?))
    };
    is_file && (one == other || place(&one).is_some_and(|one| place(&other) == Some(one)))
}

/// The most links that lead from one to the next.
const LINKS: usize = 40;

/// What a path leads to, through links, also where there is nothing yet.
pub(super) fn target(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        let Ok(link) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(link);
    }
    path
}
