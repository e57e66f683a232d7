//! The line search: one evaluation a round, steered by slopes.
//!
//! # References
//! W. W. Hager, H. Zhang, SIAM J. Optim. 16 (2005), for the approximate Wolfe conditions; the rest is this crate's own.

use super::tile::{Mask, Rules, Tile};
use super::trial::Trial;
use crate::engine::lane::Phase;
use crate::method::Status;
use crate::method::constants::{
    APPROXIMATE, ARMIJO, CURVATURE, EXPANSION, MARGIN, MOST_EXPANSIONS, MOST_RESETS, MOST_SEARCH_EVALUATIONS, RESOLUTION, RETREAT,
    SHRINKAGE,
};
use crate::problem::evaluate::chunk::CHUNK;
use crate::problem::evaluate::real::Real;

/// What a round's evaluation means for each lane.
pub(super) struct Verdict {
    /// 1 if the trial is the lane's next point; a start's own evaluation is.
    pub(super) accepted: Mask,
    /// 1 if the search, or the start, ends without.
    pub(super) ended: Mask,
}

/// Judges the trial of each lane, and sets the next one.
#[inline(always)]
pub(super) fn judge<T: Real>(tile: &mut Tile<T>, trial: &Trial<T>, rules: &Rules<T>) -> Verdict {
    let constant = T::from_f64;
    let (mut accepted, mut ended, mut narrowing) = ([0; CHUNK], [0; CHUNK], [0; CHUNK]);
    let lanes = &mut tile.lanes;
    for l in 0..CHUNK {
        let phase = lanes.phase[l];
        let asks = (phase != Phase::Idle as u32) & (lanes.waits[l] == 0);
        let searches = asks & (phase == Phase::Search as u32);
        let evaluations = lanes.evaluations[l] + u32::from(asks);
        let search_evaluations = lanes.search_evaluations[l] + u32::from(asks);

        let (f, f_t, slope, s_t) = (lanes.value[l], trial.value[l], lanes.slope[l], trial.slope[l]);
        let (alpha, noise) = (lanes.alpha[l], lanes.noise[l]);
        let finite = trial.finite[l] != 0;
        let moved = trial.moved[l] != 0;
        let armijo = f_t <= f + constant(ARMIJO) * trial.descent[l];
        let curved = s_t >= constant(CURVATURE) * slope;
        let approximate = (f_t <= f + noise) & (s_t <= constant(APPROXIMATE) * slope);
        let good = searches & finite & moved;
        let accept = (good & curved & (armijo | approximate)) | (asks & !searches & finite);

        // The safe point.
        let has_safe = lanes.has_safe[l] != 0;
        let safe = good & armijo & (f_t < f) & (!has_safe | (f_t < lanes.safe_value[l]));
        lanes.safe_alpha[l] = if safe { alpha } else { lanes.safe_alpha[l] };
        lanes.safe_value[l] = if safe { f_t } else { lanes.safe_value[l] };
        lanes.has_safe[l] = u32::from(has_safe | safe);

        // The bracket. Differences of f are noise near the optimum, slopes are not: they steer.
        let goes_on = searches & !accept;
        let was_bracketed = lanes.bracketed[l] != 0;
        let above = !finite | (f_t > f + noise);
        let upper = goes_on & (above | (s_t >= T::ZERO));
        let lower = goes_on & !upper;
        let bracketed = was_bracketed | upper;
        let low = if lower { alpha } else { lanes.low[l] };
        let low_slope = if lower { s_t } else { lanes.low_slope[l] };
        let high = if upper { alpha } else { lanes.high[l] };
        let high_slope = if upper { s_t } else { lanes.high_slope[l] };
        let high_known = if upper { !above } else { lanes.high_known[l] != 0 };
        let width = high - low;

        // The next trial.
        let stubborn = was_bracketed & (width > constant(SHRINKAGE) * lanes.width[l]);
        let secant = low_slope / (low_slope - high_slope);
        let secant = if secant > constant(MARGIN) { secant } else { constant(MARGIN) };
        let secant = if secant < constant(1.0 - MARGIN) { secant } else { constant(1.0 - MARGIN) };
        let part = if high_known & !stubborn { secant } else { constant(0.5) };
        let part = if finite { part } else { constant(RETREAT) };
        let next = if bracketed { low + part * width } else { alpha * constant(EXPANSION) };
        let expansions = lanes.expansions[l] + u32::from(goes_on & !bracketed);

        lanes.alpha[l] = if goes_on { next } else { alpha };
        (lanes.low[l], lanes.low_slope[l]) = (low, low_slope);
        (lanes.high[l], lanes.high_slope[l]) = (high, high_slope);
        lanes.width[l] = if goes_on & bracketed { width } else { lanes.width[l] };
        lanes.bracketed[l] = u32::from(bracketed);
        lanes.high_known[l] = u32::from(high_known);
        lanes.expansions[l] = expansions;
        lanes.search_evaluations[l] = search_evaluations;
        lanes.evaluations[l] = evaluations;

        // Taking the safe point needs one evaluation more.
        let spare = rules.evaluations - lanes.has_safe[l].min(rules.evaluations);
        let exhausted = (expansions > MOST_EXPANSIONS) | (search_evaluations >= MOST_SEARCH_EVALUATIONS) | (evaluations >= spare);
        accepted[l] = u32::from(accept);
        ended[l] = u32::from((goes_on & (exhausted | !moved | (f_t < -T::HUGE))) | (asks & !searches & !finite));
        narrowing[l] = u32::from(goes_on & bracketed);
    }
    if narrowing.iter().any(|&lane| lane != 0) {
        let resolved = resolved(tile);
        for l in 0..CHUNK {
            ended[l] |= narrowing[l] & resolved[l];
        }
    }
    Verdict { accepted, ended }
}

/// 1 where `|high - low| |d_i| <= 2 EPSILON |x_i|` for every component: no other point lies between the bracket's ends.
#[inline(always)]
fn resolved<T: Real>(tile: &Tile<T>) -> Mask {
    let mut resolved = [1; CHUNK];
    let unit = T::from_f64(RESOLUTION) * T::EPSILON;
    for (x, d) in tile.x.iter().zip(&tile.d) {
        for l in 0..CHUNK {
            let width = (tile.lanes.high[l] - tile.lanes.low[l]).abs();
            resolved[l] &= u32::from(width * d.0[l].abs() <= unit * x.0[l].abs().max(T::TINY));
        }
    }
    resolved
}

/// What becomes of lane `l` when its search, or its start, has ended without a point: `true` if it is to restart along
/// the gradient, its history cleared.
pub(super) fn end_search<T: Real>(tile: &mut Tile<T>, l: usize, trial: &Trial<T>, rules: &Rules<T>) -> bool {
    let nan = T::from_f64(f64::NAN);
    let lanes = &mut tile.lanes;
    if lanes.phase[l] == Phase::Fresh as u32 {
        let status = match trial.value[l] {
            value if value < -T::HUGE => Status::Unbounded,
            value if value.is_finite() => Status::NonFiniteGradient,
            _ => Status::NonFiniteStart,
        };
        lanes.value[l] = trial.value[l];
        tile.finish(l, status, nan, nan);
        return false;
    }
    if trial.value[l] < -T::HUGE {
        tile.finish(l, Status::Unbounded, trial.value[l], -T::HUGE);
        return false;
    }
    if lanes.expansions[l] > MOST_EXPANSIONS {
        // `next` has grown once beyond the last trial.
        let alpha = lanes.alpha[l] / T::from_f64(EXPANSION);
        let farthest = tile.x.iter().zip(&tile.d).fold(T::ZERO, |far, (x, d)| far.max((x.0[l] + alpha * d.0[l]).abs()));
        if farthest > T::FAR {
            tile.finish(l, Status::Unbounded, farthest, T::FAR);
            return false;
        }
    }
    if lanes.has_safe[l] != 0 {
        lanes.phase[l] = Phase::Retake as u32;
        lanes.alpha[l] = lanes.safe_alpha[l];
        return false;
    }
    if lanes.evaluations[l] >= rules.evaluations {
        let (count, limit) = (f64::from(lanes.evaluations[l]), f64::from(rules.evaluations));
        tile.finish(l, Status::EvaluationLimit, T::from_f64(count), T::from_f64(limit));
        return false;
    }
    let promised = lanes.decrement[l] * T::from_f64(0.5);
    let noise = lanes.noise[l];
    if promised <= noise {
        tile.finish(l, Status::PrecisionFloor, promised, noise);
        return false;
    }
    if lanes.pairs[l] > 0 && lanes.resets[l] < MOST_RESETS {
        lanes.resets[l] += 1;
        return true;
    }
    tile.finish(l, Status::LineSearchFailed, promised, noise);
    false
}
