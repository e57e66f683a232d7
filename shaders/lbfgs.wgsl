// The L-BFGS direction (Nocedal and Wright, algorithm 7.4) and the pairs that it remembers.

// Writes the pair to the next place of the ring.
fn remember(pair: Pair) {
    let newest = ring(0u);
    for (var i = 0u; i < N; i++) {
        steps[at_pair(newest, i)] = trial_x(i) - x(i);
        changes[at_pair(newest, i)] = bend * (trial_g(i) - g(i));
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

// Element `i` of the pair in place `k` of the ring.
fn at_pair(k: u32, i: u32) -> u32 {
    return (k * N + i) * rules.pool + slot;
}

// The place in the ring of the newest pair but `k`: as many pairs were written as steps were accepted and not refused.
fn ring(k: u32) -> u32 {
    return (lane.iterations - lane.refused + MEMORY - 1u - k) % MEMORY;
}

// What is remembered, to the host and back: the pairs, newest first, each as 1 / s.y, s and y. Their places in the ring are
// nobody else's business.
fn save_history(to: u32) {
    for (var p = 0u; p < lane.pairs; p++) {
        let here = ring(p);
        let at = to + p * (2u * N + 1u);
        transfer[at] = bitcast<u32>(rho(here));
        for (var i = 0u; i < N; i++) {
            transfer[at + 1u + i] = bitcast<u32>(steps[at_pair(here, i)]);
            transfer[at + 1u + N + i] = bitcast<u32>(changes[at_pair(here, i)]);
        }
    }
}

fn restore_history(source: u32) {
    for (var p = 0u; p < lane.pairs; p++) {
        let here = ring(p);
        let at = source + p * (2u * N + 1u);
        set_rho(here, bitcast<f32>(transfer[at]));
        for (var i = 0u; i < N; i++) {
            steps[at_pair(here, i)] = bitcast<f32>(transfer[at + 1u + i]);
            changes[at_pair(here, i)] = bitcast<f32>(transfer[at + 1u + N + i]);
        }
    }
}
