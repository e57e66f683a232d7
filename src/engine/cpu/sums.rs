//! Sums over components, and inner products: in blocks, then over the blocks, in the order of the shaders' `Sum`.

use crate::problem::evaluate::chunk::{Chunk, row_by_row};
use crate::problem::evaluate::code::SUM_BLOCK;
use crate::problem::evaluate::real::Real;

const BLOCK: usize = SUM_BLOCK as usize;

/// The sum of `n` terms, or several sums at once: `with(sum, i)` adds the terms of component i. Every other term goes to one of two
/// sums, so that an addition need not wait for the one before. They begin with `nothing`, which is best -0: adding that changes
/// nothing, and is left out; the sign of a sum that is zero means nothing.
#[inline(always)]
pub(super) fn in_blocks<V: Copy>(n: usize, nothing: V, plus: impl Fn(V, V) -> V, mut with: impl FnMut(V, usize) -> V) -> V {
    let mut sum = nothing;
    for first in (0..n).step_by(BLOCK) {
        let (mut older, mut newer) = (nothing, nothing);
        for i in first..n.min(first + BLOCK) {
            (older, newer) = (newer, with(older, i));
        }
        sum = plus(sum, plus(older, newer));
    }
    sum
}

/// a.b, lane by lane.
#[inline(always)]
pub(super) fn dot<T: Real>(a: &[Chunk<T>], b: &[Chunk<T>]) -> Chunk<T> {
    let b = &b[..a.len()];
    in_blocks(a.len(), Chunk::splat(-T::ZERO), Chunk::plus, |sum, i| {
        row_by_row();
        sum.zip3(a[i], b[i], |sum, a, b| sum + a * b)
    })
}
