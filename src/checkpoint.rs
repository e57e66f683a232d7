//! Batches in files: saved in the middle of a run, and taken up again as if nothing had been.
//!
//! # The format
//! All numbers are little-endian. A file is
//!
//! ```text
//!     "manymin", 0x1a           8 bytes
//!     format                    u32, 1
//!     release that wrote it     3 u16: major, minor, patch; and a u16 of 0
//!     length of the file        u64
//!     sections                  each a tag of 4 bytes, its length as u64, and so many bytes
//!     checksum                  XXH3-128 with seed 0 of all bytes before it, u128
//! ```
//!
//! and nothing in it is read before length and checksum are right. The sections, in this order:
//!
//! | tag | holds | written by |
//! | --- | --- | --- |
//! | `prob` | the problem: dimension, parameters, data, and the operations of the objective or its WGSL | postcard |
//! | `sett` | the settings of the minimizer | postcard |
//! | `strt` | how the starts are made, or all of them | postcard |
//! | `chng` | what was changed of single lanes since the run began | postcard |
//! | `run_` | bytes of a number, 4 or 8; what `summaries` has told of; evaluations and iterations of lanes that have ended; ranges of lanes that have not started: queued, stopped, out of time, paused | hand |
//! | `lane` | lanes under way, by lane number | hand |
//! | `paus` | lanes that are paused, likewise | hand |
//! | `kept` | lanes that a limit or the host has ended, as they were before that, likewise | hand |
//! | `lows` | the lowest points of lanes that were sent elsewhere since, by lane number | postcard |
//! | `done` | lanes that have ended and were not handed out | hand |
//! | `drnd` | lanes that were handed out: ranges, and a status code each; then the lowest of them | hand |
//! | `more` | what monitors keep, by name | postcard |
//!
//! What postcard writes is described by the types themselves and the order of their fields, see `problem/record.rs`,
//! `settings.rs` and `engine/recipe.rs`, and by postcard's wire format. A lane under way is its fields in the order of the table in
//! `engine/lane.rs`; `lanes.rs` tells it in full, `results.rs` how results are packed, `places.rs` how ranges are.
//!
//! # Versions
//! The frame stays as it is. Whatever changes in the sections makes a new format; a release reads the formats that it says it
//! does, and of others tells which release wrote them.

mod changes;
pub(crate) mod frame;
mod input;
mod lanes;
mod numbers;
mod places;
mod results;
mod sections;
mod settings;
mod starts;
mod store;

use std::path::Path;

use self::sections::{read, write};
use crate::batch::Batch;
use crate::device::{Device, Precision};
use crate::error::{CheckpointError, Result};
use crate::problem::Problem;

/// What monitors keep in a checkpoint, by name.
pub(crate) type Blobs = Vec<(String, Vec<u8>)>;

impl Batch {
    /// Writes the batch to a file, from which [`load`](Batch::load) takes it up: the problem with its data, the settings, the
    /// starts, and the state of every lane, also in the middle of a line search. The run goes on as if nothing had been.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let device = Device::cpu(Precision::F32);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&device, &rosenbrock, &starts)?;
    /// batch.advance(10)?;
    /// # let directory = tempfile::tempdir().expect("a directory");
    /// # let path = directory.path().join("run.manymin");
    /// batch.save(&path)?;
    ///
    /// // Another day, in another process:
    /// let mut again = Batch::load(&path, &device)?;
    /// again.run()?;
    /// batch.run()?;
    /// assert_eq!(again.finish()?.points(), batch.finish()?.points());
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// The file is written beside `path` and takes its place when it is whole and on the disk: a crash on the way leaves what was
    /// there before, and perhaps a file `.run.manymin.*.partial` that can be removed. It takes at most 1.2 times [`Minimizer::bytes_per_lane`](crate::Minimizer::bytes_per_lane) for each lane
    /// under way, some 64 bytes, the point and the trail for each that has ended and was not handed out, one byte for each that was; and the
    /// problem, and what the starts are made from: a seed, or all of a matrix. A [`Source`](crate::Source) of one's own is asked
    /// for all its lanes every time, and takes 8 bytes a number; a program that saves often makes a matrix of it first.
    ///
    /// On a GPU, a save is a [`sync`](Batch::sync) as well. If the device has failed, lanes under way are saved as the host last
    /// knew them, as [`move_to`](Batch::move_to) does.
    ///
    /// # Errors
    /// [`CheckpointError::Io`]. What was at `path` before is there still.
    pub fn save(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let saved = self.saved().to_vec();
        self.save_with(path.as_ref(), &saved)
    }

    /// Takes up a batch from a file that [`save`](Batch::save) wrote, on any device of its precision.
    ///
    /// On a device of the kind that wrote it the run ends in what it would have ended in without the interruption, bit for bit,
    /// and nothing is evaluated twice. Between the CPU engine in f32 and a GPU, or two different GPUs or machines, lanes go on from
    /// the same state with the rounding of the new device.
    ///
    /// A file is not trusted: what is in it is checked as what a program sets up is, and whatever it holds, the answer is a
    /// batch or an error.
    ///
    /// # Errors
    /// [`CheckpointError`] for a file that can't be read, is damaged, or makes no sense; [`DeviceError::Precision`](
    /// crate::DeviceError::Precision) for a device of another precision; [`Error::Device`](crate::Error::Device) as
    /// [`Minimizer::start`](crate::Minimizer::start), also for [verbatim](Problem::verbatim) WGSL on the CPU engine.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let (snapshot, blobs) = read(&store::read(path.as_ref())?)?;
        Self::revive(snapshot, blobs, device)
    }

    /// As [`load`](Batch::load), if the file's objective is that of `problem`.
    ///
    /// ```
    /// use manymin::{CheckpointError, Error, prelude::*};
    ///
    /// let bowl = |center: f64| Problem::new(1, |x| (x[0] - center).powi(2));
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0], &[2.0])?, 100, 42);
    /// let device = Device::cpu(Precision::F64);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&device, &bowl(3.0)?, &starts)?;
    /// # let directory = tempfile::tempdir().expect("a directory");
    /// # let path = directory.path().join("run.manymin");
    /// batch.save(&path)?;
    /// assert!(Batch::load_for(&path, &device, &bowl(3.0)?).is_ok());
    /// let refused = Batch::load_for(&path, &device, &bowl(4.0)?).err();
    /// assert!(matches!(refused, Some(Error::Checkpoint(CheckpointError::OtherObjective { .. }))));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`CheckpointError::OtherObjective`] if their [fingerprints](Problem::fingerprint) differ; also as [`load`](Batch::load).
    pub fn load_for(path: impl AsRef<Path>, device: &Device, problem: &Problem) -> Result<Self> {
        let (snapshot, blobs) = read(&store::read(path.as_ref())?)?;
        let (given, found) = (problem.fingerprint(), snapshot.problem.fingerprint());
        if given != found {
            return Err(CheckpointError::OtherObjective { given, found }.into());
        }
        Self::revive(snapshot, blobs, device)
    }

    /// In what precision the lanes of a file compute: what a device must have to [load](Batch::load) it.
    ///
    /// # Errors
    /// [`CheckpointError`] as [`load`](Batch::load).
    pub fn saved_precision(path: impl AsRef<Path>) -> Result<Precision> {
        Ok(read(&store::read(path.as_ref())?)?.0.precision)
    }

    /// What [`save`](Batch::save) writes, for other places than files.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let device = Device::cpu(Precision::F64);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&device, &bowl, &starts)?;
    /// batch.step()?;
    /// let again = Batch::from_bytes(&batch.to_bytes(), &device)?;
    /// assert_eq!(again.totals(), batch.totals());
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn to_bytes(&mut self) -> Vec<u8> {
        let saved = self.saved().to_vec();
        write(&self.snapshot(), &saved)
    }

    /// As [`load`](Batch::load), from what [`to_bytes`](Batch::to_bytes) or [`save`](Batch::save) wrote.
    ///
    /// # Errors
    /// As [`load`](Batch::load).
    pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<Self> {
        let (snapshot, blobs) = read(bytes)?;
        Self::revive(snapshot, blobs, device)
    }

    /// [`save`](Batch::save), with what monitors keep.
    pub(crate) fn save_with(&mut self, path: &Path, blobs: &[(String, Vec<u8>)]) -> Result<()> {
        Ok(store::write(path, &write(&self.snapshot(), blobs))?)
    }
}
