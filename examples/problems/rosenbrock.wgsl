// Rosenbrock's valley in DIM dimensions: a curved valley, hard to follow, with the minimum at its end and, from four dimensions on,
// a second minimum near (-1, 1, 1, ...), of value about 3.99.
//
//   manymin minimize rosenbrock.wgsl --bounds=-2,2 --starts 1000
//
// bounds: -2, 2
// minimum: 0 at 1
const DIM: u32 = 10u;

fn objective(x: array<f32, DIM>) -> f32 {
    var sum = 0.0;
    for (var i = 0u; i < DIM - 1u; i++) {
        let rise = x[i + 1u] - x[i] * x[i];
        sum += 100.0 * rise * rise + (1.0 - x[i]) * (1.0 - x[i]);
    }
    return sum;
}
