//! A new direction, by whatever method, what replaces it where it does not descend, and the first trial along it.

use pulp::Simd;

use super::bfgs;
use super::conjugate_gradient;
use super::delta_bar_delta;
use super::initial_step::{first_gamma, initial_step, unit_of_lane};
use super::lbfgs::{self, Scratch};
use super::levenberg_marquardt;
use super::momentum;
use super::steepest_descent;
use super::tile::{Rules, Tile};
use crate::engine::lane::Phase;
use crate::method::Method;
use crate::problem::evaluate::chunk::{Chunk, Mask};
use crate::problem::evaluate::lanes::At;
use crate::problem::evaluate::real::Real;

/// Gives the lanes of `turns` a new direction, and sets out on it. `kept` have a new pair, `restarts` are those of `turns`
/// whose last search failed.
#[inline(always)]
pub(super) fn turn<S: Simd, T: Real>(
    simd: S,
    tile: &mut Tile<T>,
    turns: Mask<T>,
    kept: Mask<T>,
    restarts: Mask<T>,
    scratch: &mut Scratch<T>,
    rules: &Rules<T>,
) {
    // Without a pair gamma is that of the first direction. A lane that was moved may have brought pairs along.
    let first = At::lanes(simd, |at| {
        let lanes = &tile.lanes;
        at.which(&turns) & at.words(&lanes.phase).is(Phase::Fresh as u32) & at.words(&lanes.pairs).is(0)
    });
    if let Some(first) = &first {
        for at in At::each::<T>(simd) {
            let gamma = first_gamma(at, tile, rules);
            at.set_in(at.which(first), &mut tile.lanes.gamma, gamma);
        }
    }
    let first = first.unwrap_or(Mask::none());
    let slope = match rules.walk.method {
        Method::Lbfgs(_) => lbfgs::direct(simd, tile, turns, kept, scratch, rules.walk.pairs.noise),
        Method::Bfgs(_) => bfgs::direct(tile, turns, kept, scratch),
        Method::ConjugateGradient(settings) => conjugate_gradient::direct(tile, turns, kept, scratch, settings),
        Method::SteepestDescent(_) => steepest_descent::direct(tile, turns),
        Method::Momentum(settings) => momentum::direct(tile, turns, kept, &mut scratch.q, settings.into(), !rules.walk.is_free()),
        Method::Nesterov(settings) => momentum::direct(tile, turns, kept, &mut scratch.q, settings.into(), !rules.walk.is_free()),
        Method::DeltaBarDelta(settings) => delta_bar_delta::direct(tile, turns, settings),
        Method::LevenbergMarquardt(_) => levenberg_marquardt::direct(tile, turns),
    };
    let slope = if tile.is_bounded() { tile.hold(turns) } else { slope };
    let must_descend = !rules.walk.is_free() && !rules.walk.method.has_regions();
    for at in At::each::<T>(simd) {
        let (turns, slope) = (at.which(&turns), at.of(&slope));
        at.set_in(turns, &mut tile.lanes.slope, slope);
        let descends = slope.below(at.splat(T::ZERO)) & at.splat(-T::HUGE).at_most(slope);
        if must_descend && turns.without(descends).any() {
            let mut lost = Mask::none();
            at.set_which(&mut lost, turns.without(descends));
            lost.each().for_each(|l| along_gradient(tile, l));
        }
    }
    set_out(simd, tile, turns, first, restarts, rules);
}

/// Clears the history of lane `l` and sends it along -g: scaled by the last gamma, or as at the start where that fails.
#[inline(never)]
fn along_gradient<T: Real>(tile: &mut Tile<T>, l: usize) {
    tile.history.forget_lane(l);
    tile.lanes.pairs.0[l] = 0;
    for gamma in [tile.lanes.gamma.0[l], unit_of_lane(tile, l)] {
        let mut slope = T::ZERO;
        for i in 0..tile.d.len() {
            let g = tile.g[i].0[l];
            let d = tile.inward(i, l, -gamma * g);
            tile.d[i].0[l] = d;
            slope += d * g;
        }
        (tile.lanes.gamma.0[l], tile.lanes.slope.0[l]) = (gamma, slope);
        if slope < T::ZERO && slope.is_finite() {
            return;
        }
    }
}

/// Begins the line search of the lanes in `turns`.
#[inline(always)]
fn set_out<S: Simd, T: Real>(simd: S, tile: &mut Tile<T>, turns: Mask<T>, first: Mask<T>, restarts: Mask<T>, rules: &Rules<T>) {
    let alpha = initial_step(&tile.lanes, first, rules);
    // What a step promises is told by its natural length, where it has one; that its search begins nearer says nothing.
    let whole = if rules.walk.method.is_newton_like() { first.choose(alpha, Chunk::splat(T::ONE)) } else { alpha };
    let promised = tile.promised(whole);
    let lanes = &mut tile.lanes;
    for at in At::each::<T>(simd) {
        let (turns, slope) = (at.which(&turns), at.of(&lanes.slope));
        // A restart keeps what the last quasi-Newton step promised: it tells whether rounding is to blame.
        let tells = turns.without(at.which(&restarts));
        let promised = if rules.walk.method.has_regions() {
            // In a region a step may be short for other reasons than that little is left: the whole step tells.
            at.of(&lanes.high_value) * 2.0
        } else {
            at.set_in(turns, &mut lanes.low_value, at.of(&lanes.value));
            at.of(&promised).abs()
        };
        at.set_in(tells, &mut lanes.decrement, promised);
        at.set_in(turns, &mut lanes.alpha, at.of(&alpha));
        at.set_in(turns, &mut lanes.low, at.splat(T::ZERO));
        at.set_in(turns, &mut lanes.low_slope, slope);
        at.set_in(turns, &mut lanes.width, at.splat(T::HUGE));
        let set = |words: &mut Chunk<u32>, word| at.set_words(words, turns.choose_words(at.word(word), at.words(words)));
        set(&mut lanes.phase, Phase::Search as u32);
        set(&mut lanes.bracketed, 0);
        set(&mut lanes.high_known, 0);
        set(&mut lanes.has_safe, 0);
        set(&mut lanes.expansions, 0);
        set(&mut lanes.search_evaluations, 0);
    }
}
