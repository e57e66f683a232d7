// The step that a line search tries first.

const FIRST_SCALED: u32 = 0u;
const FIRST_RASMUSSEN: u32 = 1u;
const FIRST_VALUE: u32 = 2u;
const NEXT_UNIT: u32 = 0u;
const NEXT_QUADRATIC: u32 = 1u;
const NEXT_SLOPE_RATIO: u32 = 2u;
const NEXT_VALUE: u32 = 3u;

// The length of the first direction as a multiple of -g. Norms overflow, the largest component doesn't.
fn first_gamma() -> f32 {
    return select(1.0, min(1.0 / lane.gradient_max, HUGE), FIRST_STEP == FIRST_SCALED);
}

// The first alpha along d, whose slope is known; `first`: of the lane's first search.
fn initial_step(first: bool) -> f32 {
    if (first) {
        if (FIRST_STEP == FIRST_SCALED) {
            return min(1.0, lane.gradient_max);
        }
        if (FIRST_STEP == FIRST_RASMUSSEN) {
            return capped(1.0 / (1.0 - lane.slope));
        }
        return FIRST_ALPHA;
    }
    if (NEXT_STEP == NEXT_QUADRATIC && lane.decrease > 0.0) {
        return max(EPSILON, capped(-2.0 * lane.decrease / lane.slope));
    }
    if (NEXT_STEP == NEXT_SLOPE_RATIO) {
        return max(EPSILON, capped(lane.accepted_alpha * lane.accepted_slope / lane.slope));
    }
    return select(1.0, NEXT_ALPHA, NEXT_STEP == NEXT_VALUE);
}

// For methods whose natural step is 1: a little more than was measured, and at most 1.
fn capped(alpha: f32) -> f32 {
    return select(min(alpha, HUGE), min(1.0, INITIAL_GROWTH * alpha), NEWTON_LIKE);
}
