// Steepest descent: d = -gamma g.

// Says to `direct` that the lane comes from a step.
fn remember(pair: Pair) {
    lane.pairs = 1u;
}

// Gives the lane its direction.
fn direct() {
    var square = Sum();
    for (var i = 0u; i < N; i++) {
        set_q(i, -g(i));
        add(&square, i, g(i), g(i));
    }
    if (lane.pairs > 0u) {
        rescale(-total(square));
    }
    lane.pairs = 0u;
    take_direction(lane.gamma);
}
