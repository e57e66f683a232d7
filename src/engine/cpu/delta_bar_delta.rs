//! The direction of delta-bar-delta: d_i = -rate gain_i g_i. Gains and averaged gradients stand where others have a matrix.
//!
//! # References
//! R. A. Jacobs: Increased rates of convergence through learning rate adaptation, Neural Networks 1 (1988).

use super::sums::dot;
use super::tile::Tile;
use crate::method::{DeltaBarDelta, StepUp};
use crate::problem::evaluate::chunk::{Chunk, Mask, row_by_row};
use crate::problem::evaluate::real::Real;

/// Sets d for the lanes of `turns` and returns g.d. Lanes without gains, `pairs` being 0, get them.
#[inline(never)]
pub(super) fn direct<T: Real>(tile: &mut Tile<T>, turns: Mask<T>, settings: DeltaBarDelta) -> Chunk<T> {
    let number = T::from_f64;
    let (rate, weight, down) = (number(settings.rate), number(settings.weight), number(settings.step_down));
    let zero = Chunk::splat(T::ZERO);
    let begins = Mask::of(tile.lanes.pairs, |pairs| pairs == 0);
    let Tile { lanes, g, d, h, .. } = tile;
    let (gains, means) = h.split_at_mut(g.len());
    for (((g, d), gain), mean) in g.iter().zip(d).zip(gains).zip(means) {
        row_by_row();
        let (before, average) = (begins.choose(Chunk::splat(T::ONE), *gain), begins.choose(zero, *mean));
        let both_fall = g.below(zero).and(average.below(zero));
        let both_rise = zero.below(*g).and(zero.below(average));
        let both_rest = g.map(T::abs).at_most(zero).and(average.map(T::abs).at_most(zero));
        let agrees = begins.or(both_fall).or(both_rise).or(both_rest);
        let longer = match settings.step_up {
            StepUp::Times(factor) => before.map(|gain| gain * number(factor)),
            StepUp::Plus(term) => before.map(|gain| gain + number(term)),
        };
        // No farther than what is called far away anywhere.
        let longer = longer.map(|gain| gain.min(T::FAR));
        let after = agrees.choose(longer, before.map(|gain| gain * down));
        let average = g.zip(average, |g, mean| (T::ONE - weight) * g + weight * mean);
        *gain = turns.choose(after, *gain);
        *mean = turns.choose(average, *mean);
        *d = turns.choose(after.zip(*g, |gain, g| -(rate * gain) * g), *d);
    }
    lanes.gamma = turns.choose(Chunk::splat(rate), lanes.gamma);
    lanes.pairs = turns.choose_words(Chunk::splat(1), lanes.pairs);
    dot(&tile.g, &tile.d)
}
