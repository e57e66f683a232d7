//! The L-BFGS direction where components are held on bounds: the two-loop recursion over the others.
//!
//! With Z the components that are free, each pair counts by what it tells of them, and pairs that tell of no positive
//! curvature there are passed over:
//!
//! ```text
//!     d = -Z H_Z Z g,   H_Z of the pairs (Z s, Z y) with s.Z y > 0,   gamma = s.Z y / y.Z y of the newest of them
//! ```
//!
//! # References
//! Q. Ni, Y. Yuan: A subspace limited memory quasi-Newton algorithm for large-scale nonlinear bound constrained optimization,
//! Math. Comp. 66 (1997) 1509-1520.

use pulp::Simd;

use super::bounds::held_lanes;
use super::tile::Tile;
use super::trial::dot;
use super::two_loop::{Scratch, move_on};
use crate::problem::evaluate::chunk::{Chunk, Mask, row_by_row};
use crate::problem::evaluate::lanes::At;
use crate::problem::evaluate::real::Real;

/// As the recursion over all components, in lanes that hold none to the bit; nothing if no lane of `turns` holds one.
#[inline(always)]
pub(super) fn direct_held<S: Simd, T: Real>(
    simd: S,
    tile: &mut Tile<T>,
    places: usize,
    turns: Mask<T>,
    kept: Mask<T>,
    scratch: &mut Scratch<T>,
    noise: f64,
) -> Option<Chunk<T>> {
    let Scratch { q, a, weights, free } = scratch;
    let holds = held_lanes(tile, turns, free);
    if !holds.any() {
        return None;
    }
    let (a, weights) = (&mut a[..places], &mut weights[..places]);
    let gamma = weigh(tile, holds, q, weights, free, noise);
    Some(two_loop(simd, tile, q, a, weights, gamma, free, turns, kept))
}

/// What each pair counts in the recursion, 1 / s.y over the free components, and the gamma of the newest that does.
#[inline(always)]
fn weigh<T: Real>(tile: &Tile<T>, holds: Mask<T>, q: &mut [Chunk<T>], weights: &mut [Chunk<T>], free: &[Chunk<T>], noise: f64) -> Chunk<T> {
    let (n, zero) = (q.len(), Chunk::splat(T::ZERO));
    let mut gamma = tile.lanes.gamma;
    let mut open = holds;
    for (k, weight) in weights.iter_mut().enumerate() {
        let (s, y, rho) = (&tile.s[k * n..][..n], &tile.y[k * n..][..n], tile.rho[k]);
        // Of all components the products rho s_i y_i add up to 1: nothing overflows that has not before.
        for ((q, s), free) in q.iter_mut().zip(s).zip(free) {
            row_by_row();
            *q = s.zip3(rho, *free, |s, rho, free| rho * s * free);
        }
        let share = dot(q, y);
        let own = rho.zip(share, |rho, share| rho / share);
        for ((q, y), free) in q.iter_mut().zip(y).zip(free) {
            row_by_row();
            *q = y.zip3(own, *free, |y, own, free| own * y * free);
        }
        let own_gamma = dot(q, y).map(|square| T::ONE / square);
        let usable = |value: Chunk<T>| Chunk::splat(T::TINY).at_most(value).and(value.at_most(Chunk::splat(T::HUGE)));
        let noise = Chunk::splat(T::from_f64(noise) * T::EPSILON);
        let sound = noise.below(share).and(usable(own)).and(usable(own_gamma));
        *weight = holds.choose(sound.choose(own, zero), rho);
        gamma = open.and(sound).choose(own_gamma, gamma);
        open = open.without(sound);
    }
    gamma
}

#[expect(clippy::too_many_arguments, reason = "what the recursion over all components has in its tile stands beside it here")]
#[inline(always)]
fn two_loop<S: Simd, T: Real>(
    simd: S,
    tile: &mut Tile<T>,
    q: &mut [Chunk<T>],
    a: &mut [Chunk<T>],
    weights: &[Chunk<T>],
    gamma: Chunk<T>,
    free: &[Chunk<T>],
    turns: Mask<T>,
    kept: Mask<T>,
) -> Chunk<T> {
    let n = q.len();
    let Tile { g, d, s, y, rho, .. } = tile;
    for ((q, g), free) in q.iter_mut().zip(g.iter()).zip(free) {
        row_by_row();
        *q = g.zip(*free, |g, free| g * free);
    }
    for (k, alpha) in a.iter_mut().enumerate() {
        *alpha = part(weights[k], dot(q, &s[k * n..][..n]));
        for ((q, y), free) in q.iter_mut().zip(&y[k * n..][..n]).zip(free) {
            row_by_row();
            *q = q.zip4(*alpha, *y, *free, |q, alpha, y, free| (q - alpha * y) * free);
        }
    }
    for q in q.iter_mut() {
        row_by_row();
        *q = q.zip(gamma, |q, gamma| q * gamma);
    }
    let last = rho.len() - 1;
    for (k, alpha) in a.iter().enumerate().rev() {
        let step = alpha.zip(part(weights[k], dot(q, &y[k * n..][..n])), |alpha, beta| alpha - beta);
        for ((q, s), free) in q.iter_mut().zip(&s[k * n..][..n]).zip(free) {
            row_by_row();
            *q = q.zip4(step, *s, *free, |q, step, s, free| (q + step * s) * free);
        }
        if k < last {
            for at in At::each::<T>(simd) {
                let kept = at.which(&kept);
                move_on(at, y, k, n, kept);
                move_on(at, s, k, n, kept);
                move_on(at, rho, k, 1, kept);
            }
        }
    }
    for (d, q) in d.iter_mut().zip(&*q) {
        row_by_row();
        *d = turns.choose(q.map(|q| T::ZERO - q), *d);
    }
    dot(q, g).map(|slope| T::ZERO - slope)
}

/// What a pair counts of a product: nothing where it counts for nothing, whatever stands in its place.
#[inline(always)]
fn part<T: Real>(weight: Chunk<T>, product: Chunk<T>) -> Chunk<T> {
    let zero = Chunk::splat(T::ZERO);
    zero.below(weight).choose(weight.zip(product, |weight, product| weight * product), zero)
}
