// The L-BFGS direction (Nocedal and Wright, algorithm 7.4).

// Gives the lane its direction.
fn direct() {
    two_loop();
    take_direction(select(1.0, pair_gamma(), lane.pairs == 0u));
}

// q = -H g, by blocks of four components: lanes of a group have their newest pairs in different places of the ring, and what a
// GPU reads at once for each of them should be worth it. Each pass over q takes one vector off it and, on the way, the product
// with the next: every vector of the history is read twice in all.
fn two_loop() {
    prepare();
    set_block_of_q(BLOCKS - 1u, vec4<f32>());
    for (var i = 0u; i < N; i++) {
        set_q(i, -g(i));
    }
    var product = BlockSum();
    let newest = ring(0u);
    for (var b = 0u; b < BLOCKS; b++) {
        let q_b = free(b, block_of_q(b));
        set_block_of_q(b, q_b);
        if (lane.pairs > 0u) {
            add_block(&product, b, steps[at_pair(newest, b)], q_b);
        }
    }
    for (var k = 0u; k < lane.pairs; k++) {
        let here = ring(k);
        let alpha = pair_weight(k, here) * total_of_blocks(product);
        set_coefficient(k, alpha);
        // After the oldest pair q is scaled, and the second loop begins with its y.
        let oldest = k + 1u == lane.pairs;
        let scale = select(1.0, pair_gamma(), oldest);
        let older = ring(k + 1u);
        product = BlockSum();
        for (var b = 0u; b < BLOCKS; b++) {
            let y = changes[at_pair(here, b)];
            var next = y;
            if (!oldest) {
                next = steps[at_pair(older, b)];
            }
            let q_b = free(b, (block_of_q(b) - alpha * y) * scale);
            set_block_of_q(b, q_b);
            add_block(&product, b, q_b, next);
        }
    }
    for (var k = lane.pairs; k > 0u; k--) {
        let here = ring(k - 1u);
        let step = coefficient(k - 1u) - pair_weight(k - 1u, here) * total_of_blocks(product);
        let newer = ring(k - 2u);
        product = BlockSum();
        for (var b = 0u; b < BLOCKS; b++) {
            let s = steps[at_pair(here, b)];
            var next = s;
            if (k > 1u) {
                next = changes[at_pair(newer, b)];
            }
            let q_b = free(b, block_of_q(b) + step * s);
            set_block_of_q(b, q_b);
            add_block(&product, b, q_b, next);
        }
    }
}
