//! The direction of nonlinear conjugate gradients: d = gamma p, p = -g + beta p', p' the direction before.
//!
//! # References
//! J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), section 5.2; for each beta see
//! [`CgUpdate`](crate::CgUpdate).

use super::lbfgs::Scratch;
use super::sums::dot;
use super::tile::Tile;
use crate::method::constants::BETA_FLOOR;
use crate::method::{CgUpdate, ConjugateGradient};
use crate::problem::evaluate::chunk::{Chunk, Mask, row_by_row};
use crate::problem::evaluate::real::Real;

/// Sets d for the lanes of `turns` and returns g.d. Those of `kept` come from a step, the change of gradient in the first
/// place of `y`; the others begin along -g. Components that are held on a bound count for nothing: a large gradient that
/// pushes out would make every direction one along -g.
#[inline(never)]
pub(super) fn direct<T: Real>(
    tile: &mut Tile<T>,
    turns: Mask<T>,
    kept: Mask<T>,
    scratch: &mut Scratch<T>,
    settings: ConjugateGradient,
) -> Chunk<T> {
    let Scratch { q, free, .. } = scratch;
    if !tile.is_bounded() {
        return conjugate(tile, turns, kept, q, settings);
    }
    let zero = Chunk::splat(T::ZERO);
    for (i, free) in free.iter_mut().enumerate() {
        row_by_row();
        let held = tile.held(i);
        *free = held.choose(zero, tile.g[i]);
        let y = &mut tile.history.coming_mut().y[i];
        *y = held.choose(zero, *y);
        tile.d[i] = turns.and(held).choose(zero, tile.d[i]);
    }
    std::mem::swap(&mut tile.g, free);
    let slope = conjugate(tile, turns, kept, q, settings);
    std::mem::swap(&mut tile.g, free);
    slope
}

fn conjugate<T: Real>(tile: &mut Tile<T>, turns: Mask<T>, kept: Mask<T>, q: &mut [Chunk<T>], settings: ConjugateGradient) -> Chunk<T> {
    let kept = turns.and(kept);
    let zero = Chunk::splat(T::ZERO);
    let factor = beta(tile, q, settings.update);
    // beta p' = (beta / gamma) d
    let factor = factor.zip(tile.lanes.gamma, |beta, gamma| beta / gamma);

    // What is left of g' in g, against what it would be on a quadratic: nothing.
    let (gg, gy) = (dot(&tile.g, &tile.g), dot(&tile.g, tile.history.coming().y));
    let overlap = gg.zip(gy, |gg, gy| (gg - gy).abs());
    let oblique = gg.scaled(settings.orthogonality).at_most(overlap);
    let since = tile.lanes.since.zip(kept.ones(), |a, b| a + b);
    let due = Mask::of(since, |since| settings.every > 0 && since >= settings.every);
    let positive = zero.below(factor);
    let usable = if settings.update == CgUpdate::PolakRibierePlus { factor.finite().and(positive) } else { factor.finite() };
    let goes_on = kept.and(usable).without(oblique).without(due);

    let factor = goes_on.choose(factor, zero);
    for ((q, g), d) in q.iter_mut().zip(&tile.g).zip(&tile.d) {
        row_by_row();
        *q = factor.zip3(*d, *g, |factor, d, g| factor * d - g);
    }
    let slope = dot(&tile.g, q);
    let goes_on = goes_on.and(slope.below(zero)).and(Chunk::splat(-T::HUGE).at_most(slope));

    let anew = kept.without(goes_on);
    if anew.any() {
        first_steps(tile, anew, gg);
    }
    let lanes = &mut tile.lanes;
    for ((q, g), d) in q.iter().zip(&tile.g).zip(&mut tile.d) {
        row_by_row();
        let p = goes_on.choose(*q, g.map(|g| -g));
        *d = turns.choose(p.zip(lanes.gamma, |p, gamma| gamma * p), *d);
    }
    lanes.restarts = lanes.restarts.zip(anew.ones(), |a, b| a + b);
    lanes.since = turns.choose_words(goes_on.choose_words(since, Chunk::splat(0)), lanes.since);
    lanes.pairs = turns.choose_words(goes_on.ones(), lanes.pairs);
    dot(&tile.g, &tile.d)
}

/// Has the lanes of `anew` first try the step along -g that the curvature of the last direction asks for, d.d / d.y by the last
/// alpha: what that direction promised says nothing of this one. `gg` is g.g.
#[inline(always)]
fn first_steps<T: Real>(tile: &mut Tile<T>, anew: Mask<T>, gg: Chunk<T>) {
    let (dd, dy) = (dot(&tile.d, &tile.d), dot(&tile.d, tile.history.coming().y));
    let promise = gg.zip3(dd, dy, |gg, dd, dy| gg * (dd / dy));
    let usable = Chunk::splat(T::TINY).at_most(promise).and(promise.finite());
    let lanes = &mut tile.lanes;
    lanes.accepted_slope = anew.and(usable).choose(promise.map(|promise| -promise), lanes.accepted_slope);
}

/// How much of p' goes on. `q` is memory, for g'.
#[inline(always)]
fn beta<T: Real>(tile: &Tile<T>, q: &mut [Chunk<T>], update: CgUpdate) -> Chunk<T> {
    let (g, d, y) = (&tile.g[..], &tile.d[..], tile.history.coming().y);
    for ((q, g), y) in q.iter_mut().zip(g).zip(y) {
        row_by_row();
        *q = g.zip(*y, |g, y| g - y);
    }
    // Products with p' = d / gamma.
    let gamma = tile.lanes.gamma;
    let with_p = |a: &[Chunk<T>]| dot(a, d).zip(gamma, |product, gamma| product / gamma);
    let quotient = |a: Chunk<T>, b: Chunk<T>| a.zip(b, |a, b| a / b);
    match update {
        CgUpdate::FletcherReeves => quotient(dot(g, g), dot(q, q)),
        CgUpdate::PolakRibierePlus => quotient(dot(g, y), dot(q, q)),
        CgUpdate::HestenesStiefel => quotient(dot(g, y), with_p(y)),
        CgUpdate::DaiYuan => quotient(dot(g, g), with_p(y)),
        CgUpdate::HagerZhang => {
            let py = with_p(y);
            let twice = dot(y, y).zip3(with_p(g), py, |yy, pg, py| T::from_f64(2.0) * yy * (pg / py));
            let beta = dot(g, y).zip3(twice, py, |gy, twice, py| (gy - twice) / py);
            let length = with_p(d).zip(gamma, |pd, gamma| (pd / gamma).sqrt());
            let floor = dot(q, q).zip(length, |square, length| -T::ONE / (length * square.sqrt().min(T::from_f64(BETA_FLOOR))));
            // What is not a number stays so, and is not used.
            beta.zip(floor, |beta, floor| beta.max(floor))
        }
    }
}
