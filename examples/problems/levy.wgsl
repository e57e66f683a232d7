// Levy's function in DIM dimensions: waves in every direction, the last component's twice as short.
//
//   manymin minimize levy.wgsl --bounds=-10,10 --starts 10000
//
// bounds: -10, 10
// minimum: 0 at 1
const DIM: u32 = 10u;
const PI = 3.141592653589793;

fn moved(x: f32) -> f32 {
    return 1.0 + (x - 1.0) / 4.0;
}

fn squared(v: f32) -> f32 {
    return v * v;
}

fn objective(x: array<f32, DIM>) -> f32 {
    var sum = squared(sin(PI * moved(x[0])));
    for (var i = 0u; i < DIM; i++) {
        let w = moved(x[i]);
        if (i < DIM - 1u) {
            sum += squared(w - 1.0) * (1.0 + 10.0 * squared(sin(PI * w + 1.0)));
        } else {
            sum += squared(w - 1.0) * (1.0 + squared(sin(2.0 * PI * w)));
        }
    }
    return sum;
}
