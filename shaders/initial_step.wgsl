// The step that a line search tries first.

const FIRST_SCALED: u32 = 0u;
const FIRST_RASMUSSEN: u32 = 1u;
const FIRST_VALUE: u32 = 2u;
const NEXT_UNIT: u32 = 0u;
const NEXT_QUADRATIC: u32 = 1u;
const NEXT_SLOPE_RATIO: u32 = 2u;
const NEXT_VALUE: u32 = 3u;

// 1 / |g|, of components that are not held: the norm of a gradient scaled by its largest component, which does not overflow.
fn unit() -> f32 {
    let by = min(1.0 / steepest(), HUGE);
    var squares = Sum();
    for (var i = 0u; i < N; i++) {
        let g_i = select(g(i) * by, 0.0, is_firm(i));
        add(&squares, i, g_i, g_i);
    }
    return by / sqrt(max(total(squares), 1.0));
}

// The length of the first direction as a multiple of -g.
fn first_gamma() -> f32 {
    return select(1.0, unit(), FIRST_STEP == FIRST_SCALED);
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

// Measures what a search could have found by the slopes it met, where its first step was a guess from the last one, and
// promised what that one did. `again`: the lane is to try -g; a direction that is to blame tells nothing.
fn remeasure(again: bool) {
    let curvature = (lane.high_slope - lane.low_slope) / (lane.high - lane.low);
    if (!NEWTON_LIKE && !again && lane.bracketed != 0u && is_usable(curvature)) {
        lane.decrement = abs(lane.slope) * (abs(lane.slope) / curvature);
    }
}
