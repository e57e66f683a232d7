//! Whether lanes in f32 that say they are at the floor are there, asked in f64.
//!
//! A lane says so if its next step promises less than rounding may change f by. What promises it is what the lane remembers,
//! which tells of directions that it has walked, and of no other: where one curvature is 1e10 times another, f32 sees the
//! first alone. The exact Hessian in f64 knows of all. Where H is positive definite, Newton's step promises that f falls by
//!
//! ```text
//!     g.H^-1 g / 2
//! ```
//!
//! and a promise of nothing is believed. All else is tried: a floor is denied by a point where f is lower, not by a promise.

mod look;
mod newton;

use rayon::prelude::*;

use self::look::Look;
use super::Batch;
use crate::device::Precision;
use crate::engine::Lanes;
use crate::engine::placement::Start;
use crate::method::{Evidence, Status, Tolerances};
use crate::problem::evaluate::chunk::{CHUNK, LANES};
use crate::starts::Starts;

/// Lanes in doubt that are polished together.
const PORTION: usize = 1 << 14;

/// A lane that may be above its floor.
struct Doubt {
    /// Which of the lanes that have ended it is.
    k: usize,
    /// Its point, and what belongs to it.
    start: Start,
    /// f there, and how far it may fall.
    value: f64,
    threshold: f64,
    /// A lower point, if Newton's step has led to one.
    lower: Option<Vec<f64>>,
}

impl Batch {
    /// Ends those of the lanes in [`PrecisionLoss`](Status::PrecisionLoss) that say they are at the floor, and are not.
    pub(super) fn certify_floors(&self, ended: &mut Lanes) {
        let asked = self.settings.certify_floors && self.device.precision() == Precision::F32;
        if !asked || self.problem.check_cpu("`certify_floors`").is_err() {
            return;
        }
        let is_floor = |&k: &usize| ended.records[k].summary.status == Status::PrecisionFloor;
        let floors: Vec<usize> = (0..ended.records.len()).filter(is_floor).collect();
        let (problem, placement, lanes) = (&self.problem, self.engine.placement(), &*ended);
        let each = floors.len().div_ceil(rayon::current_num_threads()).next_multiple_of(CHUNK).clamp(CHUNK, LANES);
        let doubted = floors.par_chunks(each).map_init(|| Look::new(problem, placement), |look, floors| look.doubts(lanes, floors));
        let doubted: Vec<Doubt> = doubted.flatten_iter().collect();
        for portion in doubted.chunks(PORTION) {
            // Where Newton's step leads astray, polishing from the lane's own point may not.
            let (lower, mut rest): (Vec<&Doubt>, Vec<&Doubt>) = portion.iter().partition(|doubt| doubt.lower.is_some());
            rest.extend(self.deny(&lower, |doubt| doubt.lower.as_ref().unwrap_or(&doubt.start.point), ended));
            self.deny(&rest, |doubt| &doubt.start.point, ended);
        }
    }

    /// Denies the floors of lanes where f64, which goes on `from` there, finds f so far down. Returns the others.
    fn deny<'a>(&self, doubted: &[&'a Doubt], from: impl Fn(&'a Doubt) -> &'a Vec<f64>, ended: &mut Lanes) -> Vec<&'a Doubt> {
        if doubted.is_empty() {
            return Vec::new();
        }
        let down_to = |target| Tolerances { gradient_max: 0.0, target: Some(target), ..Tolerances::default() };
        let tolerances = doubted.iter().map(|doubt| down_to(doubt.value - doubt.threshold)).collect();
        let starts = doubted.iter().map(|doubt| Start { point: from(doubt).clone(), ..doubt.start.clone() });
        let starts = Starts::new(starts.collect::<Vec<_>>()).with_tolerances(tolerances);
        // Without an answer there is nothing to deny by.
        let Ok(outcome) = self.settings.polish(&self.problem, &starts) else { return Vec::new() };
        let (denied, others): (Vec<_>, Vec<_>) =
            doubted.iter().zip(outcome.iter()).partition(|(_, lane)| lane.status == Status::TargetReached);
        for (doubt, lane) in denied {
            let record = &mut ended.records[doubt.k];
            record.summary.status = Status::PrecisionLoss;
            record.evidence = Evidence { measured: doubt.value - lane.value, threshold: doubt.threshold };
        }
        others.into_iter().map(|(doubt, _)| *doubt).collect()
    }
}
