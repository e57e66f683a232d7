// Two substances that decay at once, A exp(-a t) + B exp(-b t), told from 41 readings of their sum. The readings were computed from
// A = 2.5, a = 1.3, B = 0.7, b = 0.2, so the fit reaches 0; it does so a second time with the substances exchanged.
//
//   manymin minimize decay.wgsl --data t=decay.csv:t --data y=decay.csv:y --bounds=0,5 --starts 1000 --distinct value
//
// data: decay.csv
// bounds: 0, 5
// minimum: 0 at 2.5, 1.3, 0.7, 0.2
@group(0) @binding(0) var<storage, read> t: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;

fn objective(x: array<f32, 4>) -> f32 {
    var squares = 0.0;
    for (var i = 0u; i < arrayLength(&t); i++) {
        let miss = x[0] * exp(-x[1] * t[i]) + x[2] * exp(-x[3] * t[i]) - y[i];
        squares += miss * miss;
    }
    return squares;
}
