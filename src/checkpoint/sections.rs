//! The sections of a file, in their order.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::frame::{Reader, Tag, Writer};
use super::input::encode;
use super::lanes::{self, Shape};
use super::places::{self, Drained};
use super::{Blobs, changes, numbers, results, settings, starts};
use crate::batch::Snapshot;
use crate::device::Precision;
use crate::engine::Totals;
use crate::engine::changes::Changes;
use crate::engine::recipe::Recipe;
use crate::engine::state::Low;
use crate::error::CheckpointError;
use crate::method::Status;
use crate::minimizer::{Settings, check_sizes};
use crate::problem::Problem;
use crate::starts::Starts;

const PROBLEM: Tag = *b"prob";
const SETTINGS: Tag = *b"sett";
const STARTS: Tag = *b"strt";
const CHANGES: Tag = *b"chng";
const RUN: Tag = *b"run_";
const UNDER_WAY: Tag = *b"lane";
const PAUSED: Tag = *b"paus";
const KEPT: Tag = *b"kept";
const LOWS: Tag = *b"lows";
const FINISHED: Tag = *b"done";
const DRAINED: Tag = *b"drnd";
const MONITORS: Tag = *b"more";

/// What is done of all lanes, counted in u64, stays below this.
const MOST_DONE: u64 = 1 << 63;

/// A batch as the bytes of a file.
pub(super) fn write(snapshot: &Snapshot<'_>, blobs: &[(String, Vec<u8>)]) -> Vec<u8> {
    let Snapshot { precision, problem, starts, settings, changes, under_way, queue, never, late, .. } = snapshot;
    let Snapshot { paused, kept, lows, finished, told, drained, best_drained, done, .. } = snapshot;
    let shape = Shape::new(&settings.placement(starts, *precision, changes), settings, *precision);
    let mut writer = Writer::new();
    writer.section(PROBLEM, |bytes| bytes.extend(problem.to_record()));
    writer.section(SETTINGS, |bytes| encode(&settings::Record::from(settings), bytes));
    writer.section(STARTS, |bytes| encode(&starts::recipe(&**starts.source()), bytes));
    writer.section(CHANGES, |bytes| encode(&**changes, bytes));
    writer.section(RUN, |bytes| {
        bytes.push(numbers::width(*precision) as u8);
        [*told as u64, done.evaluations, done.iterations].into_iter().for_each(|count| bytes.extend(count.to_le_bytes()));
        let waiting = paused.iter().filter(|(_, state)| state.is_none()).map(|(&lane, _)| lane..lane + 1);
        [queue, never, late].into_iter().for_each(|lanes| places::put(lanes.ranges(), bytes));
        places::put(waiting, bytes);
    });
    writer.section(UNDER_WAY, |bytes| lanes::write(under_way.iter(), &shape, bytes));
    writer.section(PAUSED, |bytes| lanes::write(paused.values().flatten(), &shape, bytes));
    writer.section(KEPT, |bytes| lanes::write(kept.values(), &shape, bytes));
    writer.section(LOWS, |bytes| encode(&**lows, bytes));
    writer.section(FINISHED, |bytes| results::write(finished, shape.dimension, bytes));
    writer.section(DRAINED, |bytes| {
        places::put_drained(drained, bytes);
        results::write(best_drained, shape.dimension, bytes);
    });
    writer.section(MONITORS, |bytes| encode(blobs, bytes));
    writer.finish()
}

/// The batch that the bytes of a file hold, and what monitors keep.
pub(super) fn read(bytes: &[u8]) -> Result<(Snapshot<'static>, Blobs), CheckpointError> {
    let mut reader = Reader::new(bytes)?;
    let problem = reader.section(PROBLEM, "problem")?;
    let problem = Problem::from_record(problem.rest()).map_err(|fault| CheckpointError::invalid("problem", fault))?;
    let settings = Settings::from(reader.section(SETTINGS, "settings")?.decode::<settings::Record>()?);
    let fault = |fault| CheckpointError::invalid("settings", fault);
    settings.method.validate().and_then(|()| settings.check_trail()).map_err(fault)?;
    let starts = Starts::from_recipe(reader.section(STARTS, "starts")?.decode::<Recipe>()?);
    check_sizes(&problem, &starts).map_err(|fault| CheckpointError::invalid("starts", fault))?;
    let changes: Changes = reader.section(CHANGES, "changes")?.decode()?;
    changes::check(&changes, &problem, starts.lanes())?;
    let changes = Arc::new(changes);

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
    let mut places = || places::ranges(&mut run);
    let [queued, stopped, out_of_time, waiting] = [places()?, places()?, places()?, places()?];
    run.end()?;

    let shape = Shape::new(&settings.placement(&starts, precision, &changes), &settings, precision);
    let mut states = |tag, what| {
        let mut section = reader.section(tag, what)?;
        let states = lanes::read(&mut section, &shape)?;
        section.end()?;
        let ascending = states.is_sorted_by(|a, b| a.lane() < b.lane());
        if ascending { Ok(states) } else { Err(CheckpointError::invalid(what, "they are out of order")) }
    };
    let under_way = states(UNDER_WAY, "lanes under way")?;
    let (paused, kept) = (states(PAUSED, "paused lanes")?, states(KEPT, "lanes kept")?);
    let lows: BTreeMap<usize, Low> = reader.section(LOWS, "lowest points")?.decode()?;
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
    let ended = finished.records.iter().map(|record| one(record.summary.lane));
    let started = under_way.iter().chain(&paused).map(|state| one(state.lane()));
    let unstarted = [&queued, &stopped, &out_of_time, &waiting].into_iter().flatten().cloned();
    places::check(ended.chain(started).chain(unstarted).chain(drained.ranges.iter().cloned()).collect(), starts.lanes())?;
    let drained = drained.statuses();
    if best_drained.records.iter().any(|record| drained.get(record.summary.lane).is_none_or(Option::is_none)) {
        return Err(CheckpointError::invalid("results handed out", "the lowest of them is none"));
    }
    let may_go_on = |status: Status| status.is_budget() || status == Status::Stopped;
    let resumable: BTreeMap<usize, ()> =
        finished.records.iter().filter(|record| may_go_on(record.summary.status)).map(|record| (record.summary.lane, ())).collect();
    if kept.iter().any(|state| !resumable.contains_key(&state.lane())) {
        return Err(CheckpointError::invalid("lanes kept", "one has not ended at a limit"));
    }
    if lows.iter().any(|(&lane, low)| lane >= starts.lanes() || low.point.len() != shape.dimension) {
        return Err(CheckpointError::invalid("lowest points", "one is of no lane, or has another number of components"));
    }
    let paused = paused.into_iter().map(|state| (state.lane(), Some(state)));
    let paused = paused.chain(waiting.into_iter().flatten().map(|lane| (lane, None))).collect();
    let queue = |ranges: Vec<Range<usize>>| places::queue(ranges);
    let snapshot = Snapshot {
        precision,
        problem,
        starts,
        settings,
        changes,
        under_way,
        queue: queue(queued),
        never: queue(stopped),
        late: queue(out_of_time),
        paused: Cow::Owned(paused),
        kept: Cow::Owned(kept.into_iter().map(|state| (state.lane(), state)).collect()),
        lows: Cow::Owned(lows),
        finished: Cow::Owned(finished),
        told,
        drained: Cow::Owned(drained),
        best_drained: Cow::Owned(best_drained),
        done,
    };
    Ok((snapshot, blobs))
}
