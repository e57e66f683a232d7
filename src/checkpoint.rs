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
//! | `run_` | bytes of a number, 4 or 8; what `summaries` has told of; evaluations and iterations of lanes that have ended; ranges of lanes: queued, and never to start | hand |
//! | `lane` | lanes under way, by lane number | hand |
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

pub(crate) mod frame;
mod input;
mod lanes;
mod numbers;
mod places;
mod results;
mod settings;
mod starts;
mod store;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use crate::batch::{Batch, Snapshot};
use crate::device::{Device, Precision};
use crate::engine::Totals;
use crate::engine::recipe::Recipe;
use crate::engine::state::LaneState;
use crate::error::{CheckpointError, Result};
use crate::minimizer::{Settings, check_sizes};
use crate::problem::Problem;
use crate::starts::Starts;
use frame::{Reader, Tag, Writer};
use input::encode;
use lanes::Shape;
use places::Drained;

/// What monitors keep in a checkpoint, by name.
pub(crate) type Blobs = Vec<(String, Vec<u8>)>;

const PROBLEM: Tag = *b"prob";
const SETTINGS: Tag = *b"sett";
const STARTS: Tag = *b"strt";
const RUN: Tag = *b"run_";
const UNDER_WAY: Tag = *b"lane";
const FINISHED: Tag = *b"done";
const DRAINED: Tag = *b"drnd";
const MONITORS: Tag = *b"more";

/// What is done of all lanes, counted in u64, stays below this.
const MOST_DONE: u64 = 1 << 63;

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
    /// under way, some 64 bytes and the point for each that has ended and was not handed out, one byte for each that was; and the
    /// problem, and what the starts are made from: a seed, or all of a matrix. A [`Source`](crate::Source) of one's own is asked
    /// for all its lanes every time, and takes 8 bytes a number; a program that saves often makes a matrix of it first.
    ///
    /// On a GPU, a save is a [`sync`](Batch::sync) as well. If the device has failed, lanes under way are saved as the host last
    /// knew them, as [`move_to`](Batch::move_to) does.
    ///
    /// # Errors
    /// [`CheckpointError::Io`]. What was at `path` before is there still.
    pub fn save(&mut self, path: impl AsRef<Path>) -> Result<()> {
        self.save_with(path.as_ref(), &Blobs::new())
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
        Ok(Self::load_with(path.as_ref(), device)?.0)
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
        let (snapshot, _) = read(&store::read(path.as_ref())?)?;
        let (given, found) = (problem.fingerprint(), snapshot.problem.fingerprint());
        if given != found {
            return Err(CheckpointError::OtherObjective { given, found }.into());
        }
        Self::resume(snapshot, device)
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
        write(&self.snapshot(), &Blobs::new())
    }

    /// As [`load`](Batch::load), from what [`to_bytes`](Batch::to_bytes) or [`save`](Batch::save) wrote.
    ///
    /// # Errors
    /// As [`load`](Batch::load).
    pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<Self> {
        Self::resume(read(bytes)?.0, device)
    }

    /// [`save`](Batch::save), with what monitors keep.
    pub(crate) fn save_with(&mut self, path: &Path, blobs: &Blobs) -> Result<()> {
        Ok(store::write(path, &write(&self.snapshot(), blobs))?)
    }

    /// [`load`](Batch::load), with what monitors keep.
    pub(crate) fn load_with(path: &Path, device: &Device) -> Result<(Self, Blobs)> {
        let (snapshot, blobs) = read(&store::read(path)?)?;
        Ok((Self::resume(snapshot, device)?, blobs))
    }
}

fn write(snapshot: &Snapshot<'_>, blobs: &Blobs) -> Vec<u8> {
    let Snapshot { precision, problem, starts, settings, under_way, queue, never, finished, told, drained, best_drained, done } = snapshot;
    let shape = Shape::new(&settings.placement(starts, *precision), settings.method, *precision);
    let mut writer = Writer::new();
    writer.section(PROBLEM, |bytes| bytes.extend(problem.to_record()));
    writer.section(SETTINGS, |bytes| encode(&settings::Record::from(settings), bytes));
    writer.section(STARTS, |bytes| encode(&starts::recipe(&**starts.source()), bytes));
    writer.section(RUN, |bytes| {
        bytes.push(numbers::width(*precision) as u8);
        [*told as u64, done.evaluations, done.iterations].into_iter().for_each(|count| bytes.extend(count.to_le_bytes()));
        places::put([queue.clone()], bytes);
        places::put([never.clone()], bytes);
    });
    writer.section(UNDER_WAY, |bytes| lanes::write(under_way, &shape, bytes));
    writer.section(FINISHED, |bytes| results::write(finished, shape.dimension, bytes));
    writer.section(DRAINED, |bytes| {
        places::put_drained(drained, bytes);
        results::write(best_drained, shape.dimension, bytes);
    });
    writer.section(MONITORS, |bytes| encode(blobs, bytes));
    writer.finish()
}

fn read(bytes: &[u8]) -> Result<(Snapshot<'static>, Blobs), CheckpointError> {
    let mut reader = Reader::new(bytes)?;
    let problem = reader.section(PROBLEM, "problem")?;
    let problem = Problem::from_record(problem.rest()).map_err(|fault| CheckpointError::invalid("problem", fault))?;
    let settings = Settings::from(reader.section(SETTINGS, "settings")?.decode::<settings::Record>()?);
    settings.method.validate().map_err(|fault| CheckpointError::invalid("settings", fault))?;
    let starts = Starts::from_recipe(reader.section(STARTS, "starts")?.decode::<Recipe>()?);
    check_sizes(&problem, &starts).map_err(|fault| CheckpointError::invalid("starts", fault))?;

    let mut run = reader.section(RUN, "run")?;
    let precision = match run.byte()? {
        4 => Precision::F32,
        8 => Precision::F64,
        other => return Err(run.invalid(format!("numbers of {other} bytes"))),
    };
    let (told, done) = (run.long()?, Totals { evaluations: run.long()?, iterations: run.long()? });
    if done.evaluations.max(done.iterations) >= MOST_DONE {
        return Err(run.invalid("more was done than can be"));
    }
    let (queued, stopped) = (places::ranges(&mut run)?, places::ranges(&mut run)?);
    let (queue, never) = (places::queue(&queued, starts.lanes(), &run)?, places::queue(&stopped, starts.lanes(), &run)?);
    run.end()?;

    let shape = Shape::new(&settings.placement(&starts, precision), settings.method, precision);
    let mut section = reader.section(UNDER_WAY, "lanes under way")?;
    let under_way = lanes::read(&mut section, &shape)?;
    section.end()?;
    let mut section = reader.section(FINISHED, "results")?;
    let finished = results::read(&mut section, &shape)?;
    section.end()?;
    let told = usize::try_from(told).ok().filter(|&told| told <= finished.records.len());
    let told = told.ok_or_else(|| section.invalid("more were told of than there are"))?;
    let mut section = reader.section(DRAINED, "results handed out")?;
    let (drained, best_drained) = (Drained::read(&mut section)?, results::read(&mut section, &shape)?);
    section.end()?;
    let blobs = reader.section(MONITORS, "what monitors keep")?.decode()?;
    reader.end()?;

    let one = |lane: usize| lane..lane + 1;
    let (ended, started) =
        (finished.records.iter().map(|record| one(record.summary.lane)), under_way.iter().map(|state| one(state.lane())));
    places::check(ended.chain(started).chain(queued).chain(stopped).chain(drained.ranges.iter().cloned()).collect(), starts.lanes())?;
    let drained = drained.statuses();
    if best_drained.records.iter().any(|record| drained.get(record.summary.lane).is_none_or(Option::is_none)) {
        return Err(CheckpointError::invalid("results handed out", "the lowest of them is none"));
    }
    if !under_way.is_sorted_by_key(LaneState::lane) {
        return Err(CheckpointError::invalid("lanes under way", "they are out of order"));
    }
    let snapshot = Snapshot {
        precision,
        problem,
        starts,
        settings,
        under_way: Arc::new(under_way),
        queue,
        never,
        finished: Cow::Owned(finished),
        told,
        drained: Cow::Owned(drained),
        best_drained: Cow::Owned(best_drained),
        done,
    };
    Ok((snapshot, blobs))
}
