// The direction of methods that keep some of their speed: d = mu w - rate g, with w = v, the last step (classical), or
// w = u - rate g with u the last step but for its gradient's part (Nesterov).

// q = v or u, by the length of d. Says to `direct` that the lane comes from a step.
fn remember(pair: Pair) {
    for (var i = 0u; i < N; i++) {
        set_q(i, (trial_x(i) - x(i)) / lane.alpha + NESTEROV_RATE * g(i));
    }
    lane.pairs = 1u;
}

// Gives the lane its direction: `pairs` is 1 afterwards if it has momentum.
fn direct() {
    let stepped = lane.pairs > 0u;
    var along = Sum();
    for (var i = 0u; i < N; i++) {
        set_q(i, select(0.0, q(i), stepped) - NESTEROV_RATE * g(i));
        add(&along, i, g(i), q(i));
    }
    if (stepped && restarts(total(along))) {
        lane.restarts += 1u;
        begin();
        for (var i = 0u; i < N; i++) {
            set_q(i, -NESTEROV_RATE * g(i));
        }
    } else if (stepped) {
        lane.pace = lane.step;
    } else {
        begin();
    }
    lane.since += 1u;
    lane.mu = momentum(lane.since);
    let part = RATE * select(1.0, 1.0 - lane.mu, WEIGHTED);
    for (var i = 0u; i < N; i++) {
        set_q(i, lane.mu * q(i) - part * g(i));
    }
    lane.gamma = RATE;
    take_direction(1.0);
    if (!FREE && !(lane.slope < 0.0)) {
        // A line search wants f to fall.
        lane.restarts += 1u;
        begin();
        lane.since = 1u;
        lane.mu = 0.0;
        for (var i = 0u; i < N; i++) {
            set_q(i, -g(i));
        }
        take_direction(RATE);
    }
    lane.pairs = select(0u, 1u, lane.mu > 0.0);
}

// Before the first step, and the first after a restart.
fn begin() {
    lane.since = 0u;
    lane.theta = 1.0;
    lane.pace = 0.0;
}

// Whether momentum is to be dropped; `along` is g.w.
fn restarts(along: f32) -> bool {
    if (lane.restarts > 0u && lane.since <= RESTART_WAIT) {
        return false;
    }
    switch (RESTART) {
        case RESTART_VALUE: {
            return lane.decrease < 0.0;
        }
        case RESTART_GRADIENT: {
            return along > 0.0;
        }
        case RESTART_SPEED: {
            return lane.step < lane.pace;
        }
        default: {
            return false;
        }
    }
}

// The momentum of step `t`; moves theta on.
fn momentum(t: u32) -> f32 {
    var mu = LOW;
    switch (SCHEDULE) {
        case CONVEX: {
            if (t < BURN_IN) {
                return 0.0;
            }
            return convex();
        }
        case APPROXIMATION: {
            mu = select(1.0 - MOMENTUM_NUMERATOR / (f32(t - min(t, BURN_IN)) + MOMENTUM_DELAY), 0.0, t <= BURN_IN);
        }
        case SWITCH: {
            mu = select(LOW, HIGH, t >= STEPS);
        }
        case RAMP: {
            let begins = select(2u, 1u, FIRST);
            mu += (HIGH - LOW) * f32(max(min(t, STEPS), begins) - begins) / f32(STEPS - begins);
        }
        default: {}
    }
    return select(mu, 0.0, t == 1u && !FIRST);
}

// O'Donoghue and Candès, algorithm 1: beta; theta goes on.
fn convex() -> f32 {
    let square = lane.theta * lane.theta;
    let excess = CONVEXITY - square;
    let next = 0.5 * (excess + sqrt(excess * excess + 2.0 * (2.0 * square)));
    let mu = lane.theta * (1.0 - lane.theta) / (square + next);
    lane.theta = next;
    return mu;
}

// Nothing is remembered between rounds.
fn save_history(to: u32) {}

fn restore_history(source: u32) {}
