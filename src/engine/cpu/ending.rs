//! How lanes end: after a search without a point, and what ending is. `tests.rs` has the rest.

use super::roughness::{self, gradient_tells, search_again};
use super::tile::{Rules, Tile};
use super::trial::Trial;
use crate::engine::lane::{Phase, Scalars};
use crate::method::constants::{MEASURED_NOISE, MOST_EXPANSIONS, MOST_RESETS, NOISE_UNITS};
use crate::method::{FloorPolicy, Status};
use crate::problem::evaluate::real::Real;

impl<T: Real> Tile<T> {
    /// Ends lane `l`, between two of its steps.
    pub(super) fn finish(&mut self, l: usize, status: Status, measured: T, threshold: T) {
        let lanes = &mut self.lanes;
        // A success is reported where its test was passed, unless a lower point was met that rounding does not explain.
        if status.is_success() && lanes.value.0[l] <= lanes.best_value.0[l] + lanes.noise.0[l] {
            lanes.best_elsewhere.0[l] = 0;
        }
        self.rest(l, status, measured, threshold);
        // An idle lane goes on being computed beside the others: keep it where numbers are finite.
        self.lanes.alpha.0[l] = T::ZERO;
        self.d.iter_mut().for_each(|d| d.0[l] = T::ZERO);
    }

    /// Ends lane `l`, which keeps all that it would go on with.
    pub(super) fn rest(&mut self, l: usize, status: Status, measured: T, threshold: T) {
        let lanes = &mut self.lanes;
        lanes.phase.0[l] = Phase::Idle as u32;
        lanes.status.0[l] = status.code();
        (lanes.measured.0[l], lanes.threshold.0[l]) = (measured, threshold);
    }

    /// Half the decrease that lane `l`'s last quasi-Newton step promised, and what rounding may make of nothing: the noise
    /// of f, or what f changes by when the point is rounded, as both the point and the gradient there are. A sum of squares
    /// that falls to nothing has no noise to speak of, and ends at the resolution of its point.
    pub(super) fn promise(&self, l: usize) -> (T, T) {
        let lanes = &self.lanes;
        let mut change = T::ZERO;
        for (i, (x, g)) in self.x.iter().zip(&self.g).enumerate() {
            // What a bound holds stands there to the bit.
            if !self.is_held(i, l) {
                change += x.0[l].abs() * g.0[l].abs();
            }
        }
        let resolution = T::from_f64(NOISE_UNITS) * T::EPSILON * change;
        // What was measured besides lets a lane go on; it ends none.
        let modelled = lanes.noise.0[l] / lanes.roughness.0[l].max(T::ONE);
        (lanes.decrement.0[l] * T::from_f64(0.5), modelled.max(resolution))
    }
}

/// Measures what lane `l`'s search could have found by the slopes it met: its first step was a guess from the last one, and
/// promised what that one did.
fn remeasure<T: Real>(lanes: &mut Scalars<T>, l: usize) {
    let curvature = (lanes.high_slope.0[l] - lanes.low_slope.0[l]) / (lanes.high.0[l] - lanes.low.0[l]);
    if lanes.bracketed.0[l] != 0 && curvature >= T::TINY && curvature.is_finite() {
        let slope = lanes.slope.0[l].abs();
        lanes.decrement.0[l] = slope * (slope / curvature);
    }
}

/// What becomes of lane `l` when its search, or its start, has ended without a point: `true` if it is to restart along
/// the gradient, its history cleared.
pub(super) fn end_search<T: Real>(tile: &mut Tile<T>, l: usize, trial: &Trial<T>, rules: &Rules<T>) -> bool {
    let nan = T::from_f64(f64::NAN);
    let lanes = &mut tile.lanes;
    let fresh = lanes.phase.0[l] == Phase::Fresh as u32;
    if fresh {
        lanes.value.0[l] = trial.value.0[l];
    }
    if trial.value.0[l] < -T::HUGE {
        tile.finish(l, Status::Unbounded, trial.value.0[l], -T::HUGE);
        return false;
    }
    if fresh {
        let status = if trial.value.0[l].is_finite() { Status::NonFiniteGradient } else { Status::NonFiniteStart };
        tile.finish(l, status, nan, nan);
        return false;
    }
    if lanes.expansions.0[l] > MOST_EXPANSIONS {
        let alpha = trial.alpha.0[l];
        let farthest = (0..tile.x.len()).fold(T::ZERO, |far, i| far.max(tile.reached(i, l, alpha).abs()));
        if farthest > T::FAR {
            tile.finish(l, Status::Unbounded, farthest, T::FAR);
            return false;
        }
    }
    let lanes = &mut tile.lanes;
    if lanes.has_safe.0[l] != 0 && lanes.phase.0[l] != Phase::Retake as u32 {
        lanes.phase.0[l] = Phase::Retake as u32;
        lanes.alpha.0[l] = lanes.safe_alpha.0[l];
        return false;
    }
    let again = tile.lanes.pairs.0[l] > 0 && tile.lanes.resets.0[l] < MOST_RESETS;
    // Steps without a length of their own promise little where the direction is to blame: the gradient is asked first.
    let tells = rules.walk.method.is_newton_like() || !again;
    if !rules.walk.method.is_newton_like() && !again {
        remeasure(&mut tile.lanes, l);
    }
    let (promised, noise) = tile.promise(l);
    let lanes = &mut tile.lanes;
    let measured = roughness::measured(lanes, l, trial);
    let measures = rules.walk.measures_noise();
    if measures && search_again(tile, l, measured, rules) {
        return false;
    }
    let lanes = &mut tile.lanes;
    // Lanes that have gone on by what they measured must have more to say for themselves than it.
    let excuse = if measures && lanes.iterations.0[l] > 0 { T::ZERO } else { T::from_f64(MEASURED_NOISE) * lanes.noise.0[l] };
    let noise = noise.max(measured.min(excuse));
    let tells = tells && !(measures && gradient_tells(lanes, l, trial));
    // A constant step that can't be taken is too long, whatever it promised.
    let too_long = rules.walk.may_rise() && (trial.moved.has(l) || !trial.finite.has(l));
    let may_floor = lanes.floor_policy.0[l] != FloorPolicy::Off as u32;
    if promised <= noise && may_floor && !too_long && tells {
        tile.finish(l, Status::PrecisionFloor, promised, noise);
        return false;
    }
    // What a method with regions knows of the point is not to blame.
    if again && !rules.walk.method.has_regions() {
        tile.lanes.resets.0[l] += 1;
        return true;
    }
    tile.finish(l, if too_long { Status::Diverged } else { Status::LineSearchFailed }, promised, noise);
    false
}
