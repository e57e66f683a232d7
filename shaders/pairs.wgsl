// The pairs that L-BFGS remembers: s in `steps`, y in `changes`, by blocks of four components, of which the last one's rest is
// zero. Lanes of a group have their newest pairs in different places of the ring: what a GPU reads at once should be of use.

// Block `b` of the pair in place `k` of the ring.
fn at_pair(k: u32, b: u32) -> u32 {
    return (k * BLOCKS + b) * rules.pool + slot;
}

// The place in the ring of the newest pair but `k`: as many pairs were written as steps were accepted and not refused.
fn ring(k: u32) -> u32 {
    return (lane.iterations - lane.refused + MEMORY - 1u - k) % MEMORY;
}

// Writes the pair to the next place of the ring. Beyond the last component the history has zeros.
fn remember(pair: Pair) {
    let newest = ring(0u);
    for (var b = 0u; b < BLOCKS; b++) {
        var s = vec4<f32>();
        var y = vec4<f32>();
        for (var c = 0u; c < 4u; c++) {
            let i = 4u * b + c;
            if (i < N) {
                s[c] = trial_x(i) - x(i);
                y[c] = bend * (trial_g(i) - g(i));
            }
        }
        steps[at_pair(newest, b)] = s;
        changes[at_pair(newest, b)] = y;
    }
    set_rho(newest, pair.rho);
    lane.gamma = pair.gamma;
    lane.pairs = min(lane.pairs + 1u, MEMORY);
}

// What is remembered, to the host and back: the pairs, newest first, each as 1 / s.y, s and y. Their places in the ring are
// nobody else's business.
fn save_history(to: u32) {
    for (var p = 0u; p < lane.pairs; p++) {
        let here = ring(p);
        let at = to + p * (2u * N + 1u);
        transfer[at] = bitcast<u32>(rho(here));
        for (var i = 0u; i < N; i++) {
            transfer[at + 1u + i] = bitcast<u32>(steps[at_pair(here, i / 4u)][i % 4u]);
            transfer[at + 1u + N + i] = bitcast<u32>(changes[at_pair(here, i / 4u)][i % 4u]);
        }
    }
}

fn restore_history(source: u32) {
    for (var p = 0u; p < lane.pairs; p++) {
        let here = ring(p);
        let at = source + p * (2u * N + 1u);
        set_rho(here, bitcast<f32>(transfer[at]));
        for (var i = 0u; i < N; i++) {
            steps[at_pair(here, i / 4u)][i % 4u] = bitcast<f32>(transfer[at + 1u + i]);
            changes[at_pair(here, i / 4u)][i % 4u] = bitcast<f32>(transfer[at + 1u + N + i]);
        }
    }
}

// Inner products by blocks, added up as `Sum` is: in parts of 32 components, then over the parts.
struct BlockSum {
    total: vec4<f32>,
    part: vec4<f32>,
}

fn add_block(sum: ptr<function, BlockSum>, b: u32, u: vec4<f32>, v: vec4<f32>) {
    (*sum).part += u * v;
    if (b % (SUM_BLOCK / 4u) == SUM_BLOCK / 4u - 1u) {
        (*sum).total += (*sum).part;
        (*sum).part = vec4<f32>();
    }
}

fn total_of_blocks(sum: BlockSum) -> f32 {
    let all = sum.total + sum.part;
    return (all.x + all.y) + (all.z + all.w);
}
