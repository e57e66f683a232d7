// A weight hangs from two springs whose ends are fixed at (-1, 0) and (1, 0). Each lane has a weight p[0] and a stiffness p[1] of its own:
// where does it come to rest? With p = (0, 50) it stays in the middle, where the springs are at ease.
//
//   manymin sweep sweep.wgsl --parameters sweep.csv --bounds=-3,3
//
// data: sweep.csv has a row of parameters a lane
// bounds: -3, 3
// minimum: 0 at 0, 0 with p = 0, 50
const REST = 1.0;

fn spring(end: vec2<f32>, weight: vec2<f32>, stiffness: f32) -> f32 {
    let longer = distance(end, weight) - REST;
    return 0.5 * stiffness * longer * longer;
}

fn objective(x: array<f32, 2>, p: array<f32, 2>) -> f32 {
    let place = vec2(x[0], x[1]);
    return p[0] * place.y + spring(vec2(-1.0, 0.0), place, p[1]) + spring(vec2(1.0, 0.0), place, p[1]);
}
