//! An accepted point: the pair it gives, whether that is kept, and the lane's new place.
//!
//! # References
//! M. C. Biggs: A note on minimization algorithms which make use of non-quadratic properties of the objective function, J. Inst.
//! Maths Applics 12 (1973) 337-338, for what values tell of the curvature.

use super::tile::{Rules, Tile};
use super::trial::Trial;
use crate::engine::lane::Phase;
use crate::engine::trail;
use crate::method::Method;
use crate::method::constants::{EXCESS_WEIGHT, MISLED, MOST_BEND, MOST_ROUGHNESS, NOISE_SHARE};
use crate::problem::evaluate::chunk::{CHUNK, Chunk, Mask, row_by_row};
use crate::problem::evaluate::dispatch::dispatch;
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// What an accepted point gives besides.
pub(super) struct Accepted<T: Real> {
    /// f - f_t
    pub(super) decrease: Chunk<T>,
    /// Lanes with a new pair.
    pub(super) kept: Mask<T>,
}

/// Moves the lanes of `accepted` to their trial points.
#[inline(always)]
pub(super) fn accept<T: Real>(
    tile: &mut Tile<T>,
    c: usize,
    machine: &Machine<T>,
    trial: &Trial<T>,
    accepted: Mask<T>,
    rules: &Rules<T>,
) -> Accepted<T> {
    let fresh = accepted.and(Mask::of(tile.lanes.phase, |phase| phase == Phase::Fresh as u32));
    // What stands in a place is of the lane before, unless this one has brought pairs along.
    let bare = fresh.and(Mask::of(tile.lanes.pairs, |pairs| pairs == 0));
    if bare.any() {
        forget(tile, bare);
    }
    let stepped = accepted.without(fresh).opaque();
    let pair = Pair::measure(tile, c, machine, trial, rules);
    let kept = pair.keep(tile, stepped, rules);
    let misled = stepped.without(kept).and(Chunk::splat(T::from_f64(MISLED)).below(tile.lanes.alpha));
    if misled.any() {
        // No longer than to where f is called unbounded: the slope along d would overflow.
        let farthest = trial.steepest.map(|max| T::FAR / max);
        let longer = tile.lanes.gamma.zip3(tile.lanes.alpha, farthest, |gamma, alpha, farthest| (gamma * alpha).min(farthest));
        tile.lanes.gamma = misled.choose(longer, tile.lanes.gamma);
        forget(tile, misled);
    }
    keep_best(tile, trial, stepped);

    move_to_trial(tile, c, machine, accepted, kept, pair.bend);
    tile.rho[0] = kept.choose(pair.rho, Chunk::splat(T::ZERO));
    let lanes = &mut tile.lanes;
    let decrease = lanes.value.zip(trial.value, |f, f_t| f - f_t);
    let noise = trial.value.zip(trial.scale, |f, scale| rules.noise * f.abs().max(scale * T::from_f64(1.0 / NOISE_SHARE)));
    let noise = noise.zip(lanes.roughness, |noise, times| noise * times.max(T::ONE));
    lanes.noise = accepted.choose(noise, lanes.noise);
    lanes.value = accepted.choose(trial.value, lanes.value);
    lanes.gradient_max = accepted.choose(trial.gradient_max, lanes.gradient_max);
    lanes.step = stepped.choose(pair.length, lanes.step);
    lanes.accepted_alpha = stepped.choose(lanes.alpha, lanes.accepted_alpha);
    lanes.longest_search = stepped.words(lanes.longest_search.zip(lanes.search_evaluations, u32::max), lanes.longest_search);
    lanes.accepted_slope = stepped.choose(lanes.slope, lanes.accepted_slope);
    lanes.accepted_mu = stepped.choose(lanes.mu, lanes.accepted_mu);
    lanes.decrease = stepped.choose(decrease, lanes.decrease);
    lanes.iterations = lanes.iterations.zip(stepped.ones(), |a, b| a + b);
    if !tile.trail.is_empty() {
        leave_trail(tile, accepted);
    }
    Accepted { decrease, kept }
}

/// What a step s = x_t - x and the change of gradient y = g_t - g tell of the curvature. Their products are taken on
/// vectors scaled by their largest components, and neither overflow nor vanish.
struct Pair<T: Real> {
    /// |s|
    length: Chunk<T>,
    /// s.y / y.y and 1 / s.y
    gamma: Chunk<T>,
    rho: Chunk<T>,
    /// Where s.y is positive beyond rounding.
    curved: Mask<T>,
    /// What y is multiplied by before it is remembered; gamma and rho are of that y.
    bend: Chunk<T>,
}

impl<T: Real> Pair<T> {
    #[inline(always)]
    fn measure(tile: &Tile<T>, c: usize, machine: &Machine<T>, trial: &Trial<T>, rules: &Rules<T>) -> Self {
        let pairs = &rules.walk.pairs;
        let (by_step, by_change) = (trial.step_max.map(|max| T::ONE / max), trial.change_max.map(|max| T::ONE / max));
        let Products { sy, ss, yy, end, rounding } = dispatch(Measure { tile, c, machine, by_step, by_change });
        let gamma = sy.zip4(yy, trial.step_max, by_change, |sy, yy, step, by| (sy / yy) * (step * by));
        let rho = sy.zip3(by_step, by_change, |sy, by_step, by_change| (T::ONE / sy) * by_step * by_change);
        let (gamma, rho) = if pairs.offset > 0.0 {
            let offset = T::from_f64(pairs.offset);
            let longer = rho.map(|rho| T::ONE + offset * rho);
            let square = yy.zip(by_change, |yy, by_change| T::ONE + offset * (by_change / yy * by_change));
            (gamma.zip3(longer, square, |gamma, longer, square| gamma * longer / square), rho.zip(longer, |rho, longer| rho / longer))
        } else {
            (gamma, rho)
        };
        let cosine = ss.zip(yy, |ss, yy| T::from_f64(pairs.cosine) * T::EPSILON * (ss * yy).sqrt());
        let rounding = rounding.map(|sum| T::from_f64(pairs.noise) * T::EPSILON * sum);
        let bend = if pairs.values && matches!(rules.walk.method, Method::Lbfgs(_)) {
            bend(tile, trial, sy, end, rounding)
        } else {
            Chunk::splat(T::ONE)
        };
        let (gamma, rho) = (gamma.zip(bend, |gamma, bend| gamma / bend), rho.zip(bend, |rho, bend| rho / bend));
        let usable = |value: Chunk<T>| Chunk::splat(T::TINY).at_most(value).and(value.at_most(Chunk::splat(T::HUGE)));
        let curved = cosine.below(sy).and(rounding.below(sy)).and(usable(gamma)).and(usable(rho));
        Self { length: trial.step_max.zip(ss, |step, ss| step * ss.sqrt()), gamma, rho, curved, bend }
    }

    /// Decides which pairs are kept: before anything is written, so that a refused one costs nothing that is remembered.
    #[inline(always)]
    fn keep(&self, tile: &mut Tile<T>, stepped: Mask<T>, rules: &Rules<T>) -> Mask<T> {
        if !rules.walk.method.is_quasi_newton() {
            return stepped;
        }
        let most = rules.walk.method.most_pairs();
        let lanes = &mut tile.lanes;
        let kept = stepped.and(self.curved).opaque();
        lanes.refused = lanes.refused.zip(stepped.without(kept).ones(), |a, b| a + b);
        lanes.gamma = kept.choose(self.gamma, lanes.gamma);
        lanes.pairs = lanes.pairs.zip(kept.ones(), |a, b| a.saturating_add(b).min(most));
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
/// Here s and y are scaled, and so are all products; `end` is s.g_t, and `rounding` that of s.y.
#[inline(always)]
fn bend<T: Real>(tile: &Tile<T>, trial: &Trial<T>, sy: Chunk<T>, end: Chunk<T>, rounding: Chunk<T>) -> Chunk<T> {
    let (by_step, by_change) = (trial.step_max.map(|max| T::ONE / max), trial.change_max.map(|max| T::ONE / max));
    let fall = tile.lanes.value.zip4(trial.value, by_step, by_change, |f, f_t, by_step, by_change| (f - f_t) * by_step * by_change);
    let noise = tile.lanes.noise.zip3(by_step, by_change, |noise, by_step, by_change| noise * by_step * by_change);
    let noise = noise.scaled(MOST_ROUGHNESS).zip(rounding, T::max);
    let two = T::from_f64(2.0);
    let excess = fall.zip3(end, sy, |fall, end, sy| two * (fall + end) - sy);
    let tells = noise.map(|noise| two * noise).below(excess.map(T::abs)).and(excess.finite());
    let (weight, least, most) = (T::from_f64(EXCESS_WEIGHT), T::from_f64(1.0 / MOST_BEND), T::from_f64(MOST_BEND));
    let bend = excess.zip(sy, |excess, sy| (T::ONE + weight * excess / sy).max(least).min(most));
    tells.choose(bend, Chunk::splat(T::ONE))
}

/// Sums over the components of a step and a change of gradient, both scaled.
struct Products<T> {
    sy: Chunk<T>,
    ss: Chunk<T>,
    yy: Chunk<T>,
    /// s.g_t, the latter scaled as y is.
    end: Chunk<T>,
    /// The sum of |s| (|g| + |g_t|), the latter scaled as y is.
    rounding: Chunk<T>,
}

/// Takes the products of tile `c` in one pass, in the processor's own vectors: the compiler would take lanes of different sums
/// into one vector.
struct Measure<'a, T: Real> {
    tile: &'a Tile<T>,
    c: usize,
    machine: &'a Machine<T>,
    by_step: Chunk<T>,
    by_change: Chunk<T>,
}

impl<T: Real> pulp::WithSimd for Measure<'_, T> {
    type Output = Products<T>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> Products<T> {
        let Self { tile, c, machine, by_step, by_change } = self;
        let zero = Chunk::splat(T::ZERO);
        let mut products = Products { sy: zero, ss: zero, yy: zero, end: zero, rounding: zero };
        for v in 0..CHUNK / T::lanes::<S>() {
            let at = |chunk: &Chunk<T>| T::load::<S>(&chunk.0, v);
            let (by_step, by_change) = (at(&by_step), at(&by_change));
            let zero = at(&zero);
            let (mut sy, mut ss, mut yy, mut end, mut rounding) = (zero, zero, zero, zero, zero);
            let components = tile.x.iter().zip(&tile.g).zip(machine.point().iter().zip(machine.gradient()));
            for ((x, g), (point, gradient)) in components {
                let (g, g_t) = (at(g), at(&gradient[c].get()));
                let s = T::product(simd, T::difference(simd, at(&point[c].get()), at(x)), by_step);
                let y = T::product(simd, T::difference(simd, g_t, g), by_change);
                sy = T::sum(simd, sy, T::product(simd, s, y));
                ss = T::sum(simd, ss, T::product(simd, s, s));
                yy = T::sum(simd, yy, T::product(simd, y, y));
                end = T::sum(simd, end, T::product(simd, s, T::product(simd, g_t, by_change)));
                let size = T::product(simd, T::sum(simd, T::magnitude(simd, g), T::magnitude(simd, g_t)), by_change);
                rounding = T::sum(simd, rounding, T::product(simd, T::magnitude(simd, s), size));
            }
            T::store::<S>(&mut products.sy.0, v, sy);
            T::store::<S>(&mut products.ss.0, v, ss);
            T::store::<S>(&mut products.yy.0, v, yy);
            T::store::<S>(&mut products.end.0, v, end);
            T::store::<S>(&mut products.rounding.0, v, rounding);
        }
        products
    }
}

/// Sets x = x_t and g = g_t in the lanes of `accepted`. Their pairs go to the first place in the lanes of `kept`, zeros in
/// the others; it is the two-loop recursion that makes room for the next. y is multiplied by `bend`.
#[inline(always)]
fn move_to_trial<T: Real>(tile: &mut Tile<T>, c: usize, machine: &Machine<T>, accepted: Mask<T>, kept: Mask<T>, bend: Chunk<T>) {
    let zero = Chunk::splat(T::ZERO);
    let steps = machine.point().iter().zip(&mut tile.x).zip(&mut tile.s);
    let changes = machine.gradient().iter().zip(&mut tile.g).zip(&mut tile.y);
    for (((point, x), s), ((gradient, g), y)) in steps.zip(changes) {
        row_by_row();
        let (x_t, g_t) = (point[c].get(), gradient[c].get());
        *s = kept.choose(x_t.zip(*x, |x_t, x| x_t - x), zero);
        *y = kept.choose(g_t.zip3(*g, bend, |g_t, g, bend| (g_t - g) * bend), zero);
        *x = accepted.choose(x_t, *x);
        *g = accepted.choose(g_t, *g);
    }
}

/// Clears place `k` of the history of the lanes in `which`.
#[inline(always)]
pub(super) fn forget_place<T: Real>(tile: &mut Tile<T>, which: Mask<T>, k: usize) {
    let n = tile.x.len();
    for chunks in [&mut tile.s[k * n..][..n], &mut tile.y[k * n..][..n], &mut tile.rho[k..][..1]] {
        for chunk in chunks {
            row_by_row();
            *chunk = which.choose(Chunk::splat(T::ZERO), *chunk);
        }
    }
}

/// Clears the pairs of the lanes in `which`. Zeros, not just a count: the two-loop recursion passes over all places.
#[inline(always)]
pub(super) fn forget<T: Real>(tile: &mut Tile<T>, which: Mask<T>) {
    for vector in [&mut tile.s, &mut tile.y, &mut tile.rho] {
        for chunk in vector {
            row_by_row();
            *chunk = which.choose(Chunk::splat(T::ZERO), *chunk);
        }
    }
    tile.lanes.pairs = which.words(Chunk::splat(0), tile.lanes.pairs);
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
fn keep_best<T: Real>(tile: &mut Tile<T>, trial: &Trial<T>, stepped: Mask<T>) {
    let lanes = &mut tile.lanes;
    let elsewhere = Mask::of(lanes.best_elsewhere, |is| is != 0);
    let best = elsewhere.choose(lanes.best_value, lanes.value);
    let above = stepped.without(trial.value.at_most(best));
    let leaves = above.without(elsewhere);
    if elsewhere.or(leaves).any() {
        lanes.best_value = leaves.choose(lanes.value, lanes.best_value);
        lanes.best_gradient_max = leaves.choose(lanes.gradient_max, lanes.best_gradient_max);
        lanes.best_elsewhere = stepped.words(above.ones(), lanes.best_elsewhere);
        for (best, x) in tile.best.iter_mut().zip(&tile.x) {
            *best = leaves.choose(*x, *best);
        }
    }
}
