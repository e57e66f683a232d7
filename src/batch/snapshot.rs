//! All that a batch is at one moment, on no device: what a checkpoint holds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Batch;
use crate::device::{Device, Precision};
use crate::engine::changes::Changes;
use crate::engine::queue::Queue;
use crate::engine::state::{LaneState, Low, Standing};
use crate::engine::{Lanes, Totals};
use crate::error::{CheckpointError, DeviceError, Error, Result};
use crate::method::Status;
use crate::minimizer::{Minimizer, Settings};
use crate::problem::Problem;
use crate::starts::Starts;

/// A batch between two steps. Every lane is in one place: under way, paused, finished, drained, queued, or never to start.
pub(crate) struct Snapshot<'a> {
    /// That of the lanes.
    pub(crate) precision: Precision,
    pub(crate) problem: Problem,
    pub(crate) starts: Starts,
    pub(crate) settings: Settings,
    /// What was changed of single lanes.
    pub(crate) changes: Arc<Changes>,
    /// Lanes under way, by lane number.
    pub(crate) under_way: Vec<LaneState>,
    pub(crate) queue: Queue,
    /// Lanes that were stopped before they started, and those that time ran out for.
    pub(crate) never: Queue,
    pub(crate) late: Queue,
    /// Lanes that are out of the run for a while; nothing of those that have not started.
    pub(crate) paused: Cow<'a, BTreeMap<usize, Option<LaneState>>>,
    /// Lanes that a limit or the host has ended as they were before that.
    pub(crate) kept: Cow<'a, BTreeMap<usize, LaneState>>,
    /// The lowest points of lanes that were sent elsewhere since.
    pub(crate) lows: Cow<'a, BTreeMap<usize, Low>>,
    /// Lanes that have ended and were not handed out, and how many of them `summaries` has told of.
    pub(crate) finished: Cow<'a, Lanes>,
    pub(crate) told: usize,
    /// How lanes that were handed out ended, and the lowest of them.
    pub(crate) drained: Cow<'a, [Option<Status>]>,
    pub(crate) best_drained: Cow<'a, Lanes>,
    /// What lanes that have ended did.
    pub(crate) done: Totals,
}

impl Batch {
    /// The batch as it is now, which it stays. If its device has failed, lanes under way are as the host last knew them.
    pub(crate) fn snapshot(&mut self) -> Snapshot<'_> {
        self.collect();
        let under_way = self.engine.export().unwrap_or_else(|_| self.last_known());
        // Now that they are on the host, let them be of use there.
        if self.device.is_gpu() {
            self.synced = Arc::new(under_way.iter().map(|state| (state.lane(), state.clone())).collect());
        }
        Snapshot {
            precision: self.device.precision(),
            problem: self.problem.clone(),
            starts: self.starts.clone(),
            settings: self.settings.clone(),
            changes: Arc::clone(self.engine.placement().changes()),
            under_way,
            queue: self.engine.queue().clone(),
            never: self.never.clone(),
            late: self.late.clone(),
            paused: Cow::Borrowed(&self.paused),
            kept: Cow::Borrowed(&self.kept),
            lows: Cow::Borrowed(&self.lows),
            finished: Cow::Borrowed(&self.finished),
            told: self.told,
            drained: Cow::Borrowed(&self.drained),
            best_drained: Cow::Borrowed(&self.best_drained),
            done: self.done,
        }
    }

    /// What monitors had saved of a run that has been loaded and not taken up yet.
    pub(crate) fn saved(&self) -> &[(String, Vec<u8>)] {
        &self.saved
    }

    /// A batch on `device` that goes on from a snapshot, and what monitors had saved.
    pub(crate) fn revive(snapshot: Snapshot<'_>, saved: Vec<(String, Vec<u8>)>, device: &Device) -> Result<Self> {
        let Snapshot { precision, problem, starts, settings, changes, under_way, queue, never, late, .. } = snapshot;
        let Snapshot { paused, kept, lows, finished, told, drained, best_drained, done, .. } = snapshot;
        if precision != device.precision() {
            let from = format!("{precision} (the checkpoint's precision)");
            return Err(DeviceError::Precision { from, to: device.to_string() }.into());
        }
        let minimizer = Minimizer::again(&settings);
        minimizer.check(precision, &starts, &changes).map_err(|error| match error {
            Error::Device(_) => error,
            fault => CheckpointError::invalid("settings and starts", fault).into(),
        })?;
        let synced = device.is_gpu().then(|| under_way.iter().map(|state| (state.lane(), state.clone())).collect());
        let standing = Standing { states: under_way, queue, changes };
        let engine = minimizer.engine(device, &problem, &starts, standing)?;
        let ended = finished.records.len() + drained.iter().flatten().count();
        Ok(Self {
            finished: finished.into_owned(),
            told,
            best_drained: best_drained.into_owned(),
            drained: drained.into_owned(),
            never,
            late,
            ended,
            done,
            paused: paused.into_owned(),
            kept: kept.into_owned(),
            lows: lows.into_owned(),
            saved,
            synced: Arc::new(synced.unwrap_or_default()),
            ..Self::new(engine, device.clone(), problem, starts, settings)
        })
    }
}
