// How the lane stood after each of its last steps: rows of value and gradient in a ring.

// Writes the row of this iteration in the place of the oldest.
fn leave_trail() {
    let row = 2u * (lane.iterations % TRAIL);
    set_trail(row, lane.value);
    set_trail(row + 1u, lane.gradient_max);
}

// The ring as it is, to the host and back: which rows the lane has is told by its iterations.
fn save_trail(to: u32) {
    for (var i = 0u; i < 2u * TRAIL; i += 2u) {
        transfer[to + i] = bitcast<u32>(trail(i));
        transfer[to + i + 1u] = bitcast<u32>(trail(i + 1u));
    }
}

fn restore_trail(source: u32) {
    for (var i = 0u; i < 2u * TRAIL; i += 2u) {
        set_trail(i, bitcast<f32>(transfer[source + i]));
        set_trail(i + 1u, bitcast<f32>(transfer[source + i + 1u]));
    }
}
