// The direction of nonlinear conjugate gradients: d = gamma p, p = -g + beta p', p' the direction before (Nocedal and Wright,
// section 5.2).

// g.g times d.d / d.y, what a step along -g promises by the curvature of the last direction.
var<private> promise_anew: f32;

// q = g', the gradient before. Says to `direct` that the lane comes from a step.
fn remember(pair: Pair) {
    for (var i = 0u; i < N; i++) {
        set_q(i, g(i));
    }
    lane.pairs = 1u;
}

// Gives the lane its direction: `pairs` is 1 afterwards if something of the last one goes on in it.
fn direct() {
    let stepped = lane.pairs > 0u;
    if (stepped) {
        leave_held();
        lane.pairs = select(0u, 1u, conjugate());
        lane.restarts += 1u - lane.pairs;
        if (lane.pairs == 0u && is_usable(promise_anew)) {
            // What the last direction promised says nothing of the first step along this one.
            lane.accepted_slope = -promise_anew;
        }
    }
    if (lane.pairs == 0u) {
        lane.since = 0u;
        for (var i = 0u; i < N; i++) {
            set_q(i, -g(i));
        }
    }
    take_direction(lane.gamma);
}

// Components that are held on a bound count for nothing: a large gradient that pushes out would make every direction one
// along -g.
fn leave_held() {
    for (var i = 0u; i < N; i++) {
        set_q(i, select(q(i), 0.0, is_firm(i)));
        set_d(i, select(d(i), 0.0, is_firm(i)));
    }
}

// Sets q = p; false if the direction is to begin anew.
fn conjugate() -> bool {
    var gg = Sum();
    var gy = Sum();
    for (var i = 0u; i < N; i++) {
        add(&gg, i, free_gradient(i), free_gradient(i));
        add(&gy, i, free_gradient(i), free_gradient(i) - q(i));
    }
    let square = total(gg);
    let factor = beta(square, total(gy)) / lane.gamma;
    // What is left of g' in g, against what it would be on a quadratic: nothing.
    let oblique = abs(square - total(gy)) >= ORTHOGONALITY * square;
    lane.since += 1u;
    let due = EVERY > 0u && lane.since >= EVERY;
    let usable = is_finite(factor) && (UPDATE != POLAK_RIBIERE_PLUS || factor > 0.0);
    if (!usable || oblique || due) {
        return false;
    }
    var slope = Sum();
    for (var i = 0u; i < N; i++) {
        set_q(i, factor * d(i) - free_gradient(i));
        add(&slope, i, free_gradient(i), q(i));
    }
    return is_finite(total(slope)) && total(slope) < 0.0;
}

// How much of p' = d / gamma goes on.
fn beta(gg: f32, gy: f32) -> f32 {
    var old = Sum();
    var yy = Sum();
    var dy = Sum();
    var dg = Sum();
    var dd = Sum();
    for (var i = 0u; i < N; i++) {
        let y = free_gradient(i) - q(i);
        add(&old, i, q(i), q(i));
        add(&yy, i, y, y);
        add(&dy, i, y, d(i));
        add(&dg, i, free_gradient(i), d(i));
        add(&dd, i, d(i), d(i));
    }
    let py = total(dy) / lane.gamma;
    promise_anew = gg * (total(dd) / total(dy));
    switch (UPDATE) {
        case FLETCHER_REEVES: {
            return gg / total(old);
        }
        case POLAK_RIBIERE_PLUS: {
            return gy / total(old);
        }
        case HESTENES_STIEFEL: {
            return gy / py;
        }
        case DAI_YUAN: {
            return gg / py;
        }
        default: {
            let value = (gy - 2.0 * total(yy) * (total(dg) / lane.gamma / py)) / py;
            let length = sqrt(total(dd)) / lane.gamma;
            let least = -1.0 / (length * min(sqrt(total(old)), BETA_FLOOR));
            return select(value, least, is_finite(least) && value < least);
        }
    }
}

// Nothing is remembered between rounds.
fn save_history(to: u32) {}

fn restore_history(source: u32) {}
