// Himmelblau's function: four minima of value 0, at (3, 2), (-2.805118, 3.131313), (-3.779310, -3.283186) and (3.584428, -1.848127).
//
//   manymin minimize himmelblau.wgsl --bounds=-5,5 --starts 100
//
// bounds: -5, 5
// minimum: 0 at 3, 2
fn objective(x: array<f32, 2>) -> f32 {
    let point = vec2(x[0], x[1]);
    let miss = point * point + point.yx - vec2(11.0, 7.0);
    return dot(miss, miss);
}
