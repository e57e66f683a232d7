//! The default line search, steered by slopes, and the end of a search of any kind.
//!
//! # References
//! W. W. Hager, H. Zhang, SIAM J. Optim. 16 (2005), for the approximate Wolfe conditions; the rest is this crate's own.

use pulp::Simd;

use super::judge::Verdict;
use super::roughness::{self, gradient_tells, search_again};
use super::tile::{Rules, Tile};
use super::trial::Trial;
use crate::engine::lane::{Phase, Scalars};
use crate::method::constants::{
    APPROXIMATE, EXPANSION, MARGIN, MEASURED_NOISE, MOST_EXPANSIONS, MOST_RESETS, RESOLUTION, RETREAT, SHRINKAGE,
};
use crate::method::{FloorPolicy, SlopeSearch, Status};
use crate::problem::evaluate::chunk::Chunk;
use crate::problem::evaluate::lanes::{At, Numbers, Which};
use crate::problem::evaluate::real::Real;

/// Judges the trial of each lane, and sets the next one.
#[inline(always)]
pub(super) fn judge<S: Simd, T: Real>(simd: S, tile: &mut Tile<T>, trial: &Trial<T>, search: &SlopeSearch) -> Verdict<T> {
    let mut verdict = Verdict::new();
    for at in At::each::<T>(simd) {
        let (accepted, ended) = judge_vector(at, tile, trial, search);
        at.set_which(&mut verdict.accepted, accepted);
        at.set_which(&mut verdict.ended, ended);
    }
    verdict
}

#[inline(always)]
fn judge_vector<S: Simd, T: Real>(at: At<S>, tile: &mut Tile<T>, trial: &Trial<T>, search: &SlopeSearch) -> (Which<T, S>, Which<T, S>) {
    let lanes = &mut tile.lanes;
    let asks = at.which(&trial.asks);
    let searches = asks & at.words(&lanes.phase).is(Phase::Search as u32);
    let (finite, moved) = (at.which(&trial.finite), at.which(&trial.moved));
    let (f, f_t, slope, s_t) = (at.of(&lanes.value), at.of(&trial.value), at.of(&lanes.slope), at.of(&trial.slope));
    let alpha = at.of(&lanes.alpha);
    // Above the lowest point, not above the last: else a lane climbs by the noise with every step, and is reported elsewhere
    // than where it passes its test.
    let lowest = at.flags(&lanes.best_elsewhere).choose(at.of(&lanes.best_value), f);
    let ceiling = lowest + at.of(&lanes.noise);
    let level = f_t.at_most(ceiling);

    let armijo = f_t.at_most(f + at.of(&trial.descent) * search.armijo);
    let curved = (slope * search.curvature).at_most(s_t);
    let approximate = level & s_t.at_most(slope * APPROXIMATE);
    let good = searches & finite & moved;
    let started = (asks & finite).without(searches);
    let accepted = good & curved & (armijo | approximate) | started;

    // The safe point: the lowest so far that makes enough progress.
    let has_safe = at.flags(&lanes.has_safe);
    let safe = good & armijo & f_t.below(has_safe.choose(at.of(&lanes.safe_value), f));
    let has_safe = has_safe | safe;
    at.set_in(safe, &mut lanes.safe_alpha, alpha);
    at.set_in(safe, &mut lanes.safe_value, f_t);
    at.set_flags(&mut lanes.has_safe, has_safe);
    // On the last evaluation there is none left to go back by.
    let evaluations = at.words(&lanes.evaluations) + at.ones(asks);
    let limit = at.words(&lanes.evaluation_limit);
    let last = evaluations.below(limit).others();
    let accepted = accepted | safe & last;

    // The bracket. Differences of f are noise near the optimum, slopes are not: they steer.
    let goes_on = searches.without(accepted);
    let was_bracketed = at.flags(&lanes.bracketed);
    let known = finite & level;
    let upper = goes_on.without(known & s_t.below(at.splat(T::ZERO)));
    let lower = goes_on.without(upper);
    let bracketed = was_bracketed | upper;
    let set = |which: Which<T, S>, chunk: &mut Chunk<T>, value| {
        let chosen = which.choose(value, at.of(chunk));
        at.set(chunk, chosen);
        chosen
    };
    let (low, high) = (set(lower, &mut lanes.low, alpha), set(upper, &mut lanes.high, alpha));
    let (low_value, high_value) = (set(lower, &mut lanes.low_value, f_t), set(upper, &mut lanes.high_value, f_t));
    let (low_slope, high_slope) = (set(lower, &mut lanes.low_slope, s_t), set(upper, &mut lanes.high_slope, s_t));
    let high_known = (upper & known).without(at.which(&trial.clamped)) | at.flags(&lanes.high_known).without(upper);
    let width = high - low;

    // The next trial: a secant step on the slopes, bisection where that can't be had or is too slow. Where f at the upper end
    // is higher by more than noise, f itself tells where to: a cubic step.
    let stubborn = was_bracketed & (at.of(&lanes.width) * SHRINKAGE).below(width);
    let overshot = goes_on & bracketed & ceiling.below(high_value) & (high_value + high_slope).finite();
    let mut step = low_slope / (low_slope - high_slope);
    if overshot.any() {
        let fall = (low_value - high_value) / width;
        step = overshot.choose(cubic(at, fall, low_slope, high_slope), step);
    }
    // Kept in the inner part; not-a-number goes to the lower margin.
    let step = at.number(1.0 - MARGIN).min(at.number(MARGIN).max(step));
    let part = (high_known | overshot).without(stubborn).choose(step, at.number(0.5));
    let part = finite.choose(part, at.number(RETREAT));
    let next = bracketed.choose(low + part * width, alpha * EXPANSION);
    at.set(&mut lanes.alpha, goes_on.choose(next, alpha));
    at.set_in(goes_on & bracketed, &mut lanes.width, width);
    at.set_flags(&mut lanes.bracketed, bracketed);
    at.set_flags(&mut lanes.high_known, high_known);

    at.set_words(&mut lanes.evaluations, evaluations);
    at.count(&mut lanes.search_evaluations, asks);
    at.count(&mut lanes.expansions, goes_on.without(bracketed));
    // Taking the safe point needs one evaluation more.
    let goes_back = has_safe.without((evaluations + at.word(1)).below(limit));
    let exhausted = at.words(&lanes.expansions).above(MOST_EXPANSIONS)
        | at.words(&lanes.search_evaluations).below(at.word(search.evaluations)).others()
        | goes_back;
    let falls = f_t.below(at.splat(-T::HUGE));
    let narrowing = goes_on & bracketed;
    let mut done = exhausted | falls | asks.without(moved);
    if narrowing.any() {
        done = done | narrowing & resolved(at, tile);
    }
    (accepted, goes_on & done | asks.without(searches).without(finite))
}

/// The lanes whose count has come to its limit.
#[inline(always)]
pub(super) fn reaches<S: Simd, T: Real>(at: At<S>, counts: &Chunk<u32>, limits: &Chunk<u32>) -> Which<T, S> {
    at.words(counts).below(at.words(limits)).others()
}

/// The minimum, as a part of the bracket, of the cubic that has the values and slopes of f at its ends; `fall` is the difference
/// of the values over the bracket's width.
#[inline(always)]
fn cubic<S: Simd, T: Real>(at: At<S>, fall: Numbers<T, S>, low: Numbers<T, S>, high: Numbers<T, S>) -> Numbers<T, S> {
    let bend = fall + at.number(2.0) * fall + low + high;
    // Squares of slopes overflow, those of their quotients don't.
    let size = bend.abs().greater(low.abs()).greater(high.abs());
    let by = at.splat(T::ONE) / size;
    let root = size * ((bend * by) * (bend * by) - (low * by) * (high * by)).sqrt();
    (root - low + bend) / (root - low + root + high)
}

/// Where `|high - low| |d_i| <= 2 EPSILON |x_i|` for every component: no other point lies between the bracket's ends.
#[inline(always)]
fn resolved<S: Simd, T: Real>(at: At<S>, tile: &Tile<T>) -> Which<T, S> {
    let unit = at.splat(T::from_f64(RESOLUTION) * T::EPSILON);
    let width = (at.of(&tile.lanes.high) - at.of(&tile.lanes.low)).abs();
    let zero = at.splat(T::ZERO);
    let mut excess = zero;
    for (i, (x, d)) in tile.x.iter().zip(&tile.d).enumerate() {
        let mut one = width * at.of(d).abs() - unit * at.of(x).abs().greater(at.splat(T::TINY));
        if tile.is_bounded() {
            one = at.which(&tile.ends_meet(i)).choose(zero, one);
        }
        excess = excess.max(one);
    }
    excess.at_most(zero)
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
