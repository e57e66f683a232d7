// What a box changes of a round, for any method and any search. Only trials are clamped, the step is never cut. Without bounds
// unbounded.wgsl stands in this one's place.

// A component has come to a bound along d: the slope has a jump there.
var<private> clamped: bool;

// Where component `i` stands at x + alpha d. What does not move keeps its bits.
fn reached(i: u32, alpha: f32) -> f32 {
    let d_i = d(i);
    let value = x(i) + alpha * d_i;
    let inside = select(select(value, upper(i), value > upper(i)), lower(i), value < lower(i));
    return select(inside, x(i), d_i == 0.0);
}

// Whether a component that stands at `value` is on a bound and `step` leads out. A fixed one's bounds are equal.
fn points_out(i: u32, value: f32, step: f32) -> bool {
    return (step < 0.0 && value <= lower(i)) || (step > 0.0 && value >= upper(i));
}

fn is_held(i: u32, value: f32, gradient: f32) -> bool {
    return lower(i) >= upper(i) || points_out(i, value, -gradient);
}

// d_i, or nothing of a component that has come to a bound.
fn moving(i: u32) -> f32 {
    let stopped = points_out(i, trial_x(i), d(i));
    clamped = select(clamped && i > 0u, true, stopped);
    return select(d(i), 0.0, stopped);
}

fn is_clamped() -> bool {
    return clamped;
}

// |P(x_t - g_t) - x_t| of a component, without the rounding of x_t - g_t.
fn projected(i: u32, gradient: f32) -> f32 {
    let room = select(upper(i) - trial_x(i), trial_x(i) - lower(i), gradient > 0.0);
    return select(abs(gradient), room, room < abs(gradient));
}

// g.(x_t - x)
fn descent() -> f32 {
    return select(lane.alpha * lane.slope, descent_to_trial(), clamped);
}

fn descent_to_trial() -> f32 {
    var sum = Sum();
    for (var i = 0u; i < N && clamped; i++) {
        add(&sum, i, g(i), trial_x(i) - x(i));
    }
    return total(sum);
}

// The same of a trial that is still to come, however far beyond a bound the direction leads.
fn promised_descent(alpha: f32) -> f32 {
    var sum = Sum();
    var meets = false;
    for (var i = 0u; i < N; i++) {
        let inside = reached(i, alpha);
        meets = meets || points_out(i, inside, d(i));
        add(&sum, i, g(i), inside - x(i));
    }
    return select(alpha * lane.slope, total(sum), meets);
}

// `step`, or nothing where it leads out of the box.
fn inward(i: u32, step: f32) -> f32 {
    return select(step, 0.0, points_out(i, x(i), step));
}

// Whether component `i` ends on the same bound at both ends of the bracket.
fn ends_meet(i: u32) -> bool {
    let one = x(i) + lane.low * d(i);
    let other = x(i) + lane.high * d(i);
    return max(one, other) <= lower(i) || min(one, other) >= upper(i);
}

// Whether what rounds component `i` of x changes nothing.
fn is_firm(i: u32) -> bool {
    return is_held(i, x(i), g(i));
}

// g_i, or nothing of a component that is held.
fn free_gradient(i: u32) -> f32 {
    return select(g(i), 0.0, is_firm(i));
}

// The largest gradient component of those that are not held, at the lane's place and at the trial: more than the projected
// gradient, which ends at the bounds.
fn steepest() -> f32 {
    var largest = 0.0;
    for (var i = 0u; i < N; i++) {
        largest = max(largest, select(abs(g(i)), 0.0, is_held(i, x(i), g(i))));
    }
    return largest;
}

fn steepest_at_trial() -> f32 {
    var largest = 0.0;
    for (var i = 0u; i < N; i++) {
        largest = max(largest, select(abs(trial_g(i)), 0.0, is_held(i, trial_x(i), trial_g(i))));
    }
    return largest;
}

fn place_box(source: u32) {
    for (var i = 0u; i < N; i++) {
        set_lower(i, bitcast<f32>(transfer[source + i]));
        set_upper(i, bitcast<f32>(transfer[source + N + i]));
    }
}

fn save_box(to: u32) {
    for (var i = 0u; i < N; i++) {
        transfer[to + i] = bitcast<u32>(lower(i));
        transfer[to + N + i] = bitcast<u32>(upper(i));
    }
}
