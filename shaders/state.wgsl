// The whole state of lanes, to the host and back. In `transfer` a lane's words are its fields, its vectors, its parameters,
// its box, its trail and what its method remembers, from here on.
const TRAIL_WORDS: u32 = FIELDS + 4u * N + PARAMETERS + BOX;
const HISTORY_WORDS: u32 = TRAIL_WORDS + 2u * TRAIL;

// Writes the state of listed lanes to `transfer`.
@compute @workgroup_size(WORKGROUP)
fn save(@builtin(global_invocation_id) id: vec3<u32>) {
    let k = place_in_list(id);
    if (k >= rules.count) {
        return;
    }
    slot = lists.slots[rules.list + rules.first + k];
    load_lane();
    load_vectors();
    let to = k * STATE;
    for (var i = 0u; i < FIELDS; i++) {
        transfer[to + i] = fields[i * rules.pool + slot];
    }
    for (var i = 0u; i < N; i++) {
        let at = to + FIELDS + i;
        transfer[at] = bitcast<u32>(x(i));
        transfer[at + N] = bitcast<u32>(g(i));
        transfer[at + 2u * N] = bitcast<u32>(d(i));
        transfer[at + 3u * N] = bitcast<u32>(best(i));
    }
    for (var i = 0u; i < PARAMETERS; i++) {
        transfer[to + FIELDS + 4u * N + i] = bitcast<u32>(parameters[i * rules.pool + slot]);
    }
    save_box(to + FIELDS + 4u * N + PARAMETERS);
    save_trail(to + TRAIL_WORDS);
    save_history(to + HISTORY_WORDS);
}

// Puts lanes under way, whose states stand in `transfer`, into the `count` slots of the list. Each is appended to the list
// of lanes under way, which begins at `other`.
@compute @workgroup_size(WORKGROUP)
fn restore(@builtin(global_invocation_id) id: vec3<u32>) {
    let k = place_in_list(id);
    if (k >= rules.count) {
        return;
    }
    slot = lists.slots[rules.list + rules.first + k];
    lists.slots[rules.other + k] = slot;
    let source = k * STATE;
    for (var i = 0u; i < FIELDS; i++) {
        fields[i * rules.pool + slot] = transfer[source + i];
    }
    load_lane();
    for (var i = 0u; i < N; i++) {
        let at = source + FIELDS + i;
        set_x(i, bitcast<f32>(transfer[at]));
        set_g(i, bitcast<f32>(transfer[at + N]));
        set_d(i, bitcast<f32>(transfer[at + 2u * N]));
        set_best(i, bitcast<f32>(transfer[at + 3u * N]));
    }
    store_vectors();
    for (var i = 0u; i < PARAMETERS; i++) {
        parameters[i * rules.pool + slot] = bitcast<f32>(transfer[source + FIELDS + 4u * N + i]);
    }
    place_box(source + FIELDS + 4u * N + PARAMETERS);
    restore_trail(source + TRAIL_WORDS);
    restore_history(source + HISTORY_WORDS);
}
