// The L-BFGS direction (Nocedal and Wright, algorithm 7.4), and what replaces it where there is no history or no descent.

// q = -H g. Each pass over q takes one vector off it and, on the way, the product with the next: every vector of the
// history is read twice in all.
fn two_loop() {
    for (var i = 0u; i < N; i++) {
        set_q(i, -g(i));
    }
    var product = Sum();
    let newest = ring(0u);
    for (var i = 0u; i < N && lane.pairs > 0u; i++) {
        add(&product, i, steps[at_pair(newest, i)], q(i));
    }
    for (var k = 0u; k < lane.pairs; k++) {
        let here = ring(k);
        let alpha = rho(here) * total(product);
        set_coefficient(k, alpha);
        // After the oldest pair q is scaled, and the second loop begins with its y.
        let oldest = k + 1u == lane.pairs;
        let scale = select(1.0, lane.gamma, oldest);
        let older = ring(k + 1u);
        product = Sum();
        for (var i = 0u; i < N; i++) {
            let y = changes[at_pair(here, i)];
            let q_i = (q(i) - alpha * y) * scale;
            set_q(i, q_i);
            var next = y;
            if (!oldest) {
                next = steps[at_pair(older, i)];
            }
            add(&product, i, q_i, next);
        }
    }
    for (var k = lane.pairs; k > 0u; k--) {
        let here = ring(k - 1u);
        let step = coefficient(k - 1u) - rho(here) * total(product);
        let newer = ring(k - 2u);
        product = Sum();
        for (var i = 0u; i < N; i++) {
            let q_i = q(i) + step * steps[at_pair(here, i)];
            set_q(i, q_i);
            if (k > 1u) {
                add(&product, i, q_i, changes[at_pair(newer, i)]);
            }
        }
    }
}

// d = q; the slope is g.d.
fn take_direction(scale: f32) {
    var slope = Sum();
    for (var i = 0u; i < N; i++) {
        let d_i = scale * q(i);
        set_d(i, d_i);
        add(&slope, i, g(i), d_i);
    }
    lane.slope = total(slope);
}

fn descends() -> bool {
    return is_finite(lane.slope) && lane.slope < 0.0;
}

// 1 / |g|: the norm of a gradient scaled by its largest component, which does not overflow.
fn unit() -> f32 {
    let by = min(1.0 / lane.gradient_max, HUGE);
    var squares = Sum();
    for (var i = 0u; i < N; i++) {
        let g_i = g(i) * by;
        add(&squares, i, g_i, g_i);
    }
    return by / sqrt(max(total(squares), 1.0));
}

// Clears the history and sends the lane along -g: scaled by the last gamma, or as at the start where that fails.
fn along_gradient() {
    lane.pairs = 0u;
    for (var i = 0u; i < N; i++) {
        set_q(i, -g(i));
    }
    take_direction(lane.gamma);
    if (!descends()) {
        lane.gamma = unit();
        take_direction(lane.gamma);
    }
}

// Gives the lane a new direction and sets out on it. `restart`: its last search failed.
fn turn(restart: bool) {
    let first = lane.phase == PHASE_FRESH;
    if (first) {
        // d = -g / |g|
        lane.gamma = unit();
    }
    if (restart) {
        lane.pairs = 0u;
    }
    two_loop();
    take_direction(select(1.0, lane.gamma, lane.pairs == 0u));
    if (!descends()) {
        along_gradient();
    }
    lane.alpha = select(1.0, min(1.0, lane.gradient_max), first);
    // A restart keeps what the last quasi-Newton step promised: it tells whether rounding is to blame.
    if (!restart) {
        lane.decrement = abs(lane.alpha * lane.slope);
    }
    lane.low = 0.0;
    lane.low_slope = lane.slope;
    lane.width = HUGE;
    lane.phase = PHASE_SEARCH;
    lane.bracketed = 0u;
    lane.high_known = 0u;
    lane.has_safe = 0u;
    lane.expansions = 0u;
    lane.search_evaluations = 0u;
}
