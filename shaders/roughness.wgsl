// Noise that the model of it does not see: it is measured where it makes a search fail, and the lane goes on by it.

// What rounding has made of f beside x as the search, which has failed, came to know: a difference that is more than slopes
// explain, at the last trial or, if that was x itself, at the upper end of the bracket. 0 where slopes explain all.
fn measured_noise() -> f32 {
    let last = abs(trial.value - lane.value);
    if (trial.finite && abs(trial.descent) < last) {
        return last;
    }
    let high = abs(lane.high_value - lane.value);
    let explained = lane.high * max(abs(lane.slope), abs(lane.high_slope));
    let tells = !trial.moved && lane.bracketed != 0u && explained < high && is_finite(high);
    return select(0.0, high, tells);
}

// Begins the failed search anew if it has measured more noise than was reckoned with: true if so. Every time at least doubles
// the roughness, which is bounded.
fn search_again(measured: f32) -> bool {
    let rough = max(lane.roughness, 1.0);
    if (lane.iterations == 0u || measured <= lane.noise || rough >= MOST_ROUGHNESS) {
        return false;
    }
    let times = min(min(max(measured / lane.noise, 2.0), MEASURED_NOISE), MOST_ROUGHNESS / rough);
    lane.noise *= times;
    lane.roughness = rough * times;
    set_out(initial_step(false));
    return true;
}

// Whether the gradient stands out of its noise where values were found to be rougher than the model has it: a promise that is
// no more than noise then tells of what is remembered, not of a floor.
fn gradient_tells() -> bool {
    return lane.roughness > 1.0 && trial.finite && trial.moved && GRADIENT_TELLS * trial.change_max < lane.gradient_max;
}
