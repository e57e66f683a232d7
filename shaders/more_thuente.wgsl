// The search of More and Thuente (ACM Trans. Math. Softw. 20 (1994); MINPACK's cvsrch and cstep). In their words: stx, fx, dx
// are `low`, and sty, fy, dy are `high`; while there is no bracket, `high` is the farthest next trial.

// The function along the line at one step.
struct Sample {
    alpha: f32,
    value: f32,
    slope: f32,
}

// The cases: a trial higher than the best point; lower, its slope of the other sign; of the same sign and flatter; no flatter.
const HIGHER: u32 = 0u;
const CROSSED: u32 = 1u;
const FLATTER: u32 = 2u;
const STEEPER: u32 = 3u;

fn decide(finite: bool) -> u32 {
    let bracketed = lane.bracketed != 0u;
    if (lane.search_evaluations == 1u) {
        lane.low_value = lane.value;
        lane.high = farthest(lane.alpha, 0.0);
        lane.width_before = HUGE;
        lane.second_stage = 0u;
    }
    let bounds = vec2<f32>(min(lane.low, lane.high), max(lane.low, lane.high));
    let exhausted = lane.search_evaluations >= MOST_SEARCH_EVALUATIONS;
    if (!finite) {
        lane.alpha = (bounds.x + lane.alpha) * 0.5;
        return select(GO_ON, END, exhausted);
    }
    let near = APPROXIMATE_ARMIJO && trial.value <= lane.value + APPROXIMATE_VALUE * abs(lane.value)
        && trial.slope <= (2.0 * ARMIJO - 1.0) * lane.slope;
    let decreases = near || trial.value <= lane.value + ARMIJO * trial.descent;
    if (trial.moved && decreases && abs(trial.slope) <= -CURVATURE * lane.slope) {
        return ACCEPT;
    }
    let outside = lane.alpha <= bounds.x || lane.alpha >= bounds.y || bounds.y - bounds.x <= EPSILON * bounds.y;
    if (exhausted || (bracketed && (outside || !trial.moved))) {
        if (trial.moved && trial.value < select(lane.value, lane.safe_value, lane.has_safe != 0u)) {
            lane.has_safe = 1u;
            lane.safe_alpha = lane.alpha;
            lane.safe_value = trial.value;
        }
        return END;
    }
    // The first stage looks for a step below the line of sufficient decrease whose slope is no steeper than that line's.
    if (decreases && trial.slope >= ARMIJO * lane.slope) {
        lane.second_stage = 1u;
    }
    let modified = lane.second_stage == 0u && trial.value <= lane.low_value && !decreases;
    narrow(select(0.0, ARMIJO * lane.slope, modified), bounds);
    return GO_ON;
}

fn farthest(alpha: f32, low: f32) -> f32 {
    return alpha + FARTHEST_TRIAL * (alpha - low);
}

// Narrows the interval by the trial, and sets the next one; the cases are told by f less a line whose slope is `test`.
fn narrow(test: f32, bounds: vec2<f32>) {
    var low = Sample(lane.low, lane.low_value, lane.low_slope);
    var high = Sample(lane.high, lane.high_value, lane.high_slope);
    let here = Sample(lane.alpha, trial.value, trial.slope);
    let which = which_case(below(low, test), below(here, test));
    let suggested = suggest(which, below(low, test), below(high, test), below(here, test), bounds);
    if (which == HIGHER) {
        high = here;
    } else {
        if (which == CROSSED) {
            high = low;
        }
        low = here;
    }
    // Products that overflow suggest nothing.
    var next = select((bounds.x + bounds.y) * 0.5, clamp(suggested, bounds.x, bounds.y), is_finite(suggested));
    let width = high.alpha - low.alpha;
    if (which == HIGHER || which == CROSSED) {
        lane.bracketed = 1u;
    }
    lane.high = high.alpha;
    if (lane.bracketed != 0u) {
        if (which == HIGHER || which == FLATTER) {
            let nearest = low.alpha + NARROWING * width;
            next = select(max(nearest, next), min(nearest, next), width > 0.0);
        }
        // An interval that two steps have not narrowed is halved.
        if (abs(width) >= NARROWING * lane.width_before) {
            next = low.alpha + 0.5 * width;
        }
        lane.width_before = lane.width;
        lane.width = abs(width);
    } else {
        lane.expansions += 1u;
        lane.high = farthest(next, low.alpha);
    }
    if (low.alpha > 0.0 && low.value < lane.value) {
        lane.has_safe = 1u;
        lane.safe_alpha = low.alpha;
        lane.safe_value = low.value;
    }
    lane.low = low.alpha;
    lane.low_value = low.value;
    lane.low_slope = low.slope;
    lane.high_value = high.value;
    lane.high_slope = high.slope;
    lane.alpha = next;
}
