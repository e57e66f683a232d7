//! The tests that end a lane after an accepted step, in their order.

use super::accept::Steps;
use super::tile::{Mask, Rules, Tile};
use crate::engine::lane::Phase;
use crate::method::constants::{GRADIENT_PROGRESS, MOST_STAGNANT};
use crate::method::{Status, Test};
use crate::problem::evaluate::chunk::CHUNK;
use crate::problem::evaluate::real::Real;

/// Ends the lanes of `accepted` that pass a test, and returns those that go on.
#[inline(always)]
pub(super) fn test<T: Real>(tile: &mut Tile<T>, accepted: &Mask, steps: &Steps<T>, rules: &Rules<T>) -> Mask {
    let lanes = &mut tile.lanes;
    let (mut ends, mut goes_on) = ([0; CHUNK], *accepted);
    for l in 0..CHUNK {
        let fresh = lanes.phase[l] == Phase::Fresh as u32;
        // The reference moves with progress that is more than rounding.
        let (f, gradient) = (lanes.value[l], lanes.gradient_max[l]);
        let lower = f < lanes.reference_value[l] - lanes.noise[l];
        let flatter = gradient <= T::from_f64(GRADIENT_PROGRESS) * lanes.reference_gradient[l];
        let moves = (accepted[l] != 0) & (lower | flatter | fresh);
        let stagnant = lanes.stagnant[l] + accepted[l];
        lanes.reference_value[l] = if moves { f } else { lanes.reference_value[l] };
        lanes.reference_gradient[l] = if moves { gradient } else { lanes.reference_gradient[l] };
        lanes.stagnant[l] = if moves { 0 } else { stagnant };

        let converged = (gradient <= rules.gradient_max) | (f <= rules.target);
        let small = (steps.largest[l] <= rules.step_max) | (steps.decrease[l].abs() <= rules.value_change);
        let spent =
            (lanes.stagnant[l] >= MOST_STAGNANT) | (lanes.iterations[l] >= rules.iterations) | (lanes.evaluations[l] >= rules.evaluations);
        ends[l] = accepted[l] & u32::from(converged | (small & !fresh) | spent);
    }
    if ends.iter().any(|&lane| lane != 0) {
        for l in (0..CHUNK).filter(|&l| ends[l] != 0) {
            if let Some((status, measured, threshold)) = ending(tile, l, steps, rules) {
                tile.finish(l, status, measured, threshold);
                goes_on[l] = 0;
            }
        }
    }
    goes_on
}

/// The first test that lane `l` passes, with what was measured and compared.
fn ending<T: Real>(tile: &Tile<T>, l: usize, steps: &Steps<T>, rules: &Rules<T>) -> Option<(Status, T, T)> {
    let lanes = &tile.lanes;
    let stepped = lanes.phase[l] != Phase::Fresh as u32;
    let count = |n: u32| T::from_f64(f64::from(n));
    let (gradient, step, change) = (lanes.gradient_max[l], steps.largest[l], steps.decrease[l].abs());
    let positive = |tolerance: T| stepped && tolerance > T::ZERO;
    if gradient <= rules.gradient_max {
        return Some((Status::Converged(Test::Gradient), gradient, rules.gradient_max));
    }
    if positive(rules.step_max) && step > T::ZERO && step <= rules.step_max {
        return Some((Status::Converged(Test::Step), step, rules.step_max));
    }
    if positive(rules.value_change) && change <= rules.value_change {
        return Some((Status::Converged(Test::Value), change, rules.value_change));
    }
    if lanes.value[l] <= rules.target {
        return Some((Status::TargetReached, lanes.value[l], rules.target));
    }
    if lanes.stagnant[l] >= MOST_STAGNANT {
        let promised = lanes.decrement[l] * T::from_f64(0.5);
        let status = if promised <= lanes.noise[l] { Status::PrecisionFloor } else { Status::Stalled };
        return Some((status, promised, lanes.noise[l]));
    }
    if lanes.iterations[l] >= rules.iterations {
        return Some((Status::IterationLimit, count(lanes.iterations[l]), count(rules.iterations)));
    }
    if lanes.evaluations[l] >= rules.evaluations {
        return Some((Status::EvaluationLimit, count(lanes.evaluations[l]), count(rules.evaluations)));
    }
    None
}
