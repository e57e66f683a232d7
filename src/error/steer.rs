//! What can't be changed in the middle of a run, and what to do instead.

use thiserror::Error;

use super::Number;
use crate::method::Status;

/// Why a run can't be changed as asked. It then is as it was.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SteerError {
    /// The lane has ended.
    #[error(
        "lane {lane} has ended: {status}; give it a new start with `Batch::replace`, or its own again with `Batch::restart`{}",
        if status.is_budget() || status.is_stopped() { ", or take it up with `Batch::resume` or `Batch::resume_stopped`" } else { "" }
    )]
    Ended {
        /// The lane.
        lane: usize,
        /// How it has ended.
        status: Status,
    },
    /// The lane's result was handed out.
    #[error("lane {lane} was handed out by `Batch::drain_finished`, and nothing is left of it here: start its point in a batch of its own")]
    Drained {
        /// The lane.
        lane: usize,
    },
    /// The lane is not paused.
    #[error("lane {lane} is not paused: `Batch::paused` lists those that are")]
    NotPaused {
        /// The lane.
        lane: usize,
    },
    /// Lanes that have ended are not kept.
    #[error("lanes that have ended can't go on, since the minimizer was told to keep none: use `Minimizer::resumable(true)`")]
    NotResumable,
    /// The method remembers no pairs.
    #[error("there is no history to be kept: the method remembers no pairs; use `Memory::Clear`")]
    NoHistory,
    /// So many numbers were given, and others are taken.
    #[error("{what}: {given} numbers were given where {wanted} are taken")]
    Length {
        /// `the point`, `the parameters`, `the bounds` or the data's name.
        what: String,
        /// How many were given.
        given: usize,
        /// How many are taken.
        wanted: usize,
    },
    /// A number that lanes can't have.
    #[error("number {index} of {what} is {}: it must be finite in the lane's precision", Number(*value))]
    NotFinite {
        /// `the point` or `the parameters`.
        what: &'static str,
        /// Its place.
        index: usize,
        /// The number.
        value: f64,
    },
}
