// The pairs of L-BFGS where components are held on bounds: each counts by what it tells of the others. Without bounds
// unheld.wgsl stands in this one's place.

// Bits of the components that are held at x: on a bound with the gradient pushing out, or fixed.
var<private> held_bits: array<u32, HELD_WORDS>;
// gamma of the newest pair that counts.
var<private> free_gamma: f32;

// Nothing of components that are held, else their `values`, of block `b`.
fn free(b: u32, values: vec4<f32>) -> vec4<f32> {
    let bits = vec4<u32>(held_bits[4u * b / WORD_BITS] >> (4u * b % WORD_BITS));
    return select(values, vec4<f32>(), (bits & vec4<u32>(1u, 2u, 4u, 8u)) != vec4<u32>());
}

// What the pair `k` before the newest, at place `here` of the ring, counts: 1 / s.y over the free components.
fn pair_weight(k: u32, here: u32) -> f32 {
    return weight(k);
}

fn pair_gamma() -> f32 {
    return free_gamma;
}

// Finds what is held, and weighs the pairs by the rest.
fn prepare() {
    var any = false;
    for (var i = 0u; i < N; i++) {
        let held = is_held(i, x(i), g(i));
        any = any || held;
        let others = select(held_bits[i / WORD_BITS], 0u, i % WORD_BITS == 0u);
        held_bits[i / WORD_BITS] = others | (select(0u, 1u, held) << (i % WORD_BITS));
    }
    free_gamma = lane.gamma;
    var open = any;
    for (var k = 0u; k < lane.pairs; k++) {
        let here = ring(k);
        var own = rho(here);
        if (any) {
            own = weigh(here, open);
            open = open && own == 0.0;
        }
        set_weight(k, own);
    }
}

// 1 / s.y of a pair over the free components, or 0 if that is not positive beyond rounding. The gamma of the first that
// counts is kept.
fn weigh(here: u32, first: bool) -> f32 {
    var product = BlockSum();
    var square = BlockSum();
    let rho_here = rho(here);
    // Of all components the products rho s_i y_i add up to 1: nothing overflows that has not before.
    for (var b = 0u; b < BLOCKS; b++) {
        let y = free(b, changes[at_pair(here, b)]);
        add_block(&product, b, rho_here * steps[at_pair(here, b)], y);
        add_block(&square, b, rho_here * y, y);
    }
    let share = total_of_blocks(product);
    let own = rho_here / share;
    let gamma = share / total_of_blocks(square);
    if (!(share > PAIR_NOISE * EPSILON) || !is_usable(own) || !is_usable(gamma)) {
        return 0.0;
    }
    if (first) {
        free_gamma = gamma;
    }
    return own;
}
