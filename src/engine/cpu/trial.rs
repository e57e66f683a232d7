//! The trial point of a round, and what its evaluation says.

use super::tile::{Mask, Rules, Tile};
use crate::engine::lane::Phase;
use crate::problem::evaluate::chunk::{CHUNK, Chunk, Row};
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// One round's evaluation of sixteen lanes.
pub(super) struct Trial<T> {
    /// f_t, and the sum of the absolute values of its terms.
    pub(super) value: [T; CHUNK],
    pub(super) scale: [T; CHUNK],
    /// g_t.d
    pub(super) slope: [T; CHUNK],
    /// g.(x_t - x)
    pub(super) descent: [T; CHUNK],
    /// max |P(x_t - g_t) - x_t|
    pub(super) gradient_max: [T; CHUNK],
    /// 1 if f_t and all of g_t are finite.
    pub(super) finite: Mask,
    /// 1 if x_t is not x to the bit.
    pub(super) moved: Mask,
}

/// Writes `x_t = x + alpha d` for the lanes of tile `c` of the block.
#[inline(always)]
pub(super) fn propose<T: Real>(tile: &Tile<T>, c: usize, points: &[Row<T>]) {
    let mut alpha = tile.lanes.alpha;
    for l in 0..CHUNK {
        let asks = tile.lanes.phase[l] != Phase::Idle as u32 && tile.lanes.waits[l] == 0;
        alpha[l] = if asks { alpha[l] } else { T::ZERO };
    }
    for ((x, d), point) in tile.x.iter().zip(&tile.d).zip(points) {
        let mut out = *x;
        for l in 0..CHUNK {
            out.0[l] = x.0[l] + alpha[l] * d.0[l];
        }
        point[c].set(out);
    }
}

/// Reads back the evaluation of tile `c`.
#[inline(always)]
pub(super) fn measure<T: Real>(tile: &Tile<T>, c: usize, machine: &Machine<T>, rules: &Rules<T>) -> Trial<T> {
    let mut slope = [T::ZERO; CHUNK];
    let mut gradient_max = [T::ZERO; CHUNK];
    let mut poison = [T::ZERO; CHUNK];
    let mut moved = [0; CHUNK];
    let (points, gradients) = (machine.point(), machine.gradient());
    for from in (0..rules.dimension).step_by(BLOCK) {
        let to = (from + BLOCK).min(rules.dimension);
        let mut part = [T::ZERO; CHUNK];
        for i in from..to {
            let (x_t, g_t, x, d) = (points[i][c].get(), gradients[i][c].get(), &tile.x[i], &tile.d[i]);
            for l in 0..CHUNK {
                part[l] += g_t.0[l] * d.0[l];
                gradient_max[l] = gradient_max[l].max(g_t.0[l].abs());
                // Zero times what is not finite is NaN, and stays.
                poison[l] += g_t.0[l] * T::ZERO;
                moved[l] |= u32::from(x_t.0[l] != x.0[l]);
            }
        }
        for l in 0..CHUNK {
            slope[l] += part[l];
        }
    }
    let (value, scale) = (machine.value()[c].get().0, machine.scale()[c].get().0);
    let mut finite = [0; CHUNK];
    let mut descent = [T::ZERO; CHUNK];
    for l in 0..CHUNK {
        finite[l] = u32::from(value[l].is_finite() & (poison[l] == T::ZERO));
        descent[l] = tile.lanes.alpha[l] * tile.lanes.slope[l];
    }
    Trial { value, scale, slope, descent, gradient_max, finite, moved }
}

/// Inner products are added in blocks of so many components, then over the blocks.
pub(super) const BLOCK: usize = 32;

/// a.b, lane by lane.
#[inline(always)]
pub(super) fn dot<T: Real>(a: &[Chunk<T>], b: &[Chunk<T>]) -> [T; CHUNK] {
    let mut sum = [T::ZERO; CHUNK];
    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        let mut part = [T::ZERO; CHUNK];
        for (a, b) in a.iter().zip(b) {
            for l in 0..CHUNK {
                part[l] += a.0[l] * b.0[l];
            }
        }
        for l in 0..CHUNK {
            sum[l] += part[l];
        }
    }
    sum
}
