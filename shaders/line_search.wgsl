// The default line search, steered by slopes. Differences of f are noise near the optimum.

// Judges the trial, and sets the next one.
fn judge() -> u32 {
    lane.search_evaluations += 1u;
    lane.evaluations += 1u;
    if (lane.phase != PHASE_SEARCH) {
        return select(END, ACCEPT, trial.finite);
    }
    let good = trial.finite && trial.moved;
    // Above the lowest point, not above the last: else a lane climbs by the noise with every step, and is reported elsewhere
    // than where it passes its test.
    let lowest = select(lane.value, lane.best_value, lane.best_elsewhere != 0u);
    let ceiling = lowest + lane.noise;
    let level = trial.finite && trial.value <= ceiling;
    let armijo = good && trial.value <= lane.value + ARMIJO * trial.descent;
    let curved = good && trial.slope >= CURVATURE * lane.slope;
    let approximate = level && trial.slope <= APPROXIMATE * lane.slope;

    // The safe point: the lowest so far that makes enough progress.
    let safe = armijo && trial.value < select(lane.value, lane.safe_value, lane.has_safe != 0u);
    if (safe) {
        lane.safe_alpha = lane.alpha;
        lane.safe_value = trial.value;
        lane.has_safe = 1u;
    }
    // On the last evaluation there is none left to go back by.
    let last = lane.evaluations >= lane.evaluation_limit;
    if ((curved && (armijo || approximate)) || (safe && last)) {
        return ACCEPT;
    }
    bracket(level, ceiling);
    // Taking the safe point needs one evaluation more.
    let goes_back = lane.has_safe != 0u && lane.evaluations + 1u >= lane.evaluation_limit;
    let exhausted = lane.expansions > MOST_EXPANSIONS || lane.search_evaluations >= MOST_SEARCH_EVALUATIONS || goes_back;
    if (exhausted || is_minus_infinity(trial.value) || !trial.moved || (lane.bracketed != 0u && resolved())) {
        return END;
    }
    return GO_ON;
}

// Narrows the bracket by the trial and sets the next step: by the secant of the slopes, by bisection where that can't be
// had or is too slow, outwards while there is no upper end. Where f at the upper end is higher by more than noise, above
// `ceiling`, f itself tells where to: a cubic step.
fn bracket(level: bool, ceiling: f32) {
    let was_bracketed = lane.bracketed != 0u;
    if (level && trial.slope < 0.0) {
        lane.low = lane.alpha;
        lane.low_value = trial.value;
        lane.low_slope = trial.slope;
    } else {
        lane.high = lane.alpha;
        lane.high_value = trial.value;
        lane.high_slope = trial.slope;
        lane.high_known = select(0u, 1u, level && !trial.clamped);
        lane.bracketed = 1u;
    }
    if (lane.bracketed == 0u) {
        lane.alpha *= EXPANSION;
        lane.expansions += 1u;
        return;
    }
    let width = lane.high - lane.low;
    let stubborn = was_bracketed && width > SHRINKAGE * lane.width;
    let overshot = lane.high_value > ceiling && is_finite(lane.high_value + lane.high_slope);
    var part = 0.5;
    if (!trial.finite) {
        part = RETREAT;
    } else if ((overshot || lane.high_known != 0u) && !stubborn) {
        let step = select(lane.low_slope / (lane.low_slope - lane.high_slope), cubic(width), overshot);
        // Values and slopes that overflow leave none.
        part = select(MARGIN, clamp(step, MARGIN, 1.0 - MARGIN), is_finite(step));
    }
    lane.alpha = lane.low + part * width;
    lane.width = width;
}

// The minimum, as a part of the bracket, of the cubic that has the values and slopes of f at its ends.
fn cubic(width: f32) -> f32 {
    let low = lane.low_slope;
    let high = lane.high_slope;
    let fall = (lane.low_value - lane.high_value) / width;
    let bend = fall + 2.0 * fall + low + high;
    // Squares of slopes overflow, those of their quotients don't.
    let size = max(abs(bend), max(abs(low), abs(high)));
    let root = size * sqrt((bend / size) * (bend / size) - (low / size) * (high / size));
    return (root - low + bend) / (root - low + root + high);
}

// Whether no other point lies between the bracket's ends: |high - low| |d_i| <= 2 EPSILON |x_i| for every component.
fn resolved() -> bool {
    let width = abs(lane.high - lane.low);
    for (var i = 0u; i < N; i++) {
        if (width * abs(d(i)) > RESOLUTION * EPSILON * max(abs(x(i)), TINY) && !ends_meet(i)) {
            return false;
        }
    }
    return true;
}
