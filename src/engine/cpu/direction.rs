//! The L-BFGS direction: the two-loop recursion, and what replaces it where there is no history or no descent.
//!
//! # References
//! J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), algorithm 7.4.

use super::accept::forget;
use super::tile::{Mask, Tile};
use super::trial::dot;
use crate::engine::lane::Phase;
use crate::problem::evaluate::chunk::{CHUNK, Chunk};
use crate::problem::evaluate::real::Real;

/// Memory for the recursion, n and m chunks.
#[derive(Clone, Debug)]
pub(super) struct Scratch<T: Copy> {
    q: Vec<Chunk<T>>,
    a: Vec<[T; CHUNK]>,
}

impl<T: Real> Scratch<T> {
    pub(super) fn new(dimension: usize, memory: usize) -> Self {
        Self { q: vec![Chunk::splat(T::ZERO); dimension], a: vec![[T::ZERO; CHUNK]; memory] }
    }
}

/// Gives the lanes of `turns` a new direction, and sets out on it.
#[inline(always)]
pub(super) fn turn<T: Real>(tile: &mut Tile<T>, turns: &Mask, scratch: &mut Scratch<T>) {
    // Without a pair gamma is that of the first direction, d = -g / max |g|: norms overflow, the largest component doesn't.
    for l in 0..CHUNK {
        let first = tile.lanes.phase[l] == Phase::Fresh as u32;
        let gamma = (T::ONE / tile.lanes.gradient_max[l]).min(T::HUGE);
        tile.lanes.gamma[l] = if (turns[l] != 0) & first { gamma } else { tile.lanes.gamma[l] };
    }
    two_loop(tile, scratch);
    for (d, q) in tile.d.iter_mut().zip(&scratch.q) {
        for l in 0..CHUNK {
            d.0[l] = if turns[l] != 0 { q.0[l] } else { d.0[l] };
        }
    }
    let slope = dot(&tile.g, &tile.d);
    for l in 0..CHUNK {
        tile.lanes.slope[l] = if turns[l] != 0 { slope[l] } else { tile.lanes.slope[l] };
    }
    for l in 0..CHUNK {
        if turns[l] != 0 && !descends(tile.lanes.slope[l]) {
            along_gradient(tile, l);
        }
    }
    set_out(tile, turns);
}

/// q = -H g for the gamma and pairs of each lane; places without a pair are zeros and change nothing.
#[inline(always)]
fn two_loop<T: Real>(tile: &Tile<T>, scratch: &mut Scratch<T>) {
    let n = tile.x.len();
    let Scratch { q, a } = scratch;
    let pairs = tile.lanes.pairs.iter().copied().max().unwrap_or(0) as usize;
    for (q, g) in q.iter_mut().zip(&tile.g) {
        *q = g.map(|g| -g);
    }
    let history = |k: usize| (&tile.s[k * n..][..n], &tile.y[k * n..][..n], &tile.rho[k]);
    for k in 0..pairs {
        let (s, y, rho) = history(k);
        let product = dot(s, q);
        for l in 0..CHUNK {
            a[k][l] = rho.0[l] * product[l];
        }
        let a = &a[k];
        for (q, y) in q.iter_mut().zip(y) {
            for l in 0..CHUNK {
                q.0[l] = q.0[l] - a[l] * y.0[l];
            }
        }
    }
    for q in q.iter_mut() {
        for l in 0..CHUNK {
            q.0[l] = q.0[l] * tile.lanes.gamma[l];
        }
    }
    for k in (0..pairs).rev() {
        let (s, y, rho) = history(k);
        let product = dot(y, q);
        let mut step = [T::ZERO; CHUNK];
        for l in 0..CHUNK {
            step[l] = a[k][l] - rho.0[l] * product[l];
        }
        for (q, s) in q.iter_mut().zip(s) {
            for l in 0..CHUNK {
                q.0[l] = q.0[l] + step[l] * s.0[l];
            }
        }
    }
}

/// A slope that f can be expected to fall along.
fn descends<T: Real>(slope: T) -> bool {
    slope < T::ZERO && slope >= -T::HUGE
}

/// Clears the history of lane `l` and sends it along -g: scaled by the last gamma, or as at the start where that fails.
fn along_gradient<T: Real>(tile: &mut Tile<T>, l: usize) {
    let which = std::array::from_fn(|k| u32::from(k == l));
    forget(tile, &which);
    let first = T::ONE / tile.lanes.gradient_max[l];
    for gamma in [tile.lanes.gamma[l], first.min(T::HUGE)] {
        let mut slope = T::ZERO;
        for (d, g) in tile.d.iter_mut().zip(&tile.g) {
            d.0[l] = -gamma * g.0[l];
            slope += d.0[l] * g.0[l];
        }
        (tile.lanes.gamma[l], tile.lanes.slope[l]) = (gamma, slope);
        if descends(slope) {
            return;
        }
    }
}

/// Begins the line search of the lanes in `turns`.
#[inline(always)]
fn set_out<T: Real>(tile: &mut Tile<T>, turns: &Mask) {
    let lanes = &mut tile.lanes;
    for l in 0..CHUNK {
        let turns = turns[l] != 0;
        let first = lanes.phase[l] == Phase::Fresh as u32;
        let alpha = if first { T::ONE.min(lanes.gradient_max[l]) } else { T::ONE };
        let promised = (alpha * lanes.slope[l]).abs();
        // A restart keeps what the last quasi-Newton step promised: it tells whether rounding is to blame.
        let tells = turns & (first | (lanes.pairs[l] > 0));
        lanes.decrement[l] = if tells { promised } else { lanes.decrement[l] };
        lanes.alpha[l] = if turns { alpha } else { lanes.alpha[l] };
        lanes.low[l] = if turns { T::ZERO } else { lanes.low[l] };
        lanes.low_slope[l] = if turns { lanes.slope[l] } else { lanes.low_slope[l] };
        lanes.width[l] = if turns { T::HUGE } else { lanes.width[l] };
        lanes.phase[l] = if turns { Phase::Search as u32 } else { lanes.phase[l] };
        let keep = u32::from(!turns);
        lanes.bracketed[l] *= keep;
        lanes.high_known[l] *= keep;
        lanes.has_safe[l] *= keep;
        lanes.expansions[l] *= keep;
        lanes.search_evaluations[l] *= keep;
    }
}
