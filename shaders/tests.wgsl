// The tests that end a lane after an accepted step, in their order.

// Ends the lane if it passes a test. `decrease` is f - f_t of the step.
fn test(decrease: f32) {
    let stepped = lane.phase != PHASE_FRESH;
    note_progress(stepped);
    let flat = max(lane.gradient_tolerance, lane.gradient_relative * max(abs(lane.value), 1.0));
    let short = max(lane.step_tolerance, lane.step_relative * farthest_component());
    let level = max(lane.value_tolerance, lane.value_relative * max(abs(lane.value), abs(lane.value + decrease)));
    let change = abs(decrease);
    if (lane.gradient_max <= flat) {
        finish(CONVERGED_GRADIENT, lane.gradient_max, flat);
    } else if (stepped && trial.step_max > 0.0 && trial.step_max <= short) {
        finish(CONVERGED_STEP, trial.step_max, short);
    } else if (stepped && level > 0.0 && change <= level) {
        finish(CONVERGED_VALUE, change, level);
    } else if (is_finite(lane.goal) && lane.value <= lane.goal) {
        finish(TARGET_REACHED, lane.value, lane.goal);
    } else if (lane.stagnant >= MOST_STAGNANT) {
        let promised = promise();
        finish(select(STALLED, PRECISION_FLOOR, is_floor(promised)), promised.x, promised.y);
    }
}

// Ends a lane that would go on and has done as much as it may. It comes to its end with all that its next evaluation needs, so
// that it can be taken up again as if there had been no limit.
fn end_at_limits() {
    if (lane.phase == PHASE_IDLE) {
        return;
    }
    if (lane.iterations >= lane.iteration_limit) {
        finish(ITERATION_LIMIT, f32(lane.iterations), f32(lane.iteration_limit));
    } else if (lane.evaluations >= lane.evaluation_limit) {
        finish(EVALUATION_LIMIT, f32(lane.evaluations), f32(lane.evaluation_limit));
    }
}

// max |x|, where that is asked for.
fn farthest_component() -> f32 {
    var farthest = 0.0;
    for (var i = 0u; i < N && lane.step_relative > 0.0; i++) {
        farthest = max(farthest, abs(x(i)));
    }
    return farthest;
}

// The reference moves with progress that is more than rounding.
fn note_progress(stepped: bool) {
    let fallen = lane.value < lane.reference_value - lane.noise;
    // Where f may rise, a rise is no standstill either.
    let risen = MAY_RISE && lane.reference_value + lane.noise < lane.value;
    if (!stepped || fallen || risen || lane.gradient_max <= GRADIENT_PROGRESS * lane.reference_gradient) {
        refer();
    } else {
        lane.stagnant += 1u;
    }
    // Around a saddle f hardly falls while the gradient grows.
    if (lane.stagnant >= MOST_STAGNANT && lane.gradient_max > GRADIENT_ESCAPE * lane.reference_gradient) {
        refer();
    }
}

// Progress is measured from here.
fn refer() {
    lane.reference_value = lane.value;
    lane.reference_gradient = lane.gradient_max;
    lane.stagnant = 0u;
}

// Ends a lane whose next step promises no more than rounding may make of nothing: one that is told to stop there, or whose last
// step was no progress if the next one hardly moves the point. Along the gradient a step promises nothing that can be relied on.
fn stop_at_floor() {
    let stands = MEASURES_NOISE && lane.floor_policy == FLOOR_CLASSIFY && lane.stagnant > 0u && hardly_moves();
    if (lane.pairs == 0u || !(lane.floor_policy == FLOOR_STOP || stands)) {
        return;
    }
    let promised = promise();
    if (promised.x <= promised.y) {
        finish(PRECISION_FLOOR, promised.x, promised.y);
    }
}

// Whether the next step is no more than RESOLUTION EPSILON of every component.
fn hardly_moves() -> bool {
    for (var i = 0u; i < N; i++) {
        if (lane.alpha * abs(d(i)) > RESOLUTION * EPSILON * max(abs(x(i)), TINY)) {
            return false;
        }
    }
    return true;
}
