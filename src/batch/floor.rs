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

use nalgebra::{Cholesky, DMatrix, DVector, SymmetricEigen};
use rayon::prelude::*;

use super::Batch;
use crate::device::Precision;
use crate::engine::Lanes;
use crate::engine::placement::Start;
use crate::method::{Evidence, Status, Tolerances};
use crate::problem::evaluate::chunk::LANES;
use crate::problem::points::{At, Points};
use crate::problem::{Evaluation, Problem};
use crate::starts::Starts;

/// At the floor f falls by no more than so many roundings of its terms and its point.
const ROUNDINGS: f64 = 100.0;
/// Newton's step is believed that promises so many times less: f is not quadratic.
const BELIEVED: f64 = 8.0;
/// With more components than this Hessians take longer than polishing does.
const MOST_COMPONENTS: usize = 32;
/// Lengths of Newton's step that are tried, the first at which f falls being taken.
const LENGTHS: [f64; 5] = [1.0, 0.25, 0.0625, 0.015625, 0.00390625];
/// Curvatures below this part of the largest are rounding.
const LEAST_CURVATURE: f64 = 1e-15;
/// Lanes in doubt that are polished together.
const PORTION: usize = 1 << 14;

/// A lane that may be above its floor.
struct Doubt {
    /// Which of the lanes it is.
    k: usize,
    /// From where to go on.
    start: Start,
    /// f where the lane has ended, and how far it may fall from there.
    value: f64,
    threshold: f64,
}

impl Batch {
    /// Ends those of the lanes in [`PrecisionLoss`](Status::PrecisionLoss) that say they are at the floor, and are not.
    pub(super) fn certify_floors(&self, ended: &mut Lanes) {
        let asked = self.settings.certify_floors && self.device.precision() == Precision::F32;
        if !asked || self.problem.check_cpu("`certify_floors`").is_err() {
            return;
        }
        let (problem, placement, n) = (&self.problem, self.engine.placement(), self.problem.dimension());
        let is_floor = |&k: &usize| ended.records[k].summary.status == Status::PrecisionFloor;
        let floors: Vec<usize> = (0..ended.records.len()).filter(is_floor).collect();
        let doubt = |points: &mut Points<'_>, floors: &[usize]| {
            let begin = |&k: &usize| {
                let mut start = placement.start(ended.records[k].summary.lane);
                start.project(&ended.points[k * n..][..n]);
                (k, start)
            };
            doubts(problem, points, floors.iter().map(begin).collect())
        };
        let doubted: Vec<Doubt> = floors.par_chunks(LANES).map_init(|| Points::of(problem), doubt).flatten_iter().collect();
        for portion in doubted.chunks(PORTION) {
            self.deny(portion, ended);
        }
    }

    /// Denies the floors of lanes from which f64 goes so far down.
    fn deny(&self, doubted: &[Doubt], ended: &mut Lanes) {
        let down_to = |target| Tolerances { gradient_max: 0.0, target: Some(target), ..Tolerances::default() };
        let tolerances = doubted.iter().map(|doubt| down_to(doubt.value - doubt.threshold)).collect();
        let starts = Starts::new(doubted.iter().map(|doubt| doubt.start.clone()).collect::<Vec<_>>()).with_tolerances(tolerances);
        // Without an answer there is nothing to deny by.
        let Ok(outcome) = self.settings.polish(&self.problem, &starts) else { return };
        for (doubt, lane) in doubted.iter().zip(outcome.iter()).filter(|of| of.1.status == Status::TargetReached) {
            let record = &mut ended.records[doubt.k];
            record.summary.status = Status::PrecisionLoss;
            record.evidence = Evidence { measured: doubt.value - lane.value, threshold: doubt.threshold };
        }
    }
}

/// Those of the lanes of which a look at their points does not say that they are at the floor.
fn doubts(problem: &Problem, points: &mut Points<'_>, lanes: Vec<(usize, Start)>) -> Vec<Doubt> {
    let evaluations = points.evaluate(&lanes.iter().map(|(_, start)| at(start)).collect::<Vec<_>>());
    // A sum of squares can't fall by more than it is.
    let squares = problem.residual_count().is_some();
    let mut open: Vec<(Doubt, Evaluation)> = Vec::new();
    for ((k, start), here) in lanes.into_iter().zip(evaluations) {
        let threshold = ROUNDINGS * f64::from(f32::EPSILON) * change(&start, &here);
        let tolerances = start.demands.tolerances;
        let flat = tolerances.gradient_max.max(tolerances.gradient_relative * here.value.abs().max(1.0));
        if !(steepest(&start, &here) <= flat || squares && here.value <= threshold) {
            open.push((Doubt { k, start, value: here.value, threshold }, here));
        }
    }
    if problem.dimension() > MOST_COMPONENTS {
        return open.into_iter().map(|(doubt, _)| doubt).collect();
    }
    let hessians = points.hessians(&open.iter().map(|(doubt, _)| at(&doubt.start)).collect::<Vec<_>>());
    let mut doubted = Vec::new();
    for ((mut doubt, here), hessian) in open.into_iter().zip(hessians) {
        let free: Vec<usize> = (0..here.gradient.len()).filter(|&i| !is_held(&doubt.start, &here, i)).collect();
        let gradient = DVector::from_iterator(free.len(), free.iter().map(|&i| here.gradient[i]));
        let hessian = hessian.select_rows(&free).select_columns(&free);
        if !(promise(&hessian, &gradient) <= doubt.threshold / BELIEVED) {
            let step = newton_step(hessian, &gradient);
            step.into_iter().for_each(|step| go_along(&step, &free, &mut doubt, points));
            doubted.push(doubt);
        }
    }
    doubted
}

/// Where a lane is.
fn at(start: &Start) -> At<'_> {
    (&start.point, &start.parameters)
}

/// What f changes by when its terms and the point are rounded once.
fn change(start: &Start, here: &Evaluation) -> f64 {
    let product = |i: usize| if is_held(start, here, i) { 0.0 } else { (start.point[i] * here.gradient[i]).abs() };
    here.scale + (0..start.point.len()).map(product).sum::<f64>()
}

/// The largest component of the projected gradient.
fn steepest(start: &Start, here: &Evaluation) -> f64 {
    (0..start.point.len()).map(|i| (moved(start, i, -here.gradient[i]) - start.point[i]).abs()).fold(0.0, f64::max)
}

/// Whether a bound holds component `i`.
fn is_held(start: &Start, here: &Evaluation, i: usize) -> bool {
    here.gradient[i] != 0.0 && moved(start, i, -here.gradient[i]) == start.point[i] && !start.lower.is_empty()
}

/// Where component `i` comes to in its box.
fn moved(start: &Start, i: usize, by: f64) -> f64 {
    let to = start.point[i] + by;
    match (start.lower.get(i), start.upper.get(i)) {
        (Some(&low), Some(&high)) => to.max(low).min(high),
        _ => to,
    }
}

/// `g.H^-1 g / 2`, or not a number where H is not positive definite.
fn promise(hessian: &DMatrix<f64>, gradient: &DVector<f64>) -> f64 {
    let factor = Cholesky::new(hessian.clone());
    factor.and_then(|factor| factor.l_dirty().solve_lower_triangular(gradient)).map_or(f64::NAN, |half| 0.5 * half.norm_squared())
}

/// Newton's step, with the curvatures' absolute values: away from a saddle too. None where H is not finite.
fn newton_step(hessian: DMatrix<f64>, gradient: &DVector<f64>) -> Option<DVector<f64>> {
    if !hessian.iter().all(|h| h.is_finite()) {
        return None;
    }
    let eigen = SymmetricEigen::new(hessian);
    let least = LEAST_CURVATURE * eigen.eigenvalues.amax();
    let along = eigen.eigenvectors.tr_mul(gradient).zip_map(&eigen.eigenvalues, |g, curvature| -g / curvature.abs().max(least));
    Some(eigen.eigenvectors * along)
}

/// Goes on with a doubt from where f is lower along a step.
fn go_along(step: &DVector<f64>, free: &[usize], doubt: &mut Doubt, points: &mut Points<'_>) {
    for length in LENGTHS {
        let mut point = doubt.start.point.clone();
        free.iter().zip(step.iter()).for_each(|(&i, by)| point[i] = moved(&doubt.start, i, length * by));
        let there = points.evaluate(&[(&point, &doubt.start.parameters)]);
        if there[0].value < doubt.value {
            doubt.start.point = point;
            return;
        }
    }
}
