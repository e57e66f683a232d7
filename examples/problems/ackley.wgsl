// Ackley's function in DIM dimensions: many shallow minima around a deep one. The deep one is a kink, as the tip of a cone is: lanes
// that end there say so (stalled, or a failed line search), and not that they have converged.
//
//   manymin minimize ackley.wgsl --bounds=-32,32 --starts 10000
//
// bounds: -32, 32
// minimum: 0 at 0
const DIM: u32 = 10u;
const TURN = 6.283185307179586;
const E = 2.718281828459045;

fn objective(x: array<f32, DIM>) -> f32 {
    var squares = 0.0;
    var waves = 0.0;
    for (var i = 0u; i < DIM; i++) {
        squares += x[i] * x[i];
        waves += cos(TURN * x[i]);
    }
    return 20.0 + E - 20.0 * exp(-0.2 * sqrt(squares / f32(DIM))) - exp(waves / f32(DIM));
}
