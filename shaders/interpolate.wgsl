// The steps that the cases of More and Thuente suggest.

// The sample of f less a line whose slope is `test`.
fn below(point: Sample, test: f32) -> Sample {
    return Sample(point.alpha, point.value - point.alpha * test, point.slope - test);
}

fn which_case(low: Sample, here: Sample) -> u32 {
    if (here.value > low.value) {
        return HIGHER;
    }
    if ((here.slope < 0.0) != (low.slope < 0.0) && here.slope != 0.0) {
        return CROSSED;
    }
    return select(STEEPER, FLATTER, abs(here.slope) < abs(low.slope));
}

// The step that a trial suggests beside the best point and the interval's other end.
fn suggest(which: u32, low: Sample, high: Sample, here: Sample, bounds: vec2<f32>) -> f32 {
    let across = here.alpha - low.alpha;
    if (which == HIGHER) {
        let minimum = cubic(low, here).x;
        // Of the values and one slope.
        let parabola = low.alpha + low.slope / ((low.value - here.value) / across + low.slope) * 0.5 * across;
        let nearer = abs(minimum - low.alpha) < abs(parabola - low.alpha);
        return select(minimum + (parabola - minimum) * 0.5, minimum, nearer);
    }
    let bracketed = lane.bracketed != 0u;
    let outwards = select(bounds.x, bounds.y, across > 0.0);
    if (which == STEEPER) {
        if (bracketed) {
            return cubic(here, high).x;
        }
        return outwards;
    }
    let parabola = here.alpha + here.slope / (here.slope - low.slope) * -across;
    let found = cubic(here, low);
    var minimum = found.x;
    // Where slopes have one sign, a cubic is of use if its minimum lies beyond the trial.
    if (which == FLATTER && !(found.y != 0.0 && across * (minimum - here.alpha) > 0.0)) {
        minimum = outwards;
    }
    let farther = abs(minimum - here.alpha) > abs(parabola - here.alpha);
    let nearer = abs(minimum - here.alpha) < abs(parabola - here.alpha);
    return select(parabola, minimum, select(farther, nearer, which == FLATTER && bracketed));
}

// The minimum of the cubic that has the values and slopes of two samples, and a number that is 0 if it has none.
fn cubic(here: Sample, there: Sample) -> vec2<f32> {
    let across = there.alpha - here.alpha;
    let fall = (here.value - there.value) / across;
    let theta = fall + 2.0 * fall + here.slope + there.slope;
    let scale = max(abs(theta), max(abs(here.slope), abs(there.slope)));
    let part = theta / scale;
    let root = scale * sqrt(max(0.0, part * part - here.slope / scale * (there.slope / scale)));
    let gamma = select(root, -root, across < 0.0);
    let ratio = (gamma - here.slope + theta) / (gamma - here.slope + gamma + there.slope);
    return vec2<f32>(here.alpha + ratio * across, root);
}
