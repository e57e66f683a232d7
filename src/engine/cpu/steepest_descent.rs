//! Steepest descent: d = -gamma g, gamma that of the first step.

use super::sums::dot;
use super::tile::Tile;
use crate::problem::evaluate::chunk::{Chunk, Mask, row_by_row};
use crate::problem::evaluate::real::Real;

/// Sets d = -gamma g for the lanes of `turns`, and returns g.d.
#[inline(never)]
pub(super) fn direct<T: Real>(tile: &mut Tile<T>, turns: Mask<T>) -> Chunk<T> {
    let Tile { lanes, g, d, .. } = tile;
    for (d, g) in d.iter_mut().zip(&*g) {
        row_by_row();
        *d = turns.choose(g.zip(lanes.gamma, |g, gamma| -gamma * g), *d);
    }
    dot(g, d)
}
