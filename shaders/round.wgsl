// The lane's state machine: a round is one evaluation, and what follows from it.

// What a round's evaluation means: go on searching, accept the trial, or the search (or the start) ends without.
const GO_ON: u32 = 0u;
const ACCEPT: u32 = 1u;
const END: u32 = 2u;

fn one_round() {
    evaluate();
    let verdict = judge();
    var turns = false;
    var restarts = false;
    if (verdict == ACCEPT) {
        let stepped = lane.phase != PHASE_FRESH;
        test(accept());
        turns = lane.phase != PHASE_IDLE;
        if (stepped && turns && (rules.flags & STEPPING) != 0u) {
            lane.waits = 1u;
        }
    } else if (verdict == END) {
        restarts = end_search();
        turns = restarts;
    }
    if (turns) {
        turn(restarts);
        if (!restarts) {
            stop_at_floor();
        }
    }
    end_at_limits();
}

fn is_busy() -> bool {
    return lane.phase != PHASE_IDLE && lane.waits == 0u;
}

// So many rounds of every listed lane. In a `step()` a lane that has accepted a point waits for the others.
@compute @workgroup_size(WORKGROUP)
fn rounds(@builtin(global_invocation_id) id: vec3<u32>) {
    let k = place_in_list(id);
    if (k >= rules.count) {
        return;
    }
    slot = lists.slots[rules.list + rules.first + k];
    // A lane that has ended, or waits, costs no more than this.
    lane.phase = fields[PHASE_FIELD * rules.pool + slot];
    lane.waits = select(fields[WAITS_FIELD * rules.pool + slot], 0u, (rules.flags & RELEASE) != 0u);
    if (is_busy()) {
        run();
    }
    if (lane.phase != PHASE_IDLE) {
        atomicAdd(&lists.active_lanes, 1u);
    }
    if (is_busy()) {
        atomicAdd(&lists.busy, 1u);
    }
}

fn run() {
    load_lane();
    load_vectors();
    lane.waits = 0u;
    let evaluations = lane.evaluations;
    let iterations = lane.iterations;
    for (var r = 0u; r < rules.rounds && is_busy(); r++) {
        one_round();
    }
    store_vectors();
    store_lane();
    atomicAdd(&lists.evaluations, lane.evaluations - evaluations);
    atomicAdd(&lists.iterations, lane.iterations - iterations);
}
