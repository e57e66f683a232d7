// Lanes that come and go: new starts into free slots, results out.

// Puts new lanes into slots: the `count` slots of the list, whose starts and parameters stand in `transfer`, a lane at a
// time, its number before them, its box and what ends it after them. Each is appended to the list of lanes under way, which
// begins at `other`.
@compute @workgroup_size(WORKGROUP)
fn place(@builtin(global_invocation_id) id: vec3<u32>) {
    let k = place_in_list(id);
    if (k >= rules.count) {
        return;
    }
    slot = lists.slots[rules.list + rules.first + k];
    lists.slots[rules.other + k] = slot;
    let source = k * (1u + N + PARAMETERS + BOX + DEMANDS);
    for (var i = 0u; i < FIELDS; i++) {
        fields[i * rules.pool + slot] = 0u;
    }
    place_demands(source + 1u + N + PARAMETERS + BOX);
    fields[LANE_FIELD * rules.pool + slot] = transfer[source];
    fields[PHASE_FIELD * rules.pool + slot] = PHASE_FRESH;
    fields[VALUE_FIELD * rules.pool + slot] = NAN_BITS;
    fields[GRADIENT_MAX_FIELD * rules.pool + slot] = NAN_BITS;
    for (var i = 0u; i < N; i++) {
        set_x(i, bitcast<f32>(transfer[source + 1u + i]));
        set_g(i, 0.0);
        set_d(i, 0.0);
        set_best(i, 0.0);
    }
    store_vectors();
    for (var i = 0u; i < PARAMETERS; i++) {
        parameters[i * rules.pool + slot] = bitcast<f32>(transfer[source + 1u + N + i]);
    }
    place_box(source + 1u + N + PARAMETERS);
}

// Writes how listed lanes stand to `transfer`, a lane at a time, with their best and last points and
// their trails where asked for.
@compute @workgroup_size(WORKGROUP)
fn report(@builtin(global_invocation_id) id: vec3<u32>) {
    let k = place_in_list(id);
    if (k >= rules.count) {
        return;
    }
    slot = lists.slots[rules.list + rules.first + k];
    load_lane();
    load_vectors();
    let points = (rules.flags & WITH_POINTS) != 0u;
    let to = k * (REPORT + select(0u, 2u * (N + TRAIL), points));
    write_report(to);
    // The 2-norm of the gradient, of its components by the largest: squares overflow.
    var largest = TINY;
    for (var i = 0u; i < N; i++) {
        largest = max(largest, abs(g(i)));
    }
    var square = Sum();
    for (var i = 0u; i < N; i++) {
        let part = g(i) / largest;
        add(&square, i, part, part);
    }
    transfer[to + REPORT - 1u] = bitcast<u32>(largest * sqrt(total(square)));
    if (points) {
        for (var i = 0u; i < N; i++) {
            transfer[to + REPORT + i] = bitcast<u32>(select(x(i), best(i), lane.best_elsewhere != 0u));
            transfer[to + REPORT + N + i] = bitcast<u32>(x(i));
        }
        save_trail(to + REPORT + 2u * N);
    }
}

// Ends every listed lane that is under way, stopped by the host.
@compute @workgroup_size(WORKGROUP)
fn stop(@builtin(global_invocation_id) id: vec3<u32>) {
    let k = place_in_list(id);
    if (k >= rules.count) {
        return;
    }
    slot = lists.slots[rules.list + rules.first + k];
    load_lane();
    if (lane.phase != PHASE_IDLE) {
        finish(STOPPED, 0.0, 0.0);
        store_lane();
    }
}

// Moves lanes, all that they have: from one slot to another by pairs in `transfer`.
@compute @workgroup_size(WORKGROUP)
fn pack(@builtin(global_invocation_id) id: vec3<u32>) {
    let k = place_in_list(id);
    if (k >= rules.count) {
        return;
    }
    let here = transfer[2u * k];
    let there = transfer[2u * k + 1u];
    for (var i = 0u; i < FIELDS; i++) {
        fields[i * rules.pool + there] = fields[i * rules.pool + here];
    }
    for (var i = 0u; i < VECTOR_ROWS; i++) {
        vectors[i * rules.pool + there] = vectors[i * rules.pool + here];
    }
    for (var i = 0u; i < STEP_ROWS; i++) {
        steps[i * rules.pool + there] = steps[i * rules.pool + here];
    }
    for (var i = 0u; i < CHANGE_ROWS; i++) {
        changes[i * rules.pool + there] = changes[i * rules.pool + here];
    }
    for (var i = 0u; i < PARAMETERS; i++) {
        parameters[i * rules.pool + there] = parameters[i * rules.pool + here];
    }
}
