// The L-BFGS direction (Nocedal and Wright, algorithm 7.4) and the pairs that it remembers.

// Writes the pair to the next place of the ring.
fn remember(pair: Pair) {
    let newest = ring(0u);
    for (var i = 0u; i < N; i++) {
        steps[at_pair(newest, i)] = trial_x(i) - x(i);
        changes[at_pair(newest, i)] = trial_g(i) - g(i);
    }
    set_rho(newest, pair.rho);
    lane.gamma = pair.gamma;
    lane.pairs = min(lane.pairs + 1u, MEMORY);
}

// Gives the lane its direction.
fn direct() {
    two_loop();
    take_direction(select(1.0, pair_gamma(), lane.pairs == 0u));
}

// q = -H g. Each pass over q takes one vector off it and, on the way, the product with the next: every vector of the
// history is read twice in all.
fn two_loop() {
    prepare();
    for (var i = 0u; i < N; i++) {
        set_q(i, free(i, -g(i)));
    }
    var product = Sum();
    let newest = ring(0u);
    for (var i = 0u; i < N && lane.pairs > 0u; i++) {
        add(&product, i, steps[at_pair(newest, i)], q(i));
    }
    for (var k = 0u; k < lane.pairs; k++) {
        let here = ring(k);
        let alpha = pair_weight(k, here) * total(product);
        set_coefficient(k, alpha);
        // After the oldest pair q is scaled, and the second loop begins with its y.
        let oldest = k + 1u == lane.pairs;
        let scale = select(1.0, pair_gamma(), oldest);
        let older = ring(k + 1u);
        product = Sum();
        for (var i = 0u; i < N; i++) {
            let y = changes[at_pair(here, i)];
            let q_i = free(i, (q(i) - alpha * y) * scale);
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
        let step = coefficient(k - 1u) - pair_weight(k - 1u, here) * total(product);
        let newer = ring(k - 2u);
        product = Sum();
        for (var i = 0u; i < N; i++) {
            let q_i = free(i, q(i) + step * steps[at_pair(here, i)]);
            set_q(i, q_i);
            if (k > 1u) {
                add(&product, i, q_i, changes[at_pair(newer, i)]);
            }
        }
    }
}
