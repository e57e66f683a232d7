//! Noise that the model of it does not see, as in the square of a small residual that cancels large numbers: it is measured
//! where it makes a search fail, and the lane goes on by it.

use super::initial_step::initial_step;
use super::tile::{Rules, Tile};
use super::trial::Trial;
use crate::engine::lane::{Phase, Scalars};
use crate::method::constants::{GRADIENT_TELLS, MEASURED_NOISE, MOST_ROUGHNESS};
use crate::problem::evaluate::chunk::Mask;
use crate::problem::evaluate::real::Real;

/// What rounding has made of f beside x as lane `l`'s search, which has failed, came to know: a difference that is more than
/// slopes explain, at the last trial or, if that was x itself, at the upper end of the bracket. 0 where slopes explain all.
pub(super) fn measured<T: Real>(lanes: &Scalars<T>, l: usize, trial: &Trial<T>) -> T {
    let difference = |value: T| (value - lanes.value.0[l]).abs();
    let last = difference(trial.value.0[l]);
    if trial.finite.has(l) && trial.descent.0[l].abs() < last {
        return last;
    }
    let high = difference(lanes.high_value.0[l]);
    let explained = lanes.high.0[l] * lanes.slope.0[l].abs().max(lanes.high_slope.0[l].abs());
    let tells = !trial.moved.has(l) && lanes.bracketed.0[l] != 0 && explained < high && high <= T::HUGE;
    if tells { high } else { T::ZERO }
}

/// Begins lane `l`'s failed search anew if it has measured more noise than was reckoned with: `true` if so. Every time at least
/// doubles the roughness, which is bounded.
pub(super) fn search_again<T: Real>(tile: &mut Tile<T>, l: usize, measured: T, rules: &Rules<T>) -> bool {
    let (noise, rough) = (tile.lanes.noise.0[l], tile.lanes.roughness.0[l].max(T::ONE));
    let most = T::from_f64(MOST_ROUGHNESS);
    if tile.lanes.iterations.0[l] == 0 || measured <= noise || rough >= most {
        return false;
    }
    let times = (measured / noise).max(T::from_f64(2.0)).min(T::from_f64(MEASURED_NOISE)).min(most / rough);
    let alpha = initial_step(&tile.lanes, Mask::none(), rules).0[l];
    let lanes = &mut tile.lanes;
    (lanes.noise.0[l], lanes.roughness.0[l]) = (noise * times, rough * times);
    lanes.alpha.0[l] = alpha;
    (lanes.low.0[l], lanes.low_value.0[l], lanes.low_slope.0[l]) = (T::ZERO, lanes.value.0[l], lanes.slope.0[l]);
    lanes.width.0[l] = T::HUGE;
    lanes.phase.0[l] = Phase::Search as u32;
    (lanes.bracketed.0[l], lanes.high_known.0[l], lanes.has_safe.0[l]) = (0, 0, 0);
    (lanes.expansions.0[l], lanes.search_evaluations.0[l]) = (0, 0);
    true
}

/// Whether lane `l`'s gradient stands out of its noise where values were found to be rougher than the model has it: a promise
/// that is no more than noise then tells of what is remembered, not of a floor.
pub(super) fn gradient_tells<T: Real>(lanes: &Scalars<T>, l: usize, trial: &Trial<T>) -> bool {
    let stands_out = T::from_f64(GRADIENT_TELLS) * trial.change_max.0[l] < lanes.gradient_max.0[l];
    lanes.roughness.0[l] > T::ONE && trial.finite.has(l) && trial.moved.has(l) && stands_out
}
