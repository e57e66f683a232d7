//! What lanes begin with: start, parameters and box, in the precision that they compute in.
//!
//! The box of a lane is what is left of the bounds of all lanes, its own ones, and, for components that are held fixed, the
//! start itself:
//!
//! ```text
//!     x_i in [max(l_i, l_i of the lane), min(u_i, u_i of the lane)],    x_i = its start where i is fixed
//! ```
//!
//! In f32 a lower bound is rounded up and an upper one down, so that no lane leaves the box that was asked for; equal ones are
//! rounded to nearest, and stay equal.

use std::sync::Arc;

use rayon::prelude::*;

use super::changes::Changes;
use super::source::Source;
use super::state::LaneState;
use crate::device::Precision;
use crate::error::{BoundsError, Result};
use crate::method::{Bounds, Demands};

/// Where lanes begin, and what holds them. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Placement {
    source: Arc<dyn Source>,
    /// Bounds of all lanes, and components that are held at their start.
    holds: Holds,
    precision: Precision,
    bounded: bool,
    /// What ends a lane that has no demands of its own.
    demands: Demands,
    changes: Arc<Changes>,
}

/// What holds all lanes alike.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holds {
    pub(crate) bounds: Option<Arc<Bounds>>,
    pub(crate) fixed: Option<Arc<[bool]>>,
}

/// A lane before its first evaluation.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// Inside the box, if it is finite.
    pub(crate) point: Vec<f64>,
    pub(crate) parameters: Vec<f64>,
    /// The box; empty in a run without bounds.
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    /// What ends the lane.
    pub(crate) demands: Demands,
}

impl Start {
    /// Takes `point` for the start, or the nearest point of the box.
    pub(crate) fn project(&mut self, point: &[f64]) {
        self.point.copy_from_slice(point);
        for ((x, &low), &high) in self.point.iter_mut().zip(&self.lower).zip(&self.upper) {
            *x = clamp(*x, low, high);
        }
    }

    /// How far component `i` can go in its box in the direction of `by`: not at all where a bound holds it.
    pub(crate) fn room(&self, i: usize, by: f64) -> f64 {
        let (low, high) = (self.lower.get(i).copied().unwrap_or(f64::NEG_INFINITY), self.upper.get(i).copied().unwrap_or(f64::INFINITY));
        if by < 0.0 { self.point[i] - low } else { high - self.point[i] }
    }
}

/// Lanes that begin as they are told.
impl Source for Vec<Start> {
    fn lanes(&self) -> usize {
        self.len()
    }

    fn dimension(&self) -> usize {
        self.first().map_or(0, |start| start.point.len())
    }

    fn parameters(&self) -> usize {
        self.first().map_or(0, |start| start.parameters.len())
    }

    fn has_bounds(&self) -> bool {
        self.first().is_some_and(|start| !start.lower.is_empty())
    }

    fn fill_bounds(&self, lane: usize, lower: &mut [f64], upper: &mut [f64]) {
        lower.copy_from_slice(&self[lane].lower);
        upper.copy_from_slice(&self[lane].upper);
    }

    fn fill(&self, lane: usize, point: &mut [f64], parameters: &mut [f64]) {
        point.copy_from_slice(&self[lane].point);
        parameters.copy_from_slice(&self[lane].parameters);
    }
}

impl Placement {
    pub(crate) fn new(source: &Arc<dyn Source>, holds: &Holds, precision: Precision, demands: Demands, changes: Arc<Changes>) -> Self {
        let finite = |bounds: &Arc<Bounds>| bounds.binds();
        let fixes = |fixed: &Arc<[bool]>| fixed.contains(&true);
        let all = holds.bounds.as_ref().is_some_and(finite) || holds.fixed.as_ref().is_some_and(fixes);
        let bounded = all || source.has_bounds() || changes.has_bounds();
        Self { source: Arc::clone(source), holds: holds.clone(), precision, bounded, demands, changes }
    }

    /// What the user has changed of single lanes.
    pub(crate) fn changes(&self) -> &Arc<Changes> {
        &self.changes
    }

    /// The same, to be changed in all but bounds where there were none.
    pub(crate) fn changes_mut(&mut self) -> &mut Changes {
        Arc::make_mut(&mut self.changes)
    }

    /// What ends `lane`.
    pub(crate) fn demands(&self, lane: usize) -> Demands {
        let own = self.demands.of(&*self.source, lane);
        match self.changes.of(lane) {
            Some(change) => {
                Demands { tolerances: change.tolerances.unwrap_or(own.tolerances), limits: change.limits.unwrap_or(own.limits) }
            }
            None => own,
        }
    }

    /// Sets what ends lanes that have no demands of their own.
    pub(crate) fn set_demands(&mut self, demands: Demands) {
        self.demands = demands;
    }

    /// Writes the start and the parameters that `lane` is given.
    fn given(&self, lane: usize, start: &mut Start) {
        self.source.fill(lane, &mut start.point, &mut start.parameters);
        let Some(change) = self.changes.of(lane) else { return };
        change.point.iter().for_each(|point| start.point.copy_from_slice(point));
        change.parameters.iter().for_each(|parameters| start.parameters.copy_from_slice(parameters));
    }

    pub(crate) fn lanes(&self) -> usize {
        self.source.lanes()
    }

    pub(crate) fn dimension(&self) -> usize {
        self.source.dimension()
    }

    pub(crate) fn parameters(&self) -> usize {
        self.source.parameters()
    }

    /// Whether lanes have a box.
    pub(crate) fn is_bounded(&self) -> bool {
        self.bounded
    }

    /// Room for a start.
    pub(crate) fn room(&self) -> Start {
        let (n, sides) = (self.dimension(), if self.bounded { self.dimension() } else { 0 });
        Start {
            point: vec![0.0; n],
            parameters: vec![0.0; self.parameters()],
            lower: vec![0.0; sides],
            upper: vec![0.0; sides],
            demands: self.demands,
        }
    }

    /// Writes what `lane` begins with.
    pub(crate) fn fill(&self, lane: usize, start: &mut Start) {
        self.given(lane, start);
        start.demands = self.demands(lane);
        if !self.bounded {
            return;
        }
        self.given_box(lane, start);
        let fixed = |i: usize| self.holds.fixed.as_ref().is_some_and(|fixed| fixed[i]);
        for i in 0..start.point.len() {
            let (low, high) = rounded(start.lower[i], start.upper[i], self.precision);
            let x = &mut start.point[i];
            if fixed(i) && x.is_finite() {
                *x = clamp(nearest(*x, self.precision), low, high);
                (start.lower[i], start.upper[i]) = (*x, *x);
            } else {
                (start.lower[i], start.upper[i]) = (low, high);
                if x.is_finite() {
                    *x = clamp(*x, low, high);
                }
            }
        }
    }

    /// What `lane` begins with.
    pub(crate) fn start(&self, lane: usize) -> Start {
        let mut start = self.room();
        self.fill(lane, &mut start);
        start
    }

    /// The state of `lane` before its first evaluation.
    pub(crate) fn fresh(&self, lane: usize) -> LaneState {
        LaneState::fresh(lane, self.start(lane))
    }

    /// Whether the start that `lane` was given lies outside its box.
    pub(crate) fn is_projected(&self, lane: usize) -> bool {
        if !self.bounded {
            return false;
        }
        let mut start = self.room();
        self.given(lane, &mut start);
        self.given_box(lane, &mut start);
        let Start { point, lower, upper, .. } = start;
        point.iter().zip(lower).zip(upper).any(|((&x, low), high)| x.is_finite() && (x < low || x > high))
    }

    /// Writes the bounds of a lane as they are given: its own and those of all, in f64.
    fn given_box(&self, lane: usize, start: &mut Start) {
        start.lower.fill(f64::NEG_INFINITY);
        start.upper.fill(f64::INFINITY);
        if let Some(bounds) = self.changes.of(lane).and_then(|change| change.bounds.as_ref()) {
            start.lower.copy_from_slice(bounds.lower());
            start.upper.copy_from_slice(bounds.upper());
        } else if self.source.has_bounds() {
            self.source.fill_bounds(lane, &mut start.lower, &mut start.upper);
        }
        if let Some(bounds) = &self.holds.bounds {
            // Written so that what is not a number stays, and is found.
            start.lower.iter_mut().zip(bounds.lower()).filter(|(low, bound)| **low < **bound).for_each(|(low, bound)| *low = *bound);
            start.upper.iter_mut().zip(bounds.upper()).filter(|(high, bound)| **high > **bound).for_each(|(high, bound)| *high = *bound);
        }
    }

    /// Finds boxes that hold no point, in all lanes that may have one.
    pub(crate) fn check(&self) -> Result<(), BoundsError> {
        let (n, holds) = (self.dimension(), &self.holds);
        if let Some(bounds) = holds.bounds.as_ref().filter(|bounds| bounds.dimension() != n) {
            return Err(BoundsError::Dimension { bounds: bounds.dimension(), problem: n });
        }
        if let Some(fixed) = holds.fixed.as_ref().filter(|fixed| fixed.len() != n) {
            return Err(BoundsError::Fixed { fixed: fixed.len(), problem: n });
        }
        if !self.bounded {
            return Ok(());
        }
        // Where lanes differ neither in their bounds nor in what fixes them, one stands for all.
        let differ = self.source.has_bounds() || self.changes.has_bounds() || holds.fixed.is_some() && holds.bounds.is_some();
        let lanes = if differ { self.lanes() } else { 1 };
        let fault =
            (0..lanes).into_par_iter().map_init(|| self.room(), |start, lane| self.fault(lane, start)).find_map_first(|fault| fault);
        fault.map_or(Ok(()), Err)
    }

    /// Finds a box that holds no point.
    pub(crate) fn check_lane(&self, lane: usize) -> Result<(), BoundsError> {
        match self.bounded.then(|| self.fault(lane, &mut self.room())).flatten() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// What is wrong with the box of a lane.
    fn fault(&self, lane: usize, start: &mut Start) -> Option<BoundsError> {
        self.given_box(lane, start);
        let sides = || start.lower.iter().copied().zip(start.upper.iter().copied()).enumerate();
        if let Some((index, (lower, upper))) = sides().find(|(_, (low, high))| is_empty(*low, *high)) {
            return Some(BoundsError::EmptyLane { lane, index, lower, upper });
        }
        let empty = |low, high| {
            let (low, high) = rounded(low, high, self.precision);
            is_empty(low, high)
        };
        if let Some((index, (lower, upper))) = sides().find(|(_, (low, high))| empty(*low, *high)) {
            return Some(BoundsError::Rounded { lane, index, lower, upper });
        }
        let fixed = self.holds.fixed.as_ref()?;
        self.given(lane, start);
        let outside = |(index, (lower, upper)): (usize, (f64, f64))| {
            let value = start.point[index];
            let out = fixed[index] && value.is_finite() && (value < lower || value > upper);
            out.then_some(BoundsError::FixedOutside { lane, index, value, lower, upper })
        };
        let sides = start.lower.iter().copied().zip(start.upper.iter().copied()).enumerate();
        sides.into_iter().find_map(outside)
    }
}

impl std::fmt::Debug for Placement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Placement").field("lanes", &self.lanes()).field("bounded", &self.bounded).finish_non_exhaustive()
    }
}

/// Whether no number lies between two bounds.
fn is_empty(low: f64, high: f64) -> bool {
    !(low <= high) || low == f64::INFINITY || high == f64::NEG_INFINITY
}

/// `x`, or the bound that it lies beyond; not a number stays what it is.
fn clamp(x: f64, low: f64, high: f64) -> f64 {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}

/// The number next to `x` that lanes have.
fn nearest(x: f64, precision: Precision) -> f64 {
    match precision {
        Precision::F32 => f64::from(x as f32),
        Precision::F64 => x,
    }
}

/// Bounds as lanes have them: inwards to the next number, equal ones to nearest.
fn rounded(low: f64, high: f64, precision: Precision) -> (f64, f64) {
    if precision == Precision::F64 || low == high {
        return (nearest(low, precision), nearest(high, precision));
    }
    let (near_low, near_high) = (low as f32, high as f32);
    let up = if f64::from(near_low) < low { near_low.next_up() } else { near_low };
    let down = if f64::from(near_high) > high { near_high.next_down() } else { near_high };
    (f64::from(up), f64::from(down))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_rounded_inwards_and_equal_ones_to_nearest() {
        let (low, high) = rounded(0.1, 0.3, Precision::F32);
        assert!(low >= 0.1 && low - 0.1 < 1e-8 && high <= 0.3 && 0.3 - high < 4e-8, "[{low}, {high}]");
        assert_eq!((low as f32, high as f32), (0.1_f32, 0.3_f32.next_down()), "0.1 is rounded up by itself, 0.3 must be taken down");
        assert_eq!(rounded(0.3, 0.3, Precision::F32), (f64::from(0.3_f32), f64::from(0.3_f32)));
        assert_eq!(rounded(0.1, 0.3, Precision::F64), (0.1, 0.3));
        let infinite = (f64::NEG_INFINITY, f64::INFINITY);
        assert_eq!(rounded(infinite.0, infinite.1, Precision::F32), infinite);
        let largest = f64::from(f32::MAX);
        assert_eq!(rounded(-1e300, 1e300, Precision::F32), (-largest, largest), "beyond f32 all of f32 is left");
        let (low, high) = rounded(1e300, 2e300, Precision::F32);
        assert!(is_empty(low, high), "[{low}, {high}]");
        let (low, high) = rounded(0.1, 0.1 + 1e-12, Precision::F32);
        assert!(is_empty(low, high), "no number of f32 lies between: [{low}, {high}]");
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        assert!(clamp(f64::NAN, 0.0, 1.0).is_nan());
        assert_eq!([clamp(-1.0, 0.0, 1.0), clamp(0.5, 0.0, 1.0), clamp(2.0, 0.0, 1.0)], [0.0, 0.5, 1.0]);
    }
}
