//! The settings of a run, in files.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::placement::Holds;
use crate::method::{Bounds, InitialStep, Limits, LineSearch, Method, Pairs, Tolerances};
use crate::minimizer::Settings;

/// The settings as they stand in files.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    method: Method,
    line_search: Option<LineSearch>,
    initial_step: Option<InitialStep>,
    pairs: Pairs,
    tolerances: Tolerances,
    limits: Limits,
    pool: Option<usize>,
    curvature: bool,
    bounds: Option<Bounds>,
    fixed: Option<Vec<bool>>,
    resumable: bool,
    trail: usize,
    certify_floors: bool,
}

impl From<&Settings> for Record {
    fn from(settings: &Settings) -> Self {
        let Settings {
            method,
            line_search,
            initial_step,
            pairs,
            tolerances,
            limits,
            pool,
            curvature,
            holds,
            resumable,
            trail,
            certify_floors,
        } = settings.clone();
        let (bounds, fixed) = (holds.bounds.map(Arc::unwrap_or_clone), holds.fixed.map(|fixed| fixed.to_vec()));
        Self {
            method,
            line_search,
            initial_step,
            pairs,
            tolerances,
            limits,
            pool,
            curvature,
            bounds,
            fixed,
            resumable,
            trail,
            certify_floors,
        }
    }
}

impl From<Record> for Settings {
    fn from(record: Record) -> Self {
        let Record {
            method,
            line_search,
            initial_step,
            pairs,
            tolerances,
            limits,
            pool,
            curvature,
            bounds,
            fixed,
            resumable,
            trail,
            certify_floors,
        } = record;
        let holds = Holds { bounds: bounds.map(Arc::new), fixed: fixed.map(Arc::from) };
        Self { method, line_search, initial_step, pairs, tolerances, limits, pool, curvature, holds, resumable, trail, certify_floors }
    }
}
