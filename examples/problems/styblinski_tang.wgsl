// The function of Styblinski and Tang in DIM dimensions: two minima for each component, near -2.9 and 2.7, so 2^DIM in all. The lowest
// is -39.16616570377142 DIM.
//
//   manymin minimize styblinski_tang.wgsl --bounds=-5,5 --starts 10000
//
// bounds: -5, 5
// minimum: -391.6616570377142 at -2.903534027771177
const DIM: u32 = 10u;

fn objective(x: array<f32, DIM>) -> f32 {
    var sum = 0.0;
    for (var i = 0u; i < DIM; i++) {
        let square = x[i] * x[i];
        sum += square * square - 16.0 * square + 5.0 * x[i];
    }
    return 0.5 * sum;
}
