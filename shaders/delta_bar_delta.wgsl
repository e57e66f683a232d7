// The direction of delta-bar-delta (Jacobs 1988): d_i = -rate gain_i g_i. Gains and averaged gradients stand where a pair would.

// A step leaves them as they are.
fn remember(pair: Pair) {}

// Gives the lane its direction; and gains, if it has none yet.
fn direct() {
    let begins = lane.pairs == 0u;
    for (var i = 0u; i < N; i++) {
        let at = at_pair(0u, i);
        var gain = select(steps[at], 1.0, begins);
        let mean = select(changes[at], 0.0, begins);
        if (begins || sign(mean) == sign(g(i))) {
            // No farther than what is called far away anywhere.
            gain = min(gain * STEP_UP + STEP_MORE, FAR);
        } else {
            gain *= STEP_DOWN;
        }
        steps[at] = gain;
        changes[at] = (1.0 - WEIGHT) * g(i) + WEIGHT * mean;
        set_q(i, -(RATE * gain) * g(i));
    }
    lane.gamma = RATE;
    lane.pairs = 1u;
    take_direction(1.0);
}
