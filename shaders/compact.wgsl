// The list of lanes under way without those that have ended, in the same order; those go to a list of their own.

// Lanes under way among those of a workgroup up to each invocation's own.
var<workgroup> counts: array<u32, WORKGROUP>;

fn is_active(k: u32) -> bool {
    return k < rules.count && fields[PHASE_FIELD * rules.pool + lists.slots[rules.list + k]] != PHASE_IDLE;
}

// The sum of the values of the invocations before `at` (Hillis and Steele's scan).
fn scan(at: u32, value: u32) -> u32 {
    counts[at] = value;
    workgroupBarrier();
    for (var reach = 1u; reach < WORKGROUP; reach *= 2u) {
        var before = 0u;
        if (at >= reach) {
            before = counts[at - reach];
        }
        workgroupBarrier();
        counts[at] += before;
        workgroupBarrier();
    }
    return counts[at] - value;
}

// First: how many lanes of each workgroup's part of the list are under way.
@compute @workgroup_size(WORKGROUP)
fn count_active(@builtin(local_invocation_index) at: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let block = group.y * (rules.width / WORKGROUP) + group.x;
    let own = select(0u, 1u, is_active(block * WORKGROUP + at));
    let before = scan(at, own);
    if (at == WORKGROUP - 1u && block * WORKGROUP < rules.count) {
        lists.slots[SUMS * rules.pool + block] = before + own;
    }
}

// Second, in one workgroup: how many are under way before each part.
@compute @workgroup_size(WORKGROUP)
fn add_up(@builtin(local_invocation_index) at: u32) {
    let blocks = (rules.count + WORKGROUP - 1u) / WORKGROUP;
    let share = (blocks + WORKGROUP - 1u) / WORKGROUP;
    let sums = SUMS * rules.pool;
    var own = 0u;
    for (var block = at * share; block < min((at + 1u) * share, blocks); block++) {
        own += lists.slots[sums + block];
    }
    var before = scan(at, own);
    for (var block = at * share; block < min((at + 1u) * share, blocks); block++) {
        let here = lists.slots[sums + block];
        lists.slots[sums + block] = before;
        before += here;
    }
}

// Third: each slot to its place in the list of lanes under way, at `other`, or in that of lanes that have ended, after `first`.
@compute @workgroup_size(WORKGROUP)
fn spread(@builtin(local_invocation_index) at: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let block = group.y * (rules.width / WORKGROUP) + group.x;
    let k = block * WORKGROUP + at;
    let stays = is_active(k);
    let before = scan(at, select(0u, 1u, stays));
    if (k >= rules.count) {
        return;
    }
    let place = lists.slots[SUMS * rules.pool + block] + before;
    let here = lists.slots[rules.list + k];
    if (stays) {
        lists.slots[rules.other + place] = here;
    } else {
        lists.slots[ENDED * rules.pool + rules.first + k - place] = here;
    }
}
