// The trial point of a round, and what its evaluation says.

struct Trial {
    // f_t, and the sum of the absolute values of its terms.
    value: f32,
    scale: f32,
    // g_t.d, of what still moves.
    slope: f32,
    // g.(x_t - x)
    descent: f32,
    // max |P(x_t - g_t) - x_t|
    gradient_max: f32,
    // max |x_t - x| and max |g_t - g|
    step_max: f32,
    change_max: f32,
    // f_t and all of g_t are finite.
    finite: bool,
    // x_t is not x to the bit.
    moved: bool,
    // A component has come to a bound along d.
    clamped: bool,
}

var<private> trial: Trial;

// How the objective reaches its point, its gradient, its parameters and its data.
fn mm_x(i: u32) -> f32 {
    return trial_x(i);
}

fn mm_g(i: u32, value: f32) {
    set_trial_g(i, trial_g(i) + value);
}

fn mm_p(i: u32) -> f32 {
    return parameters[i * rules.pool + slot];
}

fn mm_d(i: u32) -> f32 {
    return data[i];
}

fn evaluate() {
    for (var i = 0u; i < N; i++) {
        set_trial_x(i, settled(reached(i, lane.alpha)));
        set_trial_g(i, 0.0);
    }
    let f = mm_objective();
    var slope = Sum();
    var largest = vec3<f32>();
    var finite = is_finite(f.x);
    for (var i = 0u; i < N; i++) {
        let g_t = trial_g(i);
        finite = finite && is_finite(g_t);
        add(&slope, i, g_t, moving(i));
        largest = max(largest, vec3<f32>(projected(i, g_t), abs(trial_x(i) - x(i)), abs(g_t - g(i))));
    }
    let moved = largest.y > 0.0;
    trial = Trial(f.x, f.y, total(slope), descent(), largest.x, largest.y, largest.z, finite, moved, is_clamped());
}
