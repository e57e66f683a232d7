//! An accepted point: the pair it gives, whether that is kept, and the lane's new place.
//!
//! # References
//! M. C. Biggs: A note on minimization algorithms which make use of non-quadratic properties of the objective function, J. Inst.
//! Maths Applics 12 (1973) 337-338, for what values tell of the curvature.

use pulp::Simd;

use super::sums::in_blocks;
use super::tile::{Rules, Tile};
use super::trial::{Products, Trial};
use crate::engine::lane::Phase;
use crate::engine::trail;
use crate::method::Method;
use crate::method::constants::{EXCESS_WEIGHT, MISLED, MOST_BEND, MOST_ROUGHNESS, NOISE_SHARE};
use crate::problem::evaluate::chunk::{Chunk, Mask};
use crate::problem::evaluate::lanes::{At, Numbers, Which};
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// What an accepted point gives besides.
pub(super) struct Accepted<T: Real> {
    /// f - f_t
    pub(super) decrease: Chunk<T>,
    /// Lanes with a new pair.
    pub(super) kept: Mask<T>,
}

impl<T: Real> Accepted<T> {
    /// Of no point.
    pub(super) fn new() -> Self {
        Self { decrease: Chunk::splat(T::ZERO), kept: Mask::none() }
    }
}

/// Moves the lanes of `accepted` to their trial points.
#[inline(always)]
pub(super) fn accept<S: Simd, T: Real>(
    simd: S,
    tile: &mut Tile<T>,
    c: usize,
    machine: &Machine<T>,
    trial: &Trial<T>,
    accepted: Mask<T>,
    rules: &Rules<T>,
) -> Accepted<T> {
    let mut out = Accepted::new();
    for at in At::each::<T>(simd) {
        let all = at.which(&accepted);
        let fresh = all & at.words(&tile.lanes.phase).is(Phase::Fresh as u32);
        // What stands in a place is of the lane before, unless this one has brought pairs along.
        let bare = fresh & at.words(&tile.lanes.pairs).is(0);
        if bare.any() {
            forget(at, tile, bare);
        }
        let stepped = all.without(fresh);
        let pair = Pair::measure(at, tile, c, machine, trial, stepped, rules);
        let kept = pair.keep(at, tile, stepped, rules);
        let alpha = at.of(&tile.lanes.alpha);
        let misled = stepped.without(kept) & at.number(MISLED).below(alpha);
        if misled.any() {
            // No longer than to where f is called unbounded: the slope along d would overflow.
            let farthest = at.splat(T::FAR) / at.of(&trial.steepest);
            let longer = (at.of(&tile.lanes.gamma) * alpha).min(farthest);
            at.set_in(misled, &mut tile.lanes.gamma, longer);
            forget(at, tile, misled);
        }
        keep_best(at, tile, trial, stepped);
        move_to_trial(at, tile, c, machine, all, kept, &pair);
        let decrease = note(at, tile, trial, all, stepped, &pair, rules);
        at.set(&mut out.decrease, decrease);
        at.set_which(&mut out.kept, kept);
    }
    if !tile.trail.is_empty() {
        leave_trail(tile, accepted);
    }
    out
}

/// Notes how the lanes of `accepted` stand, those of `stepped` after a step, and returns how much lower f has become.
#[inline(always)]
fn note<S: Simd, T: Real>(
    at: At<S>,
    tile: &mut Tile<T>,
    trial: &Trial<T>,
    accepted: Which<T, S>,
    stepped: Which<T, S>,
    pair: &Pair<T, S>,
    rules: &Rules<T>,
) -> Numbers<T, S> {
    let lanes = &mut tile.lanes;
    let (value, scale) = (at.of(&trial.value), at.of(&trial.scale));
    let decrease = at.of(&lanes.value) - value;
    let noise = at.splat(rules.noise) * value.abs().greater(scale * (1.0 / NOISE_SHARE));
    let noise = noise * at.of(&lanes.roughness).greater(at.splat(T::ONE));
    at.set_in(accepted, &mut lanes.noise, noise);
    at.set_in(accepted, &mut lanes.value, value);
    at.set_in(accepted, &mut lanes.gradient_max, at.of(&trial.gradient_max));
    at.set_in(stepped, &mut lanes.step, pair.length);
    at.set_in(stepped, &mut lanes.accepted_alpha, at.of(&lanes.alpha));
    at.set_in(stepped, &mut lanes.accepted_slope, at.of(&lanes.slope));
    at.set_in(stepped, &mut lanes.accepted_mu, at.of(&lanes.mu));
    at.set_in(stepped, &mut lanes.decrease, decrease);
    at.count(&mut lanes.iterations, stepped);
    let (searched, longest) = (at.words(&lanes.search_evaluations), at.words(&lanes.longest_search));
    at.set_words(&mut lanes.longest_search, (stepped & longest.below(searched)).choose_words(searched, longest));
    decrease
}

/// What a step s = x_t - x and the change of gradient y = g_t - g tell of the curvature.
struct Pair<T: Real, S: Simd> {
    /// |s|
    length: Numbers<T, S>,
    /// s.y / y.y and 1 / s.y
    gamma: Numbers<T, S>,
    rho: Numbers<T, S>,
    /// Where s.y is positive beyond rounding.
    curved: Which<T, S>,
    /// What y is multiplied by before it is remembered; gamma and rho are of that y.
    bend: Numbers<T, S>,
}

/// What s and y were multiplied by for their products.
struct Scales<T: Real, S: Simd> {
    step: Numbers<T, S>,
    change: Numbers<T, S>,
}

impl<T: Real, S: Simd> Pair<T, S> {
    /// Of the trial's products. Where those may have lost digits, of products of s and y scaled by their largest components, which
    /// neither overflow nor vanish.
    #[inline(always)]
    fn measure(
        at: At<S>,
        tile: &Tile<T>,
        c: usize,
        machine: &Machine<T>,
        trial: &Trial<T>,
        stepped: Which<T, S>,
        rules: &Rules<T>,
    ) -> Self {
        let one = at.splat(T::ONE);
        let pair = Self::of(at, tile, trial, &trial.products, Scales { step: one, change: one }, rules);
        let least = at.splat(T::TINY / (T::EPSILON * T::EPSILON));
        let most = one / least;
        let sound = |square: &Chunk<T>| least.at_most(at.of(square)) & at.of(square).at_most(most);
        let extreme = stepped.without(sound(&trial.products.ss) & sound(&trial.products.yy));
        if !extreme.any() {
            return pair;
        }
        let (by_step, by_change) = (trial.step_max.map(|max| T::ONE / max), trial.change_max.map(|max| T::ONE / max));
        let products = scaled_products(tile, c, machine, by_step, by_change);
        let scales = Scales { step: at.of(&by_step), change: at.of(&by_change) };
        let scaled = Self::of(at, tile, trial, &products, scales, rules);
        Self {
            length: extreme.choose(scaled.length, pair.length),
            gamma: extreme.choose(scaled.gamma, pair.gamma),
            rho: extreme.choose(scaled.rho, pair.rho),
            curved: (extreme & scaled.curved) | pair.curved.without(extreme),
            bend: extreme.choose(scaled.bend, pair.bend),
        }
    }

    #[inline(always)]
    fn of(at: At<S>, tile: &Tile<T>, trial: &Trial<T>, products: &Products<Chunk<T>>, by: Scales<T, S>, rules: &Rules<T>) -> Self {
        let pairs = &rules.walk.pairs;
        let one = at.splat(T::ONE);
        let (sy, ss, yy) = (at.of(&products.sy), at.of(&products.ss), at.of(&products.yy));
        let mut gamma = (sy / yy) * (by.change / by.step);
        let mut rho = (one / sy) * by.step * by.change;
        if pairs.offset > 0.0 {
            let longer = one + rho * pairs.offset;
            let square = one + by.change / yy * by.change * pairs.offset;
            (gamma, rho) = (gamma * longer / square, rho / longer);
        }
        let (step, change) = (ss.sqrt(), yy.sqrt());
        let cosine = step * change * (pairs.cosine * T::EPSILON.to_f64());
        let rounding = at.of(&products.rounding) * (pairs.noise * T::EPSILON.to_f64());
        let mut bend = one;
        if pairs.values && matches!(rules.walk.method, Method::Lbfgs(_)) {
            bend = bend_of(at, tile, trial, products, &by, rounding);
            (gamma, rho) = (gamma / bend, rho / bend);
        }
        let curved = cosine.below(sy) & rounding.below(sy) & gamma.usable() & rho.usable();
        Self { length: step / by.step, gamma, rho, curved, bend }
    }

    /// Decides which pairs are kept: before anything is written, so that a refused one costs nothing that is remembered.
    #[inline(always)]
    fn keep(&self, at: At<S>, tile: &mut Tile<T>, stepped: Which<T, S>, rules: &Rules<T>) -> Which<T, S> {
        if !rules.walk.method.is_quasi_newton() {
            return stepped;
        }
        let lanes = &mut tile.lanes;
        let kept = stepped & self.curved;
        at.count(&mut lanes.refused, stepped.without(kept));
        at.set_in(kept, &mut lanes.gamma, self.gamma);
        let room = at.words(&lanes.pairs).below(at.word(rules.walk.method.most_pairs()));
        at.count(&mut lanes.pairs, kept & room);
        kept
    }
}

/// The curvature along s at its end over its mean along s, as values tell it: 1 where they tell no more than the noise of f may
/// be, and that of s.y. Of a cubic it is
///
/// ```text
///     6 (f - f_t + s.g_t) / s.y - 2
/// ```
///
/// All of it is scaled as the products are; `rounding` is that of s.y.
#[inline(always)]
fn bend_of<S: Simd, T: Real>(
    at: At<S>,
    tile: &Tile<T>,
    trial: &Trial<T>,
    products: &Products<Chunk<T>>,
    by: &Scales<T, S>,
    rounding: Numbers<T, S>,
) -> Numbers<T, S> {
    let (sy, one) = (at.of(&products.sy), at.splat(T::ONE));
    let fall = (at.of(&tile.lanes.value) - at.of(&trial.value)) * by.step * by.change;
    let noise = at.of(&tile.lanes.noise) * by.step * by.change * MOST_ROUGHNESS;
    let excess = (fall + at.of(&products.end)) * 2.0 - sy;
    let tells = (noise.greater(rounding) * 2.0).below(excess.abs()) & excess.finite();
    let bend = one + excess * EXCESS_WEIGHT / sy;
    tells.choose(bend.max(at.number(1.0 / MOST_BEND)).min(at.number(MOST_BEND)), one)
}

/// The trial's products, of s and y each times its scale.
#[inline(never)]
fn scaled_products<T: Real>(tile: &Tile<T>, c: usize, machine: &Machine<T>, by_step: Chunk<T>, by_change: Chunk<T>) -> Products<Chunk<T>> {
    let add = |sum: Chunk<T>, a: Chunk<T>, b: Chunk<T>| sum.zip3(a, b, |sum, a, b| sum + a * b);
    let nothing = Products::all(Chunk::splat(-T::ZERO));
    in_blocks(
        tile.x.len(),
        nothing,
        |a, b| a.zip(b, Chunk::plus),
        |sums, i| {
            let (g, g_t) = (tile.g[i], machine.gradient()[i][c].get());
            let s = machine.point()[i][c].get().zip3(tile.x[i], by_step, |x_t, x, by| (x_t - x) * by);
            let y = g_t.zip3(g, by_change, |g_t, g, by| (g_t - g) * by);
            Products {
                sy: add(sums.sy, s, y),
                ss: add(sums.ss, s, s),
                yy: add(sums.yy, y, y),
                end: add(sums.end, s, g_t.zip(by_change, |g_t, by| g_t * by)),
                rounding: add(sums.rounding, s.map(T::abs), g.zip3(g_t, by_change, |g, g_t, by| (g.abs() + g_t.abs()) * by)),
            }
        },
    )
}

/// Sets x = x_t and g = g_t in the lanes of `accepted`. The pairs of those of `kept` come into the history, zeros in the others:
/// they are remembered as the next direction is sought. y is multiplied by the pair's bend.
#[inline(always)]
fn move_to_trial<S: Simd, T: Real>(
    at: At<S>,
    tile: &mut Tile<T>,
    c: usize,
    machine: &Machine<T>,
    accepted: Which<T, S>,
    kept: Which<T, S>,
    pair: &Pair<T, S>,
) {
    let zero = at.splat(T::ZERO);
    let coming = tile.history.coming_mut();
    let steps = machine.point().iter().zip(&mut tile.x).zip(coming.s);
    let changes = machine.gradient().iter().zip(&mut tile.g).zip(coming.y);
    for (((point, x), s), ((gradient, g), y)) in steps.zip(changes) {
        let (x_t, g_t) = (at.of_cell(&point[c]), at.of_cell(&gradient[c]));
        let (x_0, g_0) = (at.of(x), at.of(g));
        at.set(s, kept.choose(x_t - x_0, zero));
        at.set(y, kept.choose((g_t - g_0) * pair.bend, zero));
        at.set(x, accepted.choose(x_t, x_0));
        at.set(g, accepted.choose(g_t, g_0));
    }
    at.set(coming.rho, kept.choose(pair.rho, zero));
}

/// Forgets the pairs of the lanes in `which`.
#[inline(always)]
pub(super) fn forget<S: Simd, T: Real>(at: At<S>, tile: &mut Tile<T>, which: Which<T, S>) {
    tile.history.forget(at, which);
    let pairs = which.choose_words(at.word(0), at.words(&tile.lanes.pairs));
    at.set_words(&mut tile.lanes.pairs, pairs);
}

/// Writes how the lanes of `accepted` stand to their rows of this iteration. Out of line: most runs keep no trail.
#[inline(never)]
fn leave_trail<T: Real>(tile: &mut Tile<T>, accepted: Mask<T>) {
    let rows = tile.trail.len() / 2;
    for l in accepted.each() {
        let at = trail::place(tile.lanes.iterations.0[l], rows);
        tile.trail[at].0[l] = tile.lanes.value.0[l];
        tile.trail[at + 1].0[l] = tile.lanes.gradient_max.0[l];
    }
}

/// A step may go up within the noise of f: keeps the lowest point there was.
#[inline(always)]
fn keep_best<S: Simd, T: Real>(at: At<S>, tile: &mut Tile<T>, trial: &Trial<T>, stepped: Which<T, S>) {
    let lanes = &mut tile.lanes;
    let elsewhere = at.flags(&lanes.best_elsewhere);
    let value = at.of(&lanes.value);
    let best = elsewhere.choose(at.of(&lanes.best_value), value);
    let above = stepped.without(at.of(&trial.value).at_most(best));
    let leaves = above.without(elsewhere);
    if (elsewhere | leaves).any() {
        at.set_in(leaves, &mut lanes.best_value, value);
        at.set_in(leaves, &mut lanes.best_gradient_max, at.of(&lanes.gradient_max));
        at.set_flags(&mut lanes.best_elsewhere, above | elsewhere.without(stepped));
        for (best, x) in tile.best.iter_mut().zip(&tile.x) {
            at.set_in(leaves, best, at.of(x));
        }
    }
}
