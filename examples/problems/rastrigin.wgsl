// Rastrigin's function in DIM dimensions: a bowl with a minimum near every point with integer components, 11^DIM of them in the box.
//
//   manymin minimize rastrigin.wgsl --bounds=-5.12,5.12 --starts 100000
//
// bounds: -5.12, 5.12
// minimum: 0 at 0
const DIM: u32 = 10u;
const TURN = 6.283185307179586;

fn objective(x: array<f32, DIM>) -> f32 {
    var sum = 10.0 * f32(DIM);
    for (var i = 0u; i < DIM; i++) {
        sum += x[i] * x[i] - 10.0 * cos(TURN * x[i]);
    }
    return sum;
}
