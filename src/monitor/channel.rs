//! A feed for another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use super::{Control, Every, Monitor, Step};
use crate::engine::{Summary, Totals};
use crate::error::Result;
use crate::outcome::LaneResult;

/// How a run stands, for another thread to keep.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// [`Step::number`].
    pub number: u64,
    /// [`Step::elapsed`].
    pub elapsed: Duration,
    /// How many lanes there are.
    pub lanes: usize,
    /// Lanes that are not done.
    pub active: usize,
    /// What has been done.
    pub totals: Totals,
    /// The lane with the lowest value so far.
    pub best: LaneResult,
    /// [`Step::summaries`], if asked for by [`Channel::with_summaries`].
    pub summaries: Vec<Summary>,
}

/// Sends how a run stands to another thread, that writes it down, draws it or sends it on, and never waits for it: a snapshot that
/// finds the channel full is dropped, and [counted](Channel::dropped). Those that are in it already stay, in their order: a
/// sender can't take them back. A receiver that has gone ends the feed, and not the run.
///
/// It sends the start, then ten snapshots a second unless [`every`](Monitor::every) says otherwise, and the end; then it
/// hangs up, if the run owns it.
///
/// ```
/// use manymin::monitor::Channel;
/// use manymin::prelude::*;
///
/// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let (channel, snapshots) = Channel::new(16);
/// let log = std::thread::spawn(move || snapshots.into_iter().map(|now| (now.active, now.best.value)).collect::<Vec<_>>());
/// Minimizer::new(Lbfgs::default()).monitor(channel).minimize(&Device::auto()?, &bowl, &starts)?;
/// let log = log.join().expect("no panic");
/// assert_eq!(log[0].0, 100);
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Channel {
    sender: SyncSender<Snapshot>,
    summaries: bool,
    dropped: Arc<AtomicU64>,
    /// Ends of lanes that were in snapshots that were dropped: the next one brings them.
    owed: Vec<Summary>,
}

/// Seconds from one snapshot to the next.
const SECONDS: f64 = 0.1;

impl Channel {
    /// A channel that holds up to `capacity` snapshots, at least one, and the end that they come out of.
    pub fn new(capacity: usize) -> (Self, Receiver<Snapshot>) {
        // Without room, a receiver that does not wait at the right moment would get none.
        let (sender, receiver) = sync_channel(capacity.max(1));
        (Self { sender, summaries: false, dropped: Arc::default(), owed: Vec::new() }, receiver)
    }

    /// Has snapshots bring the summaries of lanes: resident ones, and those that have ended since the last snapshot that was
    /// not dropped.
    pub fn with_summaries(self) -> Self {
        Self { summaries: true, ..self }
    }

    /// How many snapshots found the channel full and were dropped. A clone of the channel counts with it.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn send(&mut self, step: &mut Step<'_>) {
        let mut summaries = std::mem::take(&mut self.owed);
        if self.summaries {
            summaries.extend_from_slice(step.summaries());
            summaries.sort_unstable_by_key(|summary| summary.lane);
        }
        let snapshot = Snapshot {
            number: step.number(),
            elapsed: step.elapsed(),
            lanes: step.lanes(),
            active: step.active(),
            totals: step.totals(),
            best: step.best(),
            summaries,
        };
        if let Err(TrySendError::Full(dropped)) = self.sender.try_send(snapshot) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            self.owed = dropped.summaries;
            self.owed.retain(|summary| !summary.status.is_active());
        }
    }
}

impl Monitor for Channel {
    fn when(&self) -> Every {
        Every::Seconds(SECONDS)
    }

    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        self.send(step);
        Ok(Control::Continue)
    }

    fn end(&mut self, step: &mut Step<'_>) -> Result<()> {
        self.send(step);
        Ok(())
    }
}
