//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::CheckpointError;

/// Makes `bytes` the content of the file at `path`: they are written to a file beside it, which takes its place when it is
/// whole and on the disk. Whatever happens on the way, what was there before is there still, or what is new is.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
    let fault = |error: io::Error| CheckpointError::io("write", path, &error);
    let temporary = beside(path).map_err(fault)?;
    let written = fill(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // That it can't be removed either is no news.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(fault)?;
    // The name is on the disk as well only when its directory is. Where that can't be asked for, the file is whole all the same.
    let _ = File::open(directory(path)).and_then(|directory| directory.sync_all());
    Ok(())
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    fs::read(path).map_err(|error| CheckpointError::io("read", path, &error))
}

fn fill(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A name in the same directory that nothing else has: `run.manymin` is written as `.run.manymin.4711.0.partial`.
fn beside(path: &Path) -> io::Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.{count}.partial", std::process::id()));
    Ok(directory(path).join(temporary))
}
