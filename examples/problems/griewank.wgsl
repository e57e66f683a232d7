// Griewank's function in DIM dimensions: a wide bowl with waves on it, which are a product over all components.
//
//   manymin minimize griewank.wgsl --bounds=-600,600 --starts 10000
//
// bounds: -600, 600
// minimum: 0 at 0
const DIM: u32 = 10u;

fn objective(x: array<f32, DIM>) -> f32 {
    var bowl = 0.0;
    var waves = 1.0;
    for (var i = 0u; i < DIM; i++) {
        bowl += x[i] * x[i] / 4000.0;
        waves *= cos(x[i] / sqrt(f32(i + 1u)));
    }
    return 1.0 + bowl - waves;
}
