//! `manymin resume`

use std::time::Instant;

use manymin::{Batch, Limits};

use super::args::{CheckpointArgs, ResumeArgs};
use super::drive::{NOTES, Notes, drive};
use super::failure::{Failure, Result};
use super::problem::file_name;
use super::{minimize, setup};

pub(super) fn run(args: &ResumeArgs) -> Result<()> {
    let begun = Instant::now();
    setup::check_limits(&args.limits)?;
    let precision = Batch::precision_in(&args.file)?;
    let device = setup::device(&args.device, precision)?;
    let (mut batch, kept) = Batch::load_with(&args.file, &device)?;
    let notes = kept.into_iter().find(|(name, _)| name == NOTES);
    let notes = match notes {
        Some((_, notes)) => serde_json::from_slice(&notes).map_err(|error| Failure::Misuse(format!("{}: {error}", args.file.display())))?,
        // A file that a program wrote, not this one.
        None => Notes { problem: file_name(&args.file), ..Notes::default() },
    };
    if let Some(iterations) = args.max_iterations {
        batch.resume(Limits { iterations, ..Limits::default() })?;
    }
    let path = args.checkpoint.checkpoint.clone().unwrap_or_else(|| args.file.clone());
    let checkpoint = CheckpointArgs { checkpoint: Some(path), every: args.checkpoint.every };
    minimize::finish(drive(batch, notes, begun, &args.limits, &checkpoint)?, &args.output)
}
