//! The default line search, steered by slopes.
//!
//! # References
//! W. W. Hager, H. Zhang, SIAM J. Optim. 16 (2005), for the approximate Wolfe conditions; the rest is this crate's own.

use pulp::Simd;

use super::judge::Verdict;
use super::tile::Tile;
use super::trial::Trial;
use crate::engine::lane::Phase;
use crate::method::SlopeSearch;
use crate::method::constants::{APPROXIMATE, EXPANSION, MARGIN, MOST_EXPANSIONS, RESOLUTION, RETREAT, SHRINKAGE};
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
    let last = evaluations.at_least(limit);
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
    let goes_back = has_safe & (evaluations + at.word(1)).at_least(limit);
    let exhausted = at.words(&lanes.expansions).above(MOST_EXPANSIONS)
        | at.words(&lanes.search_evaluations).at_least(at.word(search.evaluations))
        | goes_back;
    let falls = f_t.below(at.splat(-T::HUGE));
    let narrowing = goes_on & bracketed;
    let mut done = exhausted | falls | asks.without(moved);
    if narrowing.any() {
        done = done | narrowing & resolved(at, tile);
    }
    (accepted, goes_on & done | asks.without(searches).without(finite))
}

/// The minimum, as a part of the bracket, of the cubic that has the values and slopes of f at its ends; `fall` is the difference
/// of the values over the bracket's width.
#[inline(always)]
fn cubic<S: Simd, T: Real>(at: At<S>, fall: Numbers<T, S>, low: Numbers<T, S>, high: Numbers<T, S>) -> Numbers<T, S> {
    let bend = fall + at.number(2.0) * fall + low + high;
    // Squares of slopes overflow, those of their quotients don't.
    let size = bend.abs().greater(low.abs()).greater(high.abs()).greater(at.splat(T::TINY));
    let by = at.splat(T::ONE) / size;
    let root = size * ((bend * by) * (bend * by) - (low * by) * (high * by)).sqrt();
    (root - low + bend) / (root - low + root + high)
}

/// Where no other point lies between the bracket's ends.
#[inline(always)]
fn resolved<S: Simd, T: Real>(at: At<S>, tile: &Tile<T>) -> Which<T, S> {
    let width = at.of(&tile.lanes.high) - at.of(&tile.lanes.low);
    hardly_moves(at, tile, width.abs(), tile.is_bounded())
}

/// Where `by |d_i| <= RESOLUTION EPSILON |x_i|` for every component; if `but_stopped`, for every one that doesn't end on the same bound at
/// both ends of the bracket.
#[inline(always)]
pub(super) fn hardly_moves<S: Simd, T: Real>(at: At<S>, tile: &Tile<T>, by: Numbers<T, S>, but_stopped: bool) -> Which<T, S> {
    let (unit, zero) = (at.splat(T::from_f64(RESOLUTION) * T::EPSILON), at.splat(T::ZERO));
    let mut excess = zero;
    for (i, (x, d)) in tile.x.iter().zip(&tile.d).enumerate() {
        let mut one = by * at.of(d).abs() - unit * at.of(x).abs().greater(at.splat(T::TINY));
        if but_stopped {
            one = at.which(&tile.ends_meet(i)).choose(zero, one);
        }
        excess = excess.max(one);
    }
    excess.at_most(zero)
}
