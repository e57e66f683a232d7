//! The direction of methods that keep some of their speed: d = mu w - rate g.
//!
//! Classical momentum keeps w = v, the last step. Nesterov's method steps to `y_{k+1} = x_k - rate g_k` and goes on by
//! `mu (y_{k+1} - y_k)`: then w = u - rate g with u = x_k - y_k, which is the last step but for its gradient's part.
//!
//! # References
//! See [`Momentum`](crate::Momentum) and [`Nesterov`](crate::Nesterov).

use super::history::Pairs;
use super::sums::dot;
use super::tile::Tile;
use crate::engine::lane::Scalars;
use crate::method::constants::{MOMENTUM_DELAY, MOMENTUM_NUMERATOR};
use crate::method::{Inertia, Restart, Schedule};
use crate::problem::evaluate::chunk::{CHUNK, Chunk, Mask, row_by_row};
use crate::problem::evaluate::real::Real;

/// Sets d for the lanes of `turns` and returns g.d. Those of `kept` come from a step, the last that the
/// history has; the others begin. `descends`: the line search wants f to fall. `w` is memory.
#[inline(never)]
pub(super) fn direct<T: Real>(
    tile: &mut Tile<T>,
    turns: Mask<T>,
    kept: Mask<T>,
    w: &mut [Chunk<T>],
    inertia: Inertia,
    descends: bool,
) -> Chunk<T> {
    let (zero, rate) = (Chunk::splat(T::ZERO), T::from_f64(inertia.rate));
    let kept = turns.and(kept);
    let gradients = if inertia.nesterov { rate } else { T::ZERO };
    velocity(tile, kept, w, gradients);
    let anew = kept.and(restarts(&tile.lanes, dot(&tile.g, w), inertia));
    for (w, g) in w.iter_mut().zip(&tile.g) {
        row_by_row();
        *w = anew.choose(g.map(|g| -(gradients * g)), *w);
    }

    let lanes = &mut tile.lanes;
    let begins = turns.without(kept).or(anew);
    lanes.restarts = lanes.restarts.zip(anew.ones(), |a, b| a + b);
    lanes.pace = turns.choose(begins.choose(zero, lanes.step), lanes.pace);
    let since = begins.choose_words(Chunk::splat(0), lanes.since).map(|t| t + 1);
    lanes.since = turns.choose_words(since, lanes.since);
    let theta = begins.choose(Chunk::splat(T::ONE), lanes.theta);
    let (mut mu, mut next) = (zero, theta);
    for l in 0..CHUNK {
        (mu.0[l], next.0[l]) = momentum(since.0[l], theta.0[l], inertia);
    }
    for ((w, g), d) in w.iter().zip(&tile.g).zip(&mut tile.d) {
        row_by_row();
        let part = if inertia.weighted { mu.map(|mu| (T::ONE - mu) * rate) } else { Chunk::splat(rate) };
        *d = turns.choose(mu.zip4(*w, part, *g, |mu, w, part, g| mu * w - part * g), *d);
    }
    let slope = if tile.is_bounded() { tile.hold(turns) } else { dot(&tile.g, &tile.d) };
    let lost = turns.without(slope.below(zero));
    let lanes = &mut tile.lanes;
    lanes.mu = turns.choose(mu, lanes.mu);
    lanes.theta = turns.choose(next, lanes.theta);
    lanes.gamma = turns.choose(Chunk::splat(rate), lanes.gamma);
    if descends && lost.any() {
        lanes.restarts = lanes.restarts.zip(lost.ones(), |a, b| a + b);
        lanes.since = lost.choose_words(Chunk::splat(1), lanes.since);
        lanes.theta = lost.choose(Chunk::splat(T::ONE), lanes.theta);
        lanes.mu = lost.choose(zero, lanes.mu);
        for (d, g) in tile.d.iter_mut().zip(&tile.g) {
            *d = lost.choose(g.map(|g| -(rate * g)), *d);
        }
    }
    let lanes = &mut tile.lanes;
    lanes.pairs = turns.choose_words(zero.below(lanes.mu).ones(), lanes.pairs);
    dot(&tile.g, &tile.d)
}

/// Sets w = s / alpha + gradients (g' - g), g' being the gradient before; without the first two where there was no step.
#[inline(always)]
fn velocity<T: Real>(tile: &Tile<T>, kept: Mask<T>, w: &mut [Chunk<T>], gradients: T) {
    let Pairs { s, y, .. } = tile.history.coming();
    let by_alpha = tile.lanes.accepted_alpha.map(|alpha| T::ONE / alpha);
    for (((w, g), s), y) in w.iter_mut().zip(&tile.g).zip(s).zip(y) {
        row_by_row();
        let stepped = s.zip3(by_alpha, *y, |s, by, y| s * by - gradients * y);
        *w = kept.choose(stepped, g.map(|g| -(gradients * g)));
    }
}

/// Where momentum is to be dropped; `along` is g.w.
#[inline(always)]
fn restarts<T: Real>(lanes: &Scalars<T>, along: Chunk<T>, inertia: Inertia) -> Mask<T> {
    let zero = Chunk::splat(T::ZERO);
    let asked = match inertia.restart {
        None => return Mask::none(),
        Some(Restart::Value) => lanes.decrease.below(zero),
        Some(Restart::Gradient) => zero.below(along),
        Some(Restart::Speed) => lanes.step.below(lanes.pace),
    };
    let waited = Mask::of(lanes.since, |t| t > inertia.restart_wait).or(Mask::of(lanes.restarts, |restarts| restarts == 0));
    asked.and(waited)
}

/// The momentum of step `t`, and theta after it.
fn momentum<T: Real>(t: u32, theta: T, inertia: Inertia) -> (T, T) {
    let number = T::from_f64;
    let steps = |steps: u32| number(f64::from(steps));
    let mu = match inertia.schedule {
        Schedule::Constant(mu) => number(mu),
        Schedule::Convex { q, burn_in } => return if t < burn_in { (T::ZERO, T::ONE) } else { convex(theta, number(q)) },
        Schedule::Approximate { burn_in } if t <= burn_in => T::ZERO,
        Schedule::Approximate { burn_in } => T::ONE - number(MOMENTUM_NUMERATOR) / (steps(t - burn_in) + number(MOMENTUM_DELAY)),
        Schedule::Switch { low, high, at } => number(if t >= at { high } else { low }),
        Schedule::Ramp { low, high, steps: whole } => {
            let begins = if inertia.first { 1 } else { 2 };
            let part = steps(t.min(whole).saturating_sub(begins)) / steps(whole - begins);
            number(low) + (number(high) - number(low)) * part
        }
    };
    (if t == 1 && !inertia.first { T::ZERO } else { mu }, theta)
}

/// O'Donoghue and Candès, algorithm 1: beta and the next theta.
fn convex<T: Real>(theta: T, q: T) -> (T, T) {
    let (half, square) = (T::from_f64(0.5), theta * theta);
    let excess = q - square;
    let next = half * (excess + (excess * excess + T::from_f64(4.0) * square).sqrt());
    (theta * (T::ONE - theta) / (square + next), next)
}
