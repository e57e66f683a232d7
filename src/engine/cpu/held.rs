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

use super::components::{Components, Rows};
use super::history::Pairs;
use super::lbfgs::{Scratch, Subspace, dot, two_loop};
use super::tile::Tile;
use crate::problem::evaluate::chunk::{Chunk, Mask};
use crate::problem::evaluate::lanes::{At, Numbers, Which};
use crate::problem::evaluate::real::Real;

/// Sets d as [`direct`](super::lbfgs::direct) does, over the components that are free in the lanes of `holds`, which `scratch` knows;
/// the other lanes get the bits that they would have without a box.
#[inline(always)]
pub(super) fn direct_held<S: Simd, T: Real>(
    at: At<S>,
    tile: &mut Tile<T>,
    turns: Mask<T>,
    holds: Mask<T>,
    scratch: &mut Scratch<T>,
    noise: f64,
) -> Numbers<T, S> {
    let Scratch { q, a, weights, free } = scratch;
    let (weights, mut q) = (&mut weights[..tile.history.filled()], Rows { at, rows: q });
    let gamma = weigh(at, tile, at.which(&holds), &mut q, weights, free, noise);
    let over = Free { at, gamma, free, weights };
    two_loop(at, tile, &mut q, a, at.which(&turns), None, over)
}

/// The free components.
#[derive(Clone, Copy)]
struct Free<'a, T: Real, S: Simd> {
    at: At<S>,
    gamma: Numbers<T, S>,
    free: &'a [Chunk<T>],
    /// 1 / s.y over them of each pair, 0 where it counts for nothing.
    weights: &'a [Chunk<T>],
}

impl<T: Real, S: Simd> Subspace<T, S> for Free<'_, T, S> {
    #[inline(always)]
    fn gamma(self) -> Numbers<T, S> {
        self.gamma
    }
    #[inline(always)]
    fn within(self, i: usize, value: Numbers<T, S>) -> Numbers<T, S> {
        value * self.at.of(&self.free[i])
    }
    #[inline(always)]
    fn rho(self, k: usize, _: Numbers<T, S>) -> Numbers<T, S> {
        self.at.of(&self.weights[k])
    }
}

/// What each pair counts in the recursion, 1 / s.y over the free components, and the gamma of the newest that does. `q` is memory.
#[inline(always)]
fn weigh<S: Simd, T: Real>(
    at: At<S>,
    tile: &Tile<T>,
    holds: Which<T, S>,
    q: &mut Rows<'_, T, S>,
    weights: &mut [Chunk<T>],
    free: &[Chunk<T>],
    noise: f64,
) -> Numbers<T, S> {
    let (n, zero, noise) = (q.len(), at.splat(T::ZERO), at.splat(T::from_f64(noise) * T::EPSILON));
    let mut gamma = at.of(&tile.lanes.gamma);
    let mut open = holds;
    for (k, weight) in weights.iter_mut().enumerate() {
        let Pairs { s, y, rho } = tile.history.pairs(k);
        let rho = at.of(rho);
        // Of all components the products rho s_i y_i add up to 1: nothing overflows here that has not before.
        for i in 0..n {
            q.set(i, rho * at.of(&s[i]) * at.of(&free[i]));
        }
        let share = dot(at, q, |i| at.of(&y[i]));
        let own = rho / share;
        for i in 0..n {
            q.set(i, own * at.of(&y[i]) * at.of(&free[i]));
        }
        let own_gamma = at.splat(T::ONE) / dot(at, q, |i| at.of(&y[i]));
        let sound = noise.below(share) & own.usable() & own_gamma.usable();
        at.set(weight, holds.choose(sound.choose(own, zero), rho));
        gamma = (open & sound).choose(own_gamma, gamma);
        open = open.without(sound);
    }
    gamma
}
