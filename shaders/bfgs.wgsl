// The BFGS direction: the inverse Hessian as a matrix (Nocedal and Wright, equation 6.17), of which the lower triangle stands in
// `steps`, row by row. Lanes without pairs have H = gamma I, and nothing is read of their matrix.

fn at_matrix(i: u32, j: u32) -> u32 {
    return (i * (i + 1u) / 2u + j) * rules.pool + slot;
}

fn step_of(i: u32) -> f32 {
    return trial_x(i) - x(i);
}

fn change_of(i: u32) -> f32 {
    return bend * (trial_g(i) - g(i));
}

// Takes the pair into H: with v = H y it becomes H + rho ((1 + rho y.v) s s^T - (s v^T + v s^T)).
fn remember(pair: Pair) {
    lane.gamma = pair.gamma;
    let begins = lane.pairs == 0u;
    var yv = Sum();
    for (var i = 0u; i < N; i++) {
        let y_i = change_of(i);
        var sum = 0.0;
        for (var j = 0u; j <= i; j++) {
            if (begins) {
                steps[at_matrix(i, j)] = select(0.0, pair.gamma, i == j);
            }
            let h = steps[at_matrix(i, j)];
            sum += h * change_of(j);
            if (j < i) {
                set_q(j, q(j) + h * y_i);
            }
        }
        set_q(i, sum);
    }
    for (var i = 0u; i < N; i++) {
        add(&yv, i, change_of(i), q(i));
    }
    let longer = 1.0 + pair.rho * total(yv);
    for (var i = 0u; i < N; i++) {
        let s_i = step_of(i);
        let v_i = q(i);
        for (var j = 0u; j <= i; j++) {
            let s_j = step_of(j);
            steps[at_matrix(i, j)] += pair.rho * (longer * s_i * s_j - (s_i * q(j) + v_i * s_j));
        }
    }
    lane.pairs += 1u;
}

// Gives the lane its direction.
fn direct() {
    if (lane.pairs == 0u) {
        for (var i = 0u; i < N; i++) {
            set_q(i, -g(i));
        }
        take_direction(lane.gamma);
        return;
    }
    // Components that are held on a bound count for nothing: d = -Z H Z g descends whatever their gradient.
    for (var i = 0u; i < N; i++) {
        let g_i = free_gradient(i);
        var sum = 0.0;
        for (var j = 0u; j <= i; j++) {
            let h = steps[at_matrix(i, j)];
            sum -= h * free_gradient(j);
            if (j < i) {
                set_q(j, q(j) - h * g_i);
            }
        }
        set_q(i, sum);
    }
    for (var i = 0u; i < N; i++) {
        set_q(i, select(q(i), 0.0, is_firm(i)));
    }
    take_direction(1.0);
}

// What is remembered, to the host and back.
fn save_history(to: u32) {
    for (var k = 0u; k < STEP_ROWS && lane.pairs > 0u; k++) {
        transfer[to + k] = bitcast<u32>(steps[k * rules.pool + slot]);
    }
}

fn restore_history(source: u32) {
    for (var k = 0u; k < STEP_ROWS; k++) {
        steps[k * rules.pool + slot] = bitcast<f32>(transfer[source + k]);
    }
}
