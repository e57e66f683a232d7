// Steepest descent: d = -gamma g, gamma that of the first step.

// Nothing is remembered.
fn remember(pair: Pair) {}

// Gives the lane its direction.
fn direct() {
    for (var i = 0u; i < N; i++) {
        set_q(i, -g(i));
    }
    take_direction(lane.gamma);
}

// Nothing is remembered between rounds.
fn save_history(to: u32) {}

fn restore_history(source: u32) {}
