//! The tests that end a lane after an accepted step, in their order.

use super::line_search::reaches;
use super::tile::{Rules, Tile};
use super::trial::Trial;
use crate::engine::lane::Phase;
use crate::method::constants::{GRADIENT_ESCAPE, GRADIENT_PROGRESS, MOST_STAGNANT, RESOLUTION};
use crate::method::{FloorPolicy, Status, Test};
use crate::problem::evaluate::chunk::{CHUNK, Chunk, Mask, row_by_row};
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

    let magnitude = f.map(|f| f.abs().max(T::ONE));
    let flat = gradient.at_most(larger(lanes.gradient_tolerance, lanes.gradient_relative, magnitude));
    let converged = flat.or(f.at_most(lanes.goal));
    // Suspects only: the larger of two values is below the sum of one and their difference.
    let change = decrease.map(T::abs);
    let values = f.zip(change, |f, change| f.abs() + change);
    let small = trial.step_max.at_most(lanes.step_tolerance).or(Chunk::splat(T::ZERO).below(lanes.step_relative));
    let small = small.or(change.at_most(larger(lanes.value_tolerance, lanes.value_relative, values))).without(fresh);
    let stagnates = Mask::of(lanes.stagnant, |stagnant| stagnant >= MOST_STAGNANT);
    let suspects = accepted.and(converged.or(small).or(stagnates));
    if !suspects.any() {
        return accepted;
    }
    let mut ended = [false; CHUNK];
    for l in suspects.each() {
        leave_saddle(tile, l);
        if let Some((status, measured, threshold)) = ending(tile, l, trial.step_max.0[l], decrease.0[l]) {
            tile.finish(l, status, measured, threshold);
            ended[l] = true;
        }
    }
    accepted.without(Mask::lanes(|l| ended[l]).opaque())
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

/// The larger of a tolerance and one that is relative to `size`.
#[inline(always)]
fn larger<T: Real>(absolute: Chunk<T>, relative: Chunk<T>, size: Chunk<T>) -> Chunk<T> {
    absolute.zip3(relative, size, |absolute, relative, size| absolute.max(relative * size))
}

/// The first test that lane `l` passes, with what was measured and compared.
fn ending<T: Real>(tile: &Tile<T>, l: usize, step: T, decrease: T) -> Option<(Status, T, T)> {
    let lanes = &tile.lanes;
    let (value, gradient) = (lanes.value.0[l], lanes.gradient_max.0[l]);
    let stepped = lanes.phase.0[l] != Phase::Fresh as u32;
    let flat = lanes.gradient_tolerance.0[l].max(lanes.gradient_relative.0[l] * value.abs().max(T::ONE));
    if gradient <= flat {
        return Some((Status::Converged(Test::Gradient), gradient, flat));
    }
    let farthest = || tile.x.iter().fold(T::ZERO, |far, x| far.max(x.0[l].abs()));
    let relative = lanes.step_relative.0[l];
    let short = lanes.step_tolerance.0[l].max(if relative > T::ZERO { relative * farthest() } else { T::ZERO });
    if stepped && step > T::ZERO && step <= short {
        return Some((Status::Converged(Test::Step), step, short));
    }
    let (change, before) = (decrease.abs(), value + decrease);
    let level = lanes.value_tolerance.0[l].max(lanes.value_relative.0[l] * value.abs().max(before.abs()));
    if stepped && level > T::ZERO && change <= level {
        return Some((Status::Converged(Test::Value), change, level));
    }
    if value <= lanes.goal.0[l] {
        return Some((Status::TargetReached, value, lanes.goal.0[l]));
    }
    if lanes.stagnant.0[l] >= MOST_STAGNANT {
        let (promised, noise) = tile.promise(l);
        let floor = promised <= noise && lanes.floor_policy.0[l] != FloorPolicy::Off as u32;
        return Some((if floor { Status::PrecisionFloor } else { Status::Stalled }, promised, noise));
    }
    None
}

/// Ends the lanes of `asked` that would go on and have done as much as they may. They come to their ends with all that their
/// next evaluation needs, so that they can be taken up again as if there had been no limit.
#[inline(always)]
pub(super) fn end_at_limits<T: Real>(tile: &mut Tile<T>, asked: Mask<T>) {
    let lanes = &tile.lanes;
    let goes_on = asked.and(Mask::of(lanes.phase, |phase| phase != Phase::Idle as u32));
    let spent = reaches(lanes.iterations, lanes.iteration_limit).or(reaches(lanes.evaluations, lanes.evaluation_limit));
    let ended = goes_on.and(spent);
    if !ended.any() {
        return;
    }
    let count = |n: u32| T::from_f64(f64::from(n));
    for l in ended.each() {
        let lanes = &tile.lanes;
        let (iterations, most) = (lanes.iterations.0[l], lanes.iteration_limit.0[l]);
        if iterations >= most {
            tile.rest(l, Status::IterationLimit, count(iterations), count(most));
        } else {
            let (evaluations, most) = (lanes.evaluations.0[l], lanes.evaluation_limit.0[l]);
            tile.rest(l, Status::EvaluationLimit, count(evaluations), count(most));
        }
    }
}

/// Ends the lanes of `turns` whose next step promises no more than rounding may make of nothing: those that are told to stop
/// there, and those whose last step was no progress if the next one hardly moves the point.
#[inline(always)]
pub(super) fn stop_at_floor<T: Real>(tile: &mut Tile<T>, turns: Mask<T>, rules: &Rules<T>) {
    let mut stops = turns.and(Mask::of(tile.lanes.floor_policy, |policy| policy == FloorPolicy::Stop as u32));
    let stagnant = turns.and(Mask::of(tile.lanes.stagnant, |steps| steps > 0));
    if rules.walk.measures_noise() && stagnant.any() {
        let classified = Mask::of(tile.lanes.floor_policy, |policy| policy == FloorPolicy::Classify as u32);
        stops = stops.or(stagnant.and(classified).and(hardly_moves(tile)));
    }
    // Along the gradient a step promises nothing that can be relied on.
    let stops = stops.without(Mask::of(tile.lanes.pairs, |pairs| pairs == 0));
    if !stops.any() {
        return;
    }
    for l in stops.each() {
        let (promised, noise) = tile.promise(l);
        if promised <= noise {
            tile.finish(l, Status::PrecisionFloor, promised, noise);
        }
    }
}

/// Where the next step is no more than `RESOLUTION` EPSILON of every component.
#[inline(always)]
fn hardly_moves<T: Real>(tile: &Tile<T>) -> Mask<T> {
    let unit = T::from_f64(RESOLUTION) * T::EPSILON;
    let mut excess = Chunk::splat(T::ZERO);
    for (x, d) in tile.x.iter().zip(&tile.d) {
        row_by_row();
        let one = tile.lanes.alpha.zip3(*x, *d, |alpha, x, d| alpha * d.abs() - unit * x.abs().max(T::TINY));
        excess = excess.zip(one, T::max);
    }
    excess.at_most(Chunk::splat(T::ZERO))
}
