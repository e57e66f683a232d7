// What is bound, and how a lane's memory is reached: structure of arrays, element `i` of the lane at `slot` stands at
// `i * pool + slot`.

struct Rules {
    pool: u32,
    // Where the list of slots to work on begins, where to begin in it, and how many there are.
    list: u32,
    first: u32,
    count: u32,
    // Invocations in a row of the dispatch.
    width: u32,
    rounds: u32,
    flags: u32,
    // Where the other list begins.
    other: u32,
    noise: f32,
    // 0, which compilers don't know.
    zero: u32,
}

struct Lists {
    // Lanes under way, those of them that have not accepted a step in this `step()`, and what all lanes did.
    active_lanes: atomic<u32>,
    busy: atomic<u32>,
    evaluations: atomic<u32>,
    iterations: atomic<u32>,
    // Time stamps on their way to the host.
    stamps: array<u32, STAMPS>,
    slots: array<u32>,
}

@group(0) @binding(0) var<uniform> rules: Rules;
@group(0) @binding(1) var<storage, read_write> fields: array<u32>;
@group(0) @binding(2) var<storage, read_write> vectors: array<f32>;
@group(0) @binding(3) var<storage, read_write> steps: array<Remembered>;
@group(0) @binding(4) var<storage, read_write> changes: array<Remembered>;
@group(0) @binding(5) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(6) var<storage, read> data: array<f32>;
@group(0) @binding(7) var<storage, read_write> lists: Lists;
@group(0) @binding(8) var<storage, read_write> transfer: array<u32>;

// The lane that this invocation works on.
var<private> slot: u32;
var<private> lane: Lane;

fn is_finite(value: f32) -> bool {
    // By bits: shaders may assume that nothing is infinite or not a number, and drop any other test.
    return (bitcast<u32>(value) & EXPONENT_BITS) != EXPONENT_BITS;
}

fn is_minus_infinity(value: f32) -> bool {
    return bitcast<u32>(value) == MINUS_INFINITY_BITS;
}

// The value as it is rounded. Compilers may take x + step - x for step, though a step below the resolution of x moves
// nothing, and may evaluate f at x + step before it is rounded: not where the lane will stand.
fn settled(value: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(value) ^ rules.zero);
}

// The place in the list that this invocation works on.
fn place_in_list(id: vec3<u32>) -> u32 {
    return id.y * rules.width + id.x;
}

// Inner products are added in blocks of 32 components, every other one to one of two sums, then over the blocks.
struct Sum {
    total: f32,
    older: f32,
    newer: f32,
}

fn add(sum: ptr<function, Sum>, i: u32, a: f32, b: f32) {
    let next = (*sum).older + a * b;
    (*sum).older = (*sum).newer;
    (*sum).newer = next;
    if (i % SUM_BLOCK == SUM_BLOCK - 1u) {
        (*sum).total += (*sum).older + (*sum).newer;
        (*sum).older = 0.0;
        (*sum).newer = 0.0;
    }
}

fn total(sum: Sum) -> f32 {
    return sum.total + (sum.older + sum.newer);
}
