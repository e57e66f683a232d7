//! The default line search, steered by slopes, and the end of a search of any kind.
//!
//! # References
//! W. W. Hager, H. Zhang, SIAM J. Optim. 16 (2005), for the approximate Wolfe conditions; the rest is this crate's own.

use super::judge::Verdict;
use super::roughness::{self, gradient_tells, search_again};
use super::tile::{Rules, Tile};
use super::trial::Trial;
use crate::engine::lane::{Phase, Scalars};
use crate::method::constants::{
    APPROXIMATE, EXPANSION, MARGIN, MEASURED_NOISE, MOST_EXPANSIONS, MOST_RESETS, RESOLUTION, RETREAT, SHRINKAGE,
};
use crate::method::{FloorPolicy, SlopeSearch, Status};
use crate::problem::evaluate::chunk::{Chunk, Mask, row_by_row};
use crate::problem::evaluate::real::Real;

/// Judges the trial of each lane, and sets the next one.
#[inline(always)]
pub(super) fn judge<T: Real>(tile: &mut Tile<T>, trial: &Trial<T>, search: &SlopeSearch) -> Verdict<T> {
    let lanes = &mut tile.lanes;
    let asks = trial.asks;
    let searches = asks.and(Mask::of(lanes.phase, |phase| phase == Phase::Search as u32));
    let (f, f_t, slope, s_t, alpha) = (lanes.value, trial.value, lanes.slope, trial.slope, lanes.alpha);
    // Above the lowest point, not above the last: else a lane climbs by the noise with every step, and is reported elsewhere
    // than where it passes its test.
    let lowest = Mask::of(lanes.best_elsewhere, |is| is != 0).choose(lanes.best_value, f);
    let ceiling = lowest.zip(lanes.noise, |lowest, noise| lowest + noise);
    let level = f_t.at_most(ceiling);

    let armijo = f_t.at_most(f.zip(trial.descent, |f, descent| f + T::from_f64(search.armijo) * descent));
    let curved = slope.scaled(search.curvature).at_most(s_t);
    let approximate = level.and(s_t.at_most(slope.scaled(APPROXIMATE)));
    let good = searches.and(trial.finite).and(trial.moved);
    let started = asks.and(trial.finite).without(searches);
    let accepted = good.and(curved).and(armijo.or(approximate)).or(started);

    // The safe point: the lowest so far that makes enough progress.
    let has_safe = Mask::of(lanes.has_safe, |has| has != 0);
    let lowest = f_t.below(has_safe.choose(lanes.safe_value, f));
    let safe = good.and(armijo).and(lowest);
    lanes.safe_alpha = safe.choose(alpha, lanes.safe_alpha);
    lanes.safe_value = safe.choose(f_t, lanes.safe_value);
    lanes.has_safe = has_safe.or(safe).ones();
    // On the last evaluation there is none left to go back by.
    let last = reaches(lanes.evaluations.map(|evaluations| evaluations.saturating_add(1)), lanes.evaluation_limit);
    let accepted = accepted.or(safe.and(last));

    // The bracket. Differences of f are noise near the optimum, slopes are not: they steer.
    let goes_on = searches.without(accepted);
    let was_bracketed = Mask::of(lanes.bracketed, |is| is != 0);
    let known = trial.finite.and(level);
    let upper = goes_on.without(known.and(s_t.below(Chunk::splat(T::ZERO))));
    let lower = goes_on.without(upper);
    let bracketed = was_bracketed.or(upper);
    lanes.low = lower.choose(alpha, lanes.low);
    lanes.low_value = lower.choose(f_t, lanes.low_value);
    lanes.low_slope = lower.choose(s_t, lanes.low_slope);
    lanes.high = upper.choose(alpha, lanes.high);
    lanes.high_value = upper.choose(f_t, lanes.high_value);
    lanes.high_slope = upper.choose(s_t, lanes.high_slope);
    let high_known = upper.and(known).without(trial.clamped).or(Mask::of(lanes.high_known, |is| is != 0).without(upper));
    let width = lanes.high.zip(lanes.low, |high, low| high - low);

    // The next trial: a secant step on the slopes, bisection where that can't be had or is too slow. Where f at the upper end
    // is higher by more than noise, f itself tells where to: a cubic step.
    let stubborn = was_bracketed.and(lanes.width.scaled(SHRINKAGE).below(width));
    let secant = lanes.low_slope.zip(lanes.high_slope, |low, high| low / (low - high));
    let overshot =
        goes_on.and(bracketed).and(ceiling.below(lanes.high_value)).and(lanes.high_value.zip(lanes.high_slope, |f, s| f + s).finite());
    let step = if overshot.any() { overshot.choose(cubic(lanes, width), secant) } else { secant };
    // Kept in the inner part; not-a-number goes to the lower margin.
    let step = Chunk::splat(T::from_f64(MARGIN)).zip(step, T::max);
    let step = Chunk::splat(T::from_f64(1.0 - MARGIN)).zip(step, T::min);
    let part = high_known.or(overshot).without(stubborn).choose(step, Chunk::splat(T::from_f64(0.5)));
    let part = trial.finite.choose(part, Chunk::splat(T::from_f64(RETREAT)));
    let inside = lanes.low.zip3(part, width, |low, part, width| low + part * width);
    let next = bracketed.choose(inside, alpha.scaled(EXPANSION));
    lanes.alpha = goes_on.choose(next, alpha);
    lanes.width = goes_on.and(bracketed).choose(width, lanes.width);
    lanes.bracketed = bracketed.ones();
    lanes.high_known = high_known.ones();

    let count = |so_far: Chunk<u32>, which: Mask<T>| so_far.zip(which.ones(), |a, b| a + b);
    lanes.expansions = count(lanes.expansions, goes_on.without(bracketed));
    lanes.search_evaluations = count(lanes.search_evaluations, asks);
    lanes.evaluations = count(lanes.evaluations, asks);
    // Taking the safe point needs one evaluation more.
    let next = lanes.evaluations.map(|evaluations| evaluations.saturating_add(1));
    let goes_back = Mask::of(lanes.has_safe, |has| has != 0).and(reaches(next, lanes.evaluation_limit));
    let exhausted = Mask::of(lanes.expansions, |expansions| expansions > MOST_EXPANSIONS)
        .or(Mask::of(lanes.search_evaluations, |evaluations| evaluations >= search.evaluations))
        .or(goes_back);
    let falls = f_t.below(Chunk::splat(-T::HUGE));
    let narrowing = goes_on.and(bracketed);
    let mut done = exhausted.or(falls).or(asks.without(trial.moved));
    if narrowing.any() {
        done = done.or(narrowing.and(resolved(tile)));
    }
    Verdict { accepted, ended: goes_on.and(done).or(asks.without(searches).without(trial.finite)) }
}

/// The lanes whose count has come to its limit.
#[inline(always)]
pub(super) fn reaches<T: Real>(counts: Chunk<u32>, limits: Chunk<u32>) -> Mask<T> {
    Mask::lanes(|l| counts.0[l] >= limits.0[l])
}

/// The minimum, as a part of the bracket, of the cubic that has the values and slopes of f at its ends.
#[inline(always)]
fn cubic<T: Real>(lanes: &Scalars<T>, width: Chunk<T>) -> Chunk<T> {
    let rise = lanes.low_value.zip3(lanes.high_value, width, |low, high, width| {
        let fall = (low - high) / width;
        fall + T::from_f64(2.0) * fall
    });
    rise.zip3(lanes.low_slope, lanes.high_slope, |rise, low, high| {
        let bend = rise + low + high;
        // Squares of slopes overflow, those of their quotients don't.
        let size = bend.abs().max(low.abs()).max(high.abs());
        let root = size * ((bend / size) * (bend / size) - (low / size) * (high / size)).sqrt();
        (root - low + bend) / (root - low + root + high)
    })
}

/// Where `|high - low| |d_i| <= 2 EPSILON |x_i|` for every component: no other point lies between the bracket's ends.
#[inline(always)]
fn resolved<T: Real>(tile: &Tile<T>) -> Mask<T> {
    let unit = T::from_f64(RESOLUTION) * T::EPSILON;
    let width = tile.lanes.high.zip(tile.lanes.low, |high, low| (high - low).abs());
    let mut excess = Chunk::splat(T::ZERO);
    for (i, (x, d)) in tile.x.iter().zip(&tile.d).enumerate() {
        row_by_row();
        let mut one = width.zip3(*x, *d, |width, x, d| width * d.abs() - unit * x.abs().max(T::TINY));
        if tile.is_bounded() {
            one = tile.ends_meet(i).choose(Chunk::splat(T::ZERO), one);
        }
        excess = excess.zip(one, T::max);
    }
    excess.at_most(Chunk::splat(T::ZERO))
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
