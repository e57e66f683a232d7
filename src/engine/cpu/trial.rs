//! The trial point of a round, and what its evaluation says.

use super::bounds;
use super::tile::Tile;
use crate::engine::lane::Phase;
use crate::problem::evaluate::chunk::{Chunk, Mask, Row, row_by_row};
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// One round's evaluation of sixteen lanes.
pub(super) struct Trial<T: Real> {
    /// Lanes that asked for it.
    pub(super) asks: Mask<T>,
    pub(super) alpha: Chunk<T>,
    /// f_t, and the sum of the absolute values of its terms.
    pub(super) value: Chunk<T>,
    pub(super) scale: Chunk<T>,
    /// g_t.d
    pub(super) slope: Chunk<T>,
    /// g.(x_t - x)
    pub(super) descent: Chunk<T>,
    /// max |P(x_t - g_t) - x_t|
    pub(super) gradient_max: Chunk<T>,
    /// max |g_t,i| of the components that no bound holds.
    pub(super) steepest: Chunk<T>,
    /// max |x_t - x|
    pub(super) step_max: Chunk<T>,
    /// max |g_t - g|
    pub(super) change_max: Chunk<T>,
    /// f_t and all of g_t are finite.
    pub(super) finite: Mask<T>,
    /// x_t is not x to the bit.
    pub(super) moved: Mask<T>,
    /// A component has come to a bound along d: the slope has a jump there.
    pub(super) clamped: Mask<T>,
}

/// The lanes that evaluate in this round.
#[inline(always)]
fn asks<T: Real>(tile: &Tile<T>) -> Mask<T> {
    Mask::of(tile.lanes.phase, |phase| phase != Phase::Idle as u32).without(Mask::of(tile.lanes.waits, |waits| waits != 0))
}

/// Writes `x_t = x + alpha d`, or what its bounds leave of it, for the lanes of tile `c` of the block.
#[inline(always)]
pub(super) fn propose<T: Real>(tile: &Tile<T>, c: usize, points: &[Row<T>]) {
    let alpha = asks(tile).choose(tile.lanes.alpha, Chunk::splat(T::ZERO));
    if tile.is_bounded() {
        return bounds::propose(tile, c, points, alpha);
    }
    for ((x, d), point) in tile.x.iter().zip(&tile.d).zip(points) {
        row_by_row();
        point[c].set(x.zip3(alpha, *d, |x, alpha, d| x + alpha * d));
    }
}

/// Reads back the evaluation of tile `c`.
#[inline(always)]
pub(super) fn measure<T: Real>(tile: &Tile<T>, c: usize, machine: &Machine<T>) -> Trial<T> {
    let zero = Chunk::splat(T::ZERO);
    let (mut slope, mut poison) = (zero, zero);
    let (mut gradient_max, mut step_max, mut change_max) = (zero, zero, zero);
    let steps = machine.point().chunks(BLOCK).zip(tile.x.chunks(BLOCK)).zip(tile.d.chunks(BLOCK));
    let changes = machine.gradient().chunks(BLOCK).zip(tile.g.chunks(BLOCK));
    for (((points, x), d), (gradients, g)) in steps.zip(changes) {
        let mut part = zero;
        for (((point, x), d), (gradient, g)) in points.iter().zip(x).zip(d).zip(gradients.iter().zip(g)) {
            row_by_row();
            let g_t = gradient[c].get();
            part = part.zip3(g_t, *d, |part, g, d| part + g * d);
            gradient_max = gradient_max.zip(g_t, |max, g| max.max(g.abs()));
            // Zero times what is not finite is NaN, and stays.
            poison = poison.zip(g_t, |poison, g| poison + g * T::ZERO);
            step_max = step_max.zip3(point[c].get(), *x, |max, x_t, x| max.max((x_t - x).abs()));
            change_max = change_max.zip3(g_t, *g, |max, g_t, g| max.max((g_t - g).abs()));
        }
        slope = slope.zip(part, |slope, part| slope + part);
    }
    let (slope, poison, gradient_max) = (slope.whole(), poison.whole(), gradient_max.whole());
    let (step_max, change_max) = (step_max.whole(), change_max.whole());
    let (value, scale) = (machine.value()[c].get(), machine.scale()[c].get());
    let finite = value.finite().and(poison.at_most(zero));
    let moved = zero.below(step_max);
    let descent = tile.lanes.alpha.zip(tile.lanes.slope, |alpha, slope| alpha * slope);
    let (asks, alpha) = (asks(tile).opaque(), tile.lanes.alpha);
    let (clamped, steepest) = (Mask::lanes(|_| false), gradient_max);
    let mut trial =
        Trial { asks, alpha, value, scale, slope, descent, gradient_max, steepest, step_max, change_max, finite, moved, clamped };
    if tile.is_bounded() {
        bounds::correct(tile, c, machine, &mut trial);
    }
    trial
}

/// Inner products are added in blocks of so many components, then over the blocks.
pub(super) const BLOCK: usize = 32;

/// a.b, lane by lane. Every other product goes to one of two sums, so that an addition need not wait for the one before. They
/// begin at -0, since adding that changes nothing, and is left out; the sign of a sum that is zero means nothing.
#[inline(always)]
pub(super) fn dot<T: Real>(a: &[Chunk<T>], b: &[Chunk<T>]) -> Chunk<T> {
    let nothing = Chunk::splat(-T::ZERO);
    let mut sum = nothing;
    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        let (mut older, mut newer) = (nothing, nothing);
        for (a, b) in a.iter().zip(b) {
            row_by_row();
            (older, newer) = (newer, older.zip3(*a, *b, |part, a, b| part + a * b));
        }
        sum = sum.zip3(older, newer, |sum, older, newer| sum + (older + newer));
    }
    sum
}
