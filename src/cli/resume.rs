//! `manymin resume`

use std::time::Instant;

use manymin::{Batch, Limits};

use super::args::{CheckpointArgs, ResumeArgs};
use super::drive::{Notes, drive};
use super::failure::{Failure, Result};
use super::problem::file_name;
use super::{minimize, setup};

pub(super) fn run(args: &ResumeArgs) -> Result<()> {
    let begun = Instant::now();
    setup::check_limits(&args.limits)?;
    let named = |error: manymin::Error| match Failure::from(error) {
        Failure::Misuse(message) => Failure::Misuse(format!("{}: {message}", args.file.display())),
        failure => failure,
    };
    let precision = Batch::saved_precision(&args.file).map_err(named)?;
    let device = setup::device(&args.device, precision)?;
    let mut batch = Batch::load(&args.file, &device).map_err(named)?;
    if let Some(iterations) = args.max_iterations {
        batch.resume(Limits { iterations, ..Limits::default() })?;
    }
    // A run that is over is in its file already.
    let same = (batch.active() > 0).then(|| args.file.clone());
    let path = args.checkpoint.checkpoint.clone().or(same);
    minimize::check_files(&args.output, path.as_deref())?;
    let checkpoint = CheckpointArgs { every: args.checkpoint.every.filter(|_| path.is_some()), checkpoint: path };
    // What the command line has kept in the file comes with it; a file that another program wrote has nothing.
    let notes = Notes::new(file_name(&args.file), false, None);
    minimize::finish(drive(batch, notes, begun, &args.limits, &checkpoint)?, &args.output)
}
