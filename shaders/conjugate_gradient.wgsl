// The direction of nonlinear conjugate gradients: d = gamma p, p = -g + beta p', p' the direction before (Nocedal and Wright,
// section 5.2).

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
    var square = Sum();
    for (var i = 0u; i < N; i++) {
        add(&square, i, g(i), g(i));
    }
    var slope = -total(square);
    if (stepped) {
        slope = conjugate(slope);
        if (lane.pairs == 0u) {
            lane.restarts += 1u;
        }
        rescale(slope);
    }
    if (lane.pairs == 0u) {
        lane.since = 0u;
        for (var i = 0u; i < N; i++) {
            set_q(i, -g(i));
        }
    }
    take_direction(lane.gamma);
}

// q = p where that may be, and g.p; else `pairs` is 0. `steepest` is -g.g.
fn conjugate(steepest: f32) -> f32 {
    var gy = Sum();
    for (var i = 0u; i < N; i++) {
        add(&gy, i, g(i), g(i) - q(i));
    }
    let factor = beta(-steepest, total(gy)) / lane.gamma;
    let oblique = abs(-steepest - total(gy)) >= -ORTHOGONALITY * steepest;
    lane.since += 1u;
    let due = EVERY > 0u && lane.since >= EVERY;
    let usable = is_finite(factor) && (UPDATE != POLAK_RIBIERE_PLUS || factor > 0.0);
    if (!usable || oblique || due) {
        lane.pairs = 0u;
        return steepest;
    }
    var product = Sum();
    for (var i = 0u; i < N; i++) {
        set_q(i, factor * d(i) - g(i));
        add(&product, i, g(i), q(i));
    }
    let slope = total(product);
    if (!is_finite(slope) || slope >= 0.0) {
        lane.pairs = 0u;
        return steepest;
    }
    return slope;
}

// How much of p' = d / gamma goes on.
fn beta(gg: f32, gy: f32) -> f32 {
    var old = Sum();
    var yy = Sum();
    var dy = Sum();
    var dg = Sum();
    var dd = Sum();
    for (var i = 0u; i < N; i++) {
        let y = g(i) - q(i);
        add(&old, i, q(i), q(i));
        add(&yy, i, y, y);
        add(&dy, i, y, d(i));
        add(&dg, i, g(i), d(i));
        add(&dd, i, d(i), d(i));
    }
    let py = total(dy) / lane.gamma;
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
