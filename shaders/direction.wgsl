// A new direction for the search, and what replaces it where it does not descend.

// d = q but for what leads out of the box; the slope is g.d.
fn take_direction(scale: f32) {
    var slope = Sum();
    for (var i = 0u; i < N; i++) {
        let d_i = inward(i, scale * q(i));
        set_d(i, d_i);
        add(&slope, i, g(i), d_i);
    }
    lane.slope = total(slope);
}

fn descends() -> bool {
    return is_finite(lane.slope) && lane.slope < 0.0;
}

// Clears the history and sends the lane along -g: scaled by the last gamma, or as at the start where that fails.
fn along_gradient() {
    lane.pairs = 0u;
    for (var i = 0u; i < N; i++) {
        set_q(i, -g(i));
    }
    take_direction(lane.gamma);
    if (!descends()) {
        lane.gamma = unit();
        take_direction(lane.gamma);
    }
}

// Begins a search along d, whose slope is known.
fn set_out(alpha: f32) {
    lane.alpha = alpha;
    lane.low = 0.0;
    lane.low_value = lane.value;
    lane.low_slope = lane.slope;
    lane.width = HUGE;
    lane.phase = PHASE_SEARCH;
    lane.bracketed = 0u;
    lane.high_known = 0u;
    lane.has_safe = 0u;
    lane.expansions = 0u;
    lane.search_evaluations = 0u;
}

// Gives the lane a new direction and sets out on it. `restart`: its last search failed.
fn turn(restart: bool) {
    // A lane that was moved may have brought pairs along.
    let first = lane.phase == PHASE_FRESH && lane.pairs == 0u;
    if (first) {
        lane.gamma = first_gamma();
    }
    if (restart) {
        lane.pairs = 0u;
    }
    direct();
    if (!FREE && !descends()) {
        along_gradient();
    }
    let alpha = initial_step(first);
    // A restart keeps what the last quasi-Newton step promised: it tells whether rounding is to blame.
    if (!restart) {
        // Told by the step's natural length, where it has one; that its search begins nearer says nothing.
        lane.decrement = abs(promised_descent(select(alpha, 1.0, NEWTON_LIKE && !first)));
    }
    set_out(alpha);
}
