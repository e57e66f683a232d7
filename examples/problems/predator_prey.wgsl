// Hares and foxes by Lotka and Volterra, u' = a u - b u v, v' = d u v - c v, from 10 and 5 of them: which a, b, c, d explain 20 counts of
// both, half a unit of time apart? The equations are integrated by the method of Runge and Kutta, ten steps from count to count. The
// counts were computed from a = 1.1, b = 0.4, c = 0.4, d = 0.1, so the fit reaches 0.
//
//   manymin minimize predator_prey.wgsl --data prey=predator_prey.csv:prey --data predators=predator_prey.csv:predators --bounds=0.05,1.5 --starts 256
//
// data: predator_prey.csv
// bounds: 0.05, 1.5
// minimum: 0 at 1.1, 0.4, 0.4, 0.1
@group(0) @binding(0) var<storage, read> prey: array<f32>;
@group(0) @binding(1) var<storage, read> predators: array<f32>;

const STEPS: u32 = 10u;
const H = 0.05;

fn slope(rates: vec4<f32>, at: vec2<f32>) -> vec2<f32> {
    let met = at.x * at.y;
    return vec2(rates.x * at.x - rates.y * met, rates.w * met - rates.z * at.y);
}

fn objective(x: array<f32, 4>) -> f32 {
    let rates = vec4(x[0], x[1], x[2], x[3]);
    var animals = vec2(10.0, 5.0);
    var squares = 0.0;
    for (var k = 0u; k < arrayLength(&prey); k++) {
        for (var step = 0u; step < STEPS; step++) {
            let k1 = slope(rates, animals);
            let k2 = slope(rates, animals + 0.5 * H * k1);
            let k3 = slope(rates, animals + 0.5 * H * k2);
            let k4 = slope(rates, animals + H * k3);
            animals += H / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
        }
        let miss = animals - vec2(prey[k], predators[k]);
        squares += dot(miss, miss);
    }
    return squares;
}
