// Thomson's problem: ELECTRONS charges on a sphere keep as far from each other as they can. Each has a polar angle and an azimuth, so
// that the sphere needs no constraint. Known lowest energies: 4 charges 3.674234614, 6 9.985281374, 12 49.165253058.
//
//   manymin minimize thomson.wgsl --bounds=0,6.2832 --unbounded --starts 1000 --distinct value
//
// bounds: 0, 6.2832
// minimum: 9.985281374238571 at 0.1, 0, 3.241592653589793, 0, 1.670796326794897, 0, 4.812388980384690, 0, 1.570796326794897, 1.570796326794897, 1.570796326794897, 4.712388980384690
const ELECTRONS: u32 = 6u;
const DIM: u32 = 2u * ELECTRONS;

fn place(x: array<f32, DIM>, i: u32) -> vec3<f32> {
    let polar = x[2u * i];
    let azimuth = x[2u * i + 1u];
    return vec3(sin(polar) * cos(azimuth), sin(polar) * sin(azimuth), cos(polar));
}

fn objective(x: array<f32, DIM>) -> f32 {
    var energy = 0.0;
    for (var i = 0u; i < ELECTRONS; i++) {
        for (var j = 0u; j < i; j++) {
            energy += 1.0 / distance(place(x, i), place(x, j));
        }
    }
    return energy;
}
