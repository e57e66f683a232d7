// Misra1a of the NIST Statistical Reference Datasets: y = b1 (1 - exp(-b2 x)), fitted to 14 observations by least squares. Certified:
// b1 = 238.94212918, b2 = 5.5015643181e-4, residual sum of squares 0.12455138894. b2 is counted in thousandths here, so that both
// parameters are of a size that single precision and one step length suit.
//
//   manymin minimize misra1a.wgsl --data x=misra1a.csv:x --data y=misra1a.csv:y --bounds=100,500 --bounds=0.1,1 --starts 64 --polish 1
//
// data: misra1a.csv
// bounds: 100, 500; 0.1, 1
// minimum: 0.12455138894 at 238.94212918, 0.55015643181
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;

fn objective(b: array<f32, 2>) -> f32 {
    var squares = 0.0;
    for (var i = 0u; i < arrayLength(&x); i++) {
        let miss = b[0] * (1.0 - exp(-0.001 * b[1] * x[i])) - y[i];
        squares += miss * miss;
    }
    return squares;
}
