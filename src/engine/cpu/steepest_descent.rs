//! Steepest descent: d = -gamma g.

use super::tile::Tile;
use super::trial::dot;
use crate::problem::evaluate::chunk::{Chunk, Mask, row_by_row};
use crate::problem::evaluate::real::Real;

/// Sets d = -gamma g for the lanes of `turns`, `kept` those that come from a step, and returns g.d.
#[inline(always)]
pub(super) fn direct<T: Real>(tile: &mut Tile<T>, turns: Mask<T>, kept: Mask<T>) -> Chunk<T> {
    let slope = dot(&tile.g, &tile.g).map(|square| -square);
    rescale(tile, turns.and(kept), slope);
    let Tile { lanes, g, d, .. } = tile;
    for (d, g) in d.iter_mut().zip(&*g) {
        row_by_row();
        *d = turns.choose(g.zip(lanes.gamma, |g, gamma| -gamma * g), *d);
    }
    dot(g, d)
}

/// Sets gamma of the lanes in `kept` such that gamma p, g.p being `slope`, promises the decrease that the last step did:
/// the first trial of a search is then about as far as the last one went.
#[inline(always)]
pub(super) fn rescale<T: Real>(tile: &mut Tile<T>, kept: Mask<T>, slope: Chunk<T>) {
    let lanes = &mut tile.lanes;
    let gamma = lanes.accepted_alpha.zip3(lanes.slope, slope, |alpha, before, slope| alpha * before / slope);
    let usable = Chunk::splat(T::TINY).at_most(gamma).and(gamma.at_most(Chunk::splat(T::HUGE)));
    lanes.gamma = kept.and(usable).choose(gamma, lanes.gamma);
}
