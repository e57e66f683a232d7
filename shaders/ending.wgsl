// How lanes end after a search without a point; tests.wgsl has the rest.

fn finish(status: u32, measured: f32, threshold: f32) {
    // A success is reported where its test was passed, unless a lower point was met that rounding does not explain.
    if (is_success(status) && lane.value <= lane.best_value + lane.noise) {
        lane.best_elsewhere = 0u;
    }
    lane.phase = PHASE_IDLE;
    lane.status = status;
    lane.measured = measured;
    lane.threshold = threshold;
}

// Half the decrease that the last quasi-Newton step promised, and what rounding may make of nothing: the noise of f, or
// what f changes by when the point is rounded.
fn promise() -> vec2<f32> {
    var change = 0.0;
    for (var i = 0u; i < N; i++) {
        // What a bound holds stands there to the bit.
        change += select(abs(x(i)) * abs(g(i)), 0.0, is_firm(i));
    }
    // What was measured besides lets a lane go on; it ends none.
    let modelled = lane.noise / max(lane.roughness, 1.0);
    return vec2<f32>(0.5 * lane.decrement, max(modelled, NOISE_UNITS * EPSILON * change));
}

// Whether such a promise may end the lane.
fn is_floor(promised: vec2<f32>) -> bool {
    return promised.x <= promised.y && lane.floor_policy != FLOOR_OFF;
}

// What becomes of a lane whose search, or start, has ended without a point: true if it is to restart along the gradient.
fn end_search() -> bool {
    if (lane.phase == PHASE_FRESH) {
        lane.value = trial.value;
    }
    if (is_minus_infinity(trial.value)) {
        finish(UNBOUNDED, trial.value, -HUGE);
        return false;
    }
    if (lane.phase == PHASE_FRESH) {
        // Statuses without evidence.
        finish(select(NON_FINITE_START, NON_FINITE_GRADIENT, is_finite(trial.value)), 0.0, 0.0);
        return false;
    }
    if (lane.expansions > MOST_EXPANSIONS) {
        // `alpha` has grown once beyond the last trial.
        var farthest = 0.0;
        for (var i = 0u; i < N; i++) {
            farthest = max(farthest, abs(trial_x(i)));
        }
        if (farthest > FAR) {
            finish(UNBOUNDED, farthest, FAR);
            return false;
        }
    }
    if (lane.has_safe != 0u && lane.phase != PHASE_RETAKE) {
        lane.phase = PHASE_RETAKE;
        lane.alpha = lane.safe_alpha;
        return false;
    }
    let again = lane.pairs > 0u && lane.resets < MOST_RESETS;
    remeasure(again);
    var promised = promise();
    let measured = measured_noise();
    if (MEASURES_NOISE && search_again(measured)) {
        return false;
    }
    // Lanes that have gone on by what they measured must have more to say for themselves than it.
    if (!MEASURES_NOISE || lane.iterations == 0u) {
        promised.y = max(promised.y, min(measured, MEASURED_NOISE * lane.noise));
    }
    let tells = (NEWTON_LIKE || !again) && !(MEASURES_NOISE && gradient_tells());
    // A constant step that can't be taken is too long, whatever it promised.
    let too_long = MAY_RISE && (trial.moved || !trial.finite);
    if (is_floor(promised) && !too_long && tells) {
        finish(PRECISION_FLOOR, promised.x, promised.y);
        return false;
    }
    if (again) {
        lane.resets += 1u;
        return true;
    }
    finish(select(LINE_SEARCH_FAILED, DIVERGED, too_long), promised.x, promised.y);
    return false;
}
