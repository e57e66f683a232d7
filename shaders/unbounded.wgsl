// In the place of bounds.wgsl where nothing is bounded: compilers leave nothing of it.

fn reached(i: u32, alpha: f32) -> f32 {
    return x(i) + alpha * d(i);
}

fn moving(i: u32) -> f32 {
    return d(i);
}

fn is_clamped() -> bool {
    return false;
}

fn projected(i: u32, gradient: f32) -> f32 {
    return abs(gradient);
}

fn descent() -> f32 {
    return lane.alpha * lane.slope;
}

fn promised_descent(alpha: f32) -> f32 {
    return alpha * lane.slope;
}

fn inward(i: u32, step: f32) -> f32 {
    return step;
}

fn ends_meet(i: u32) -> bool {
    return false;
}

fn is_firm(i: u32) -> bool {
    return false;
}

fn free_gradient(i: u32) -> f32 {
    return g(i);
}

fn steepest() -> f32 {
    return lane.gradient_max;
}

fn steepest_at_trial() -> f32 {
    return trial.gradient_max;
}

fn place_box(source: u32) {}

fn save_box(to: u32) {}
