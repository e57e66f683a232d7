//! The tests that end a lane after an accepted step, in their order.

use pulp::Simd;

use super::line_search::hardly_moves;
use super::tile::{Rules, Tile};
use super::trial::Trial;
use crate::engine::lane::Phase;
use crate::method::constants::{GRADIENT_ESCAPE, GRADIENT_PROGRESS, MOST_STAGNANT};
use crate::method::{FloorPolicy, Status, Test};
use crate::problem::evaluate::chunk::{CHUNK, Chunk, Mask};
use crate::problem::evaluate::lanes::{At, Numbers, Which};
use crate::problem::evaluate::real::Real;

/// Ends the lanes of `accepted` that pass a test, and returns those that go on. `decrease` is f - f_t.
#[inline(always)]
pub(super) fn test<S: Simd, T: Real>(
    simd: S,
    tile: &mut Tile<T>,
    accepted: Mask<T>,
    trial: &Trial<T>,
    decrease: Chunk<T>,
    rules: &Rules<T>,
) -> Mask<T> {
    let suspects = At::lanes(simd, |at| suspected(at, tile, at.which(&accepted), at.of(&trial.step_max), at.of(&decrease), rules));
    let Some(suspects) = suspects else { return accepted };
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

/// The lanes of `accepted` that may pass a test. Moves the reference, from which progress is measured.
#[inline(always)]
fn suspected<S: Simd, T: Real>(
    at: At<S>,
    tile: &mut Tile<T>,
    accepted: Which<T, S>,
    step: Numbers<T, S>,
    decrease: Numbers<T, S>,
    rules: &Rules<T>,
) -> Which<T, S> {
    let lanes = &mut tile.lanes;
    let fresh = at.words(&lanes.phase).is(Phase::Fresh as u32);
    // The reference moves with progress that is more than rounding.
    let (f, gradient, noise) = (at.of(&lanes.value), at.of(&lanes.gradient_max), at.of(&lanes.noise));
    let (reference, reference_gradient) = (at.of(&lanes.reference_value), at.of(&lanes.reference_gradient));
    let mut progress = fresh | f.below(reference - noise) | gradient.at_most(reference_gradient * GRADIENT_PROGRESS);
    if rules.walk.may_rise() {
        // Where f may rise, a rise is no standstill either.
        progress = progress | (reference + noise).below(f);
    }
    let moves = accepted & progress;
    at.set(&mut lanes.reference_value, moves.choose(f, reference));
    at.set(&mut lanes.reference_gradient, moves.choose(gradient, reference_gradient));
    let stagnant = moves.choose_words(at.word(0), at.words(&lanes.stagnant) + at.ones(accepted));
    at.set_words(&mut lanes.stagnant, stagnant);

    let larger = |absolute: &Chunk<T>, relative: &Chunk<T>, size| at.of(absolute).greater(at.of(relative) * size);
    let flat = gradient.at_most(larger(&lanes.gradient_tolerance, &lanes.gradient_relative, f.abs().greater(at.splat(T::ONE))));
    let converged = flat | f.at_most(at.of(&lanes.goal));
    // No lane is missed: the larger of |f| and |f before| is at most |f| + change.
    let change = decrease.abs();
    let still = change.at_most(larger(&lanes.value_tolerance, &lanes.value_relative, f.abs() + change));
    let short = step.at_most(at.of(&lanes.step_tolerance)) | at.splat(T::ZERO).below(at.of(&lanes.step_relative));
    let stagnates = stagnant.above(MOST_STAGNANT - 1);
    accepted & (converged | (still | short).without(fresh) | stagnates)
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
pub(super) fn end_at_limits<S: Simd, T: Real>(simd: S, tile: &mut Tile<T>, asked: Mask<T>) {
    let lanes = &tile.lanes;
    let spent = |at: At<S>, counts, limits| at.words(counts).at_least(at.words(limits));
    let ended = At::lanes(simd, |at| {
        let goes_on = at.which(&asked) & at.words(&lanes.phase).is_not(Phase::Idle as u32);
        goes_on & (spent(at, &lanes.iterations, &lanes.iteration_limit) | spent(at, &lanes.evaluations, &lanes.evaluation_limit))
    });
    let Some(ended) = ended else { return };
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
pub(super) fn stop_at_floor<S: Simd, T: Real>(simd: S, tile: &mut Tile<T>, turns: Mask<T>, rules: &Rules<T>) {
    let Some(stops) = At::lanes(simd, |at| may_stop(at, tile, at.which(&turns), rules)) else { return };
    for l in stops.each() {
        let (promised, noise) = tile.promise(l);
        if promised <= noise {
            tile.finish(l, Status::PrecisionFloor, promised, noise);
        }
    }
}

#[inline(always)]
fn may_stop<S: Simd, T: Real>(at: At<S>, tile: &Tile<T>, turns: Which<T, S>, rules: &Rules<T>) -> Which<T, S> {
    // Along the gradient a step promises nothing that can be relied on.
    let turns = turns.without(at.words(&tile.lanes.pairs).is(0));
    let policy = at.words(&tile.lanes.floor_policy);
    let mut stops = turns & policy.is(FloorPolicy::Stop as u32);
    let stagnant = turns & at.words(&tile.lanes.stagnant).above(0);
    if rules.walk.measures_noise() && stagnant.any() {
        stops = stops | stagnant & policy.is(FloorPolicy::Classify as u32) & hardly_moves(at, tile, at.of(&tile.lanes.alpha), false);
    }
    stops
}
