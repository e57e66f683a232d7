//! All that a batch is at one moment, on no device: what a checkpoint holds.

use std::borrow::Cow;
use std::sync::Arc;

use super::Batch;
use crate::device::{Device, Precision};
use crate::engine::source::Queue;
use crate::engine::state::{LaneState, Standing};
use crate::engine::{Lanes, Totals};
use crate::error::{CheckpointError, DeviceError, Error, Result};
use crate::method::Status;
use crate::minimizer::{Minimizer, Settings};
use crate::problem::Problem;
use crate::starts::Starts;

/// A batch between two steps. Every lane is in one place: under way, finished, drained, queued, or never to start.
pub(crate) struct Snapshot<'a> {
    /// That of the lanes.
    pub(crate) precision: Precision,
    pub(crate) problem: Problem,
    pub(crate) starts: Starts,
    pub(crate) settings: Settings,
    /// Lanes under way, by lane number.
    pub(crate) under_way: Arc<Vec<LaneState>>,
    pub(crate) queue: Queue,
    /// Lanes that were stopped before they started.
    pub(crate) never: Queue,
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
        let under_way = Arc::new(self.engine.export().unwrap_or_else(|_| self.last_known()));
        // Now that they are on the host, let them be of use there.
        if self.device.is_gpu() {
            self.synced = Arc::clone(&under_way);
        }
        Snapshot {
            precision: self.device.precision(),
            problem: self.problem.clone(),
            starts: self.starts.clone(),
            settings: self.settings.clone(),
            under_way,
            queue: self.engine.queued(),
            never: self.never.clone(),
            finished: Cow::Borrowed(&self.finished),
            told: self.told,
            drained: Cow::Borrowed(&self.drained),
            best_drained: Cow::Borrowed(&self.best_drained),
            done: self.done,
        }
    }

    /// A batch on `device` that goes on from a snapshot.
    pub(crate) fn resume(snapshot: Snapshot<'_>, device: &Device) -> Result<Self> {
        let Snapshot { precision, problem, starts, settings, under_way, queue, never, finished, told, drained, best_drained, done } =
            snapshot;
        if precision != device.precision() {
            let from = format!("{precision} (the checkpoint's precision)");
            return Err(DeviceError::Precision { from, to: device.to_string() }.into());
        }
        let minimizer = Minimizer::again(&settings);
        minimizer.check(precision, &starts).map_err(|error| match error {
            Error::Device(_) => error,
            fault => CheckpointError::invalid("settings and starts", fault).into(),
        })?;
        let synced = if device.is_gpu() { Arc::clone(&under_way) } else { Arc::default() };
        let standing = Standing { states: Arc::unwrap_or_clone(under_way), queue, ended: done };
        let engine = minimizer.engine(device, &problem, &starts, standing)?;
        let ended = finished.records.len() + drained.iter().flatten().count();
        Ok(Self {
            finished: finished.into_owned(),
            told,
            best_drained: best_drained.into_owned(),
            drained: drained.into_owned(),
            never,
            ended,
            done,
            synced,
            ..Self::new(engine, device.clone(), problem, starts, settings)
        })
    }
}
