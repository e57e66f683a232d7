// The direction of delta-bar-delta (Jacobs 1988): d_i = -rate gain_i g_i. Gains stand in `steps`, averaged gradients after
// them.

// A step leaves them as they are.
fn remember(pair: Pair) {}

// Gives the lane its direction; and gains, if it has none yet.
fn direct() {
    let begins = lane.pairs == 0u;
    for (var i = 0u; i < N; i++) {
        let at = i * rules.pool + slot;
        let after = (N + i) * rules.pool + slot;
        var gain = select(steps[at], 1.0, begins);
        let mean = select(steps[after], 0.0, begins);
        if (begins || sign(mean) == sign(g(i))) {
            // No farther than what is called far away anywhere.
            gain = min(gain * STEP_UP + STEP_MORE, FAR);
        } else {
            gain *= STEP_DOWN;
        }
        steps[at] = gain;
        steps[after] = (1.0 - WEIGHT) * g(i) + WEIGHT * mean;
        set_q(i, -(RATE * gain) * g(i));
    }
    lane.gamma = RATE;
    lane.pairs = 1u;
    take_direction(1.0);
}

// Gains and averaged gradients, to the host and back.
fn save_history(to: u32) {
    for (var i = 0u; i < 2u * N && lane.pairs > 0u; i++) {
        transfer[to + i] = bitcast<u32>(steps[i * rules.pool + slot]);
    }
}

fn restore_history(source: u32) {
    for (var i = 0u; i < 2u * N && lane.pairs > 0u; i++) {
        steps[i * rules.pool + slot] = bitcast<f32>(transfer[source + i]);
    }
}
