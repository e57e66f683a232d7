// An accepted point: the pair it gives, whether that is kept, and the lane's new place.

// What a step s = x_t - x and the change of gradient y = g_t - g tell of the curvature.
struct Pair {
    // |s|
    length: f32,
    // s.y / y.y and 1 / s.y
    gamma: f32,
    rho: f32,
    // s.y is positive beyond rounding.
    curved: bool,
}

// What y is multiplied by before it is remembered; gamma and rho are of that y.
var<private> bend: f32;

// Products are taken on vectors scaled by their largest components, and neither overflow nor vanish.
fn measure_pair() -> Pair {
    let by_step = 1.0 / trial.step_max;
    let by_change = 1.0 / trial.change_max;
    var sy = Sum();
    var ss = Sum();
    var yy = Sum();
    var rounding = Sum();
    for (var i = 0u; i < N; i++) {
        let s = (trial_x(i) - x(i)) * by_step;
        let y = (trial_g(i) - g(i)) * by_change;
        add(&sy, i, s, y);
        add(&ss, i, s, s);
        add(&yy, i, y, y);
        add(&rounding, i, abs(s), (abs(g(i)) + abs(trial_g(i))) * by_change);
    }
    let product = total(sy);
    var gamma = (product / total(yy)) * (trial.step_max * by_change);
    var rho = (1.0 / product) * by_step * by_change;
    if (PAIR_OFFSET > 0.0) {
        let longer = 1.0 + PAIR_OFFSET * rho;
        gamma *= longer / (1.0 + PAIR_OFFSET * (by_change / total(yy) * by_change));
        rho /= longer;
    }
    // Of a linear f nothing is left to divide by.
    let measured = trial.step_max > 0.0 && trial.change_max > 0.0;
    let noise = PAIR_NOISE * EPSILON * total(rounding);
    bend = curvature_at_end(product, by_step, by_change, noise);
    gamma /= bend;
    rho /= bend;
    let orthogonal = PAIR_COSINE * EPSILON * sqrt(total(ss) * total(yy));
    let curved = measured && product > orthogonal && product > noise;
    return Pair(trial.step_max * sqrt(total(ss)), gamma, rho, curved && is_usable(gamma) && is_usable(rho));
}

// The curvature along s at its end over its mean along s, as values tell it (Biggs 1973), exactly so of a cubic: 1 where they
// tell no more than the noise of f may be, and `rounding`, that of s.y.
fn curvature_at_end(sy: f32, by_step: f32, by_change: f32, rounding: f32) -> f32 {
    var end = Sum();
    for (var i = 0u; i < N && PAIR_VALUES; i++) {
        add(&end, i, (trial_x(i) - x(i)) * by_step, trial_g(i) * by_change);
    }
    let fall = (lane.value - trial.value) * by_step * by_change;
    let noise = max(MOST_ROUGHNESS * (lane.noise * by_step * by_change), rounding);
    let excess = 2.0 * (fall + total(end)) - sy;
    let tells = PAIR_VALUES && is_finite(excess) && abs(excess) > 2.0 * noise;
    return select(1.0, clamp(1.0 + EXCESS_WEIGHT * excess / sy, 1.0 / MOST_BEND, MOST_BEND), tells);
}

// Neither too small to have all its digits, nor infinite.
fn is_usable(value: f32) -> bool {
    return is_finite(value) && value >= TINY;
}

// Moves the lane to its trial point. Returns f - f_t.
fn accept() -> f32 {
    if (lane.phase != PHASE_FRESH) {
        let pair = measure_pair();
        lane.iterations += 1u;
        // Decided before a place of the ring is written.
        if (pair.curved || !QUASI_NEWTON) {
            remember(pair);
        } else {
            lane.refused += 1u;
            if (lane.alpha > MISLED) {
                // The remembered pairs are of another scale. No longer than to where f is called unbounded.
                lane.gamma = min(lane.gamma * lane.alpha, FAR / steepest_at_trial());
                lane.pairs = 0u;
            }
        }
        keep_best();
        lane.step = pair.length;
        lane.accepted_alpha = lane.alpha;
        lane.longest_search = max(lane.longest_search, lane.search_evaluations);
        lane.accepted_slope = lane.slope;
        lane.accepted_mu = lane.mu;
        lane.decrease = lane.value - trial.value;
    }
    for (var i = 0u; i < N; i++) {
        set_x(i, trial_x(i));
        set_g(i, trial_g(i));
    }
    let decrease = lane.value - trial.value;
    lane.noise = rules.noise * max(abs(trial.value), trial.scale * (1.0 / NOISE_SHARE)) * max(lane.roughness, 1.0);
    lane.value = trial.value;
    lane.gradient_max = trial.gradient_max;
    leave_trail();
    return decrease;
}

// A step may go up within the noise of f: keeps the lowest point there was.
fn keep_best() {
    let elsewhere = lane.best_elsewhere != 0u;
    let above = trial.value > select(lane.value, lane.best_value, elsewhere);
    if (above && !elsewhere) {
        lane.best_value = lane.value;
        lane.best_gradient_max = lane.gradient_max;
        for (var i = 0u; i < N; i++) {
            set_best(i, x(i));
        }
    }
    lane.best_elsewhere = select(0u, 1u, above);
}
