//! The L-BFGS direction: the two-loop recursion, and what replaces it where there is no history or no descent.
//!
//! # References
//! J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), algorithm 7.4.

use super::accept::forget;
use super::tile::Tile;
use super::trial::{BLOCK, dot};
use crate::engine::lane::Phase;
use crate::problem::evaluate::chunk::{CHUNK, Chunk, Mask, row_by_row};
use crate::problem::evaluate::real::Real;

/// Memory for the recursion, n and m chunks.
#[derive(Clone, Debug)]
pub(super) struct Scratch<T: Copy> {
    q: Vec<Chunk<T>>,
    a: Vec<Chunk<T>>,
}

impl<T: Real> Scratch<T> {
    pub(super) fn new(dimension: usize, memory: usize) -> Self {
        Self { q: vec![Chunk::splat(T::ZERO); dimension], a: vec![Chunk::splat(T::ZERO); memory] }
    }
}

/// Gives the lanes of `turns` a new direction, and sets out on it. `restarts` are those of them whose last search failed.
#[inline(always)]
pub(super) fn turn<T: Real>(tile: &mut Tile<T>, turns: Mask<T>, restarts: Mask<T>, scratch: &mut Scratch<T>) {
    // Without a pair gamma is that of the first direction, d = -g / max |g|: norms overflow, the largest component doesn't.
    let first = turns.and(Mask::of(tile.lanes.phase, |phase| phase == Phase::Fresh as u32));
    let gamma = tile.lanes.gradient_max.map(|max| (T::ONE / max).min(T::HUGE));
    tile.lanes.gamma = first.choose(gamma, tile.lanes.gamma);
    two_loop(tile, scratch);
    for (d, q) in tile.d.iter_mut().zip(&scratch.q) {
        row_by_row();
        *d = turns.choose(*q, *d);
    }
    let slope = dot(&tile.g, &tile.d);
    tile.lanes.slope = turns.choose(slope, tile.lanes.slope);
    let descends = slope.below(Chunk::splat(T::ZERO)).and(Chunk::splat(-T::HUGE).at_most(slope));
    let lost = turns.without(descends);
    if lost.any() {
        (0..CHUNK).filter(|&l| lost.has(l)).for_each(|l| along_gradient(tile, l));
    }
    set_out(tile, turns, first, restarts);
}

/// q = -H g for the gamma and pairs of each lane; places without a pair are zeros and change nothing.
///
/// Each pass over q takes one vector off it and, on the way, the product with the next: q is read and written once for two
/// vectors of the history.
#[inline(always)]
fn two_loop<T: Real>(tile: &Tile<T>, scratch: &mut Scratch<T>) {
    let n = tile.x.len();
    let Scratch { q, a } = scratch;
    let pairs = tile.lanes.pairs.0.iter().copied().max().unwrap_or(0) as usize;
    let (s, y) = (|k: usize| &tile.s[k * n..][..n], |k: usize| &tile.y[k * n..][..n]);
    for (q, g) in q.iter_mut().zip(&tile.g) {
        row_by_row();
        *q = g.map(|g| -g);
    }
    if pairs == 0 {
        q.iter_mut().for_each(|q| *q = q.zip(tile.lanes.gamma, |q, gamma| q * gamma));
        return;
    }
    let mut product = dot(s(0), q);
    for k in 0..pairs {
        let alpha = tile.rho[k].zip(product, |rho, product| rho * product);
        a[k] = alpha;
        if k + 1 < pairs {
            product = pass(q, y(k), s(k + 1), |q, y| q.zip3(alpha, y, |q, alpha, y| q - alpha * y));
        } else {
            let gamma = tile.lanes.gamma;
            product = pass(q, y(k), y(k), |q, y| q.zip4(alpha, y, gamma, |q, alpha, y, gamma| (q - alpha * y) * gamma));
        }
    }
    for k in (0..pairs).rev() {
        let step = a[k].zip3(tile.rho[k], product, |alpha, rho, product| alpha - rho * product);
        // The last pass has no next vector; g gives the slope.
        let next = if k > 0 { y(k - 1) } else { &tile.g };
        product = pass(q, s(k), next, |q, s| q.zip3(step, s, |q, step, s| q + step * s));
    }
}

/// Sets every component of q to `change(q, along)` and returns q.next, added as [`dot`] adds.
#[inline(always)]
fn pass<T: Real>(q: &mut [Chunk<T>], along: &[Chunk<T>], next: &[Chunk<T>], change: impl Fn(Chunk<T>, Chunk<T>) -> Chunk<T>) -> Chunk<T> {
    let mut sum = Chunk::splat(T::ZERO);
    for ((q, along), next) in q.chunks_mut(BLOCK).zip(along.chunks(BLOCK)).zip(next.chunks(BLOCK)) {
        let (mut older, mut newer) = (Chunk::splat(T::ZERO), Chunk::splat(T::ZERO));
        for ((q, along), next) in q.iter_mut().zip(along).zip(next) {
            row_by_row();
            let changed = change(*q, *along);
            *q = changed;
            (older, newer) = (newer, older.zip3(changed, *next, |part, q, next| part + q * next));
        }
        sum = sum.zip3(older, newer, |sum, older, newer| sum + (older + newer));
    }
    sum
}

/// Clears the history of lane `l` and sends it along -g: scaled by the last gamma, or as at the start where that fails.
#[inline(never)]
fn along_gradient<T: Real>(tile: &mut Tile<T>, l: usize) {
    forget(tile, Mask::lanes(|k| k == l));
    let first = T::ONE / tile.lanes.gradient_max.0[l];
    for gamma in [tile.lanes.gamma.0[l], first.min(T::HUGE)] {
        let mut slope = T::ZERO;
        for (d, g) in tile.d.iter_mut().zip(&tile.g) {
            d.0[l] = -gamma * g.0[l];
            slope += d.0[l] * g.0[l];
        }
        (tile.lanes.gamma.0[l], tile.lanes.slope.0[l]) = (gamma, slope);
        if slope < T::ZERO && slope.is_finite() {
            return;
        }
    }
}

/// Begins the line search of the lanes in `turns`.
#[inline(always)]
fn set_out<T: Real>(tile: &mut Tile<T>, turns: Mask<T>, first: Mask<T>, restarts: Mask<T>) {
    let lanes = &mut tile.lanes;
    let one = Chunk::splat(T::ONE);
    let alpha = first.choose(one.zip(lanes.gradient_max, T::min), one);
    // A restart keeps what the last quasi-Newton step promised: it tells whether rounding is to blame.
    let tells = turns.without(restarts);
    lanes.decrement = tells.choose(alpha.zip(lanes.slope, |alpha, slope| (alpha * slope).abs()), lanes.decrement);
    lanes.alpha = turns.choose(alpha, lanes.alpha);
    lanes.low = turns.choose(Chunk::splat(T::ZERO), lanes.low);
    lanes.low_slope = turns.choose(lanes.slope, lanes.low_slope);
    lanes.width = turns.choose(Chunk::splat(T::HUGE), lanes.width);
    lanes.phase = turns.words(Chunk::splat(Phase::Search as u32), lanes.phase);
    let clear = |words: &mut Chunk<u32>| *words = turns.words(Chunk::splat(0), *words);
    clear(&mut lanes.bracketed);
    clear(&mut lanes.high_known);
    clear(&mut lanes.has_safe);
    clear(&mut lanes.expansions);
    clear(&mut lanes.search_evaluations);
}
