//! The tests that end a lane after an accepted step, in their order.

use super::tile::{Rules, Tile};
use super::trial::Trial;
use crate::engine::lane::Phase;
use crate::method::constants::{GRADIENT_ESCAPE, GRADIENT_PROGRESS, MOST_STAGNANT};
use crate::method::{Status, Test};
use crate::problem::evaluate::chunk::{CHUNK, Chunk, Mask};
use crate::problem::evaluate::real::Real;

/// Ends the lanes of `accepted` that pass a test, and returns those that go on. `decrease` is f - f_t.
#[inline(always)]
pub(super) fn test<T: Real>(tile: &mut Tile<T>, accepted: Mask<T>, trial: &Trial<T>, decrease: Chunk<T>, rules: &Rules<T>) -> Mask<T> {
    let lanes = &mut tile.lanes;
    let fresh = Mask::of(lanes.phase, |phase| phase == Phase::Fresh as u32);
    // The reference moves with progress that is more than rounding.
    let (f, gradient) = (lanes.value, lanes.gradient_max);
    let lower = f.below(lanes.reference_value.zip(lanes.noise, |reference, noise| reference - noise));
    let flatter = gradient.at_most(lanes.reference_gradient.scaled(GRADIENT_PROGRESS));
    // Where f may rise, a rise is no standstill either.
    let risen =
        if rules.walk.may_rise() { lanes.reference_value.zip(lanes.noise, |reference, noise| reference + noise).below(f) } else { fresh };
    let moves = accepted.and(lower.or(flatter).or(risen).or(fresh));
    lanes.reference_value = moves.choose(f, lanes.reference_value);
    lanes.reference_gradient = moves.choose(gradient, lanes.reference_gradient);
    lanes.stagnant = moves.words(Chunk::splat(0), lanes.stagnant.zip(accepted.ones(), |a, b| a + b));

    let converged = gradient.at_most(Chunk::splat(rules.gradient_max)).or(f.at_most(Chunk::splat(rules.target)));
    let small = trial.step_max.at_most(Chunk::splat(rules.step_max));
    let small = small.or(decrease.map(T::abs).at_most(Chunk::splat(rules.value_change))).without(fresh);
    let spent = Mask::of(lanes.stagnant, |stagnant| stagnant >= MOST_STAGNANT)
        .or(Mask::of(lanes.iterations, |iterations| iterations >= rules.iterations))
        .or(Mask::of(lanes.evaluations, |evaluations| evaluations >= rules.evaluations));
    let suspects = accepted.and(converged.or(small).or(spent));
    if !suspects.any() {
        return accepted;
    }
    let mut ended = [false; CHUNK];
    for l in (0..CHUNK).filter(|&l| suspects.has(l)) {
        leave_saddle(tile, l);
        if let Some((status, measured, threshold)) = ending(tile, l, trial.step_max.0[l], decrease.0[l].abs(), rules) {
            tile.finish(l, status, measured, threshold);
            ended[l] = true;
        }
    }
    accepted.without(Mask::lanes(|l| ended[l]))
}

/// Around a saddle f hardly falls while the gradient grows: a stagnant lane that is under way from one measures its progress
/// from where it is now.
fn leave_saddle<T: Real>(tile: &mut Tile<T>, l: usize) {
    let lanes = &mut tile.lanes;
    if lanes.stagnant.0[l] >= MOST_STAGNANT && lanes.gradient_max.0[l] > T::from_f64(GRADIENT_ESCAPE) * lanes.reference_gradient.0[l] {
        lanes.reference_value.0[l] = lanes.value.0[l];
        lanes.reference_gradient.0[l] = lanes.gradient_max.0[l];
        lanes.stagnant.0[l] = 0;
    }
}

/// The first test that lane `l` passes, with what was measured and compared.
fn ending<T: Real>(tile: &Tile<T>, l: usize, step: T, change: T, rules: &Rules<T>) -> Option<(Status, T, T)> {
    let lanes = &tile.lanes;
    let (value, gradient) = (lanes.value.0[l], lanes.gradient_max.0[l]);
    let stepped = lanes.phase.0[l] != Phase::Fresh as u32;
    let count = |n: u32| T::from_f64(f64::from(n));
    if gradient <= rules.gradient_max {
        return Some((Status::Converged(Test::Gradient), gradient, rules.gradient_max));
    }
    if stepped && step > T::ZERO && step <= rules.step_max {
        return Some((Status::Converged(Test::Step), step, rules.step_max));
    }
    if stepped && rules.value_change > T::ZERO && change <= rules.value_change {
        return Some((Status::Converged(Test::Value), change, rules.value_change));
    }
    if value <= rules.target {
        return Some((Status::TargetReached, value, rules.target));
    }
    if lanes.stagnant.0[l] >= MOST_STAGNANT {
        let (promised, noise) = tile.promise(l);
        let status = if promised <= noise { Status::PrecisionFloor } else { Status::Stalled };
        return Some((status, promised, noise));
    }
    let (iterations, evaluations) = (lanes.iterations.0[l], lanes.evaluations.0[l]);
    if iterations >= rules.iterations {
        return Some((Status::IterationLimit, count(iterations), count(rules.iterations)));
    }
    if evaluations >= rules.evaluations {
        return Some((Status::EvaluationLimit, count(evaluations), count(rules.evaluations)));
    }
    None
}
