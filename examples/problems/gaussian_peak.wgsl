// A peak on a sloping background, h exp(-((t - m) / w)^2 / 2) + a + b t, fitted to 51 readings. They were computed from h = 3, m = 2.2,
// w = 0.4, a = 0.5, b = 0.1 without noise, so that the fit can be judged: it reaches 0. From many starts the peak misses the readings'
// and lies flat, or negative: that is why there are many.
//
//   manymin minimize gaussian_peak.wgsl --data t=gaussian_peak.csv:t --data y=gaussian_peak.csv:y --bounds=0,5 --starts 1000
//
// data: gaussian_peak.csv
// bounds: 0, 5
// minimum: 0 at 3, 2.2, 0.4, 0.5, 0.1
@group(0) @binding(0) var<storage, read> t: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;

fn objective(x: array<f32, 5>) -> f32 {
    var squares = 0.0;
    for (var i = 0u; i < arrayLength(&t); i++) {
        let z = (t[i] - x[1]) / x[2];
        let miss = x[0] * exp(-0.5 * z * z) + x[3] + x[4] * t[i] - y[i];
        squares += miss * miss;
    }
    return squares;
}
