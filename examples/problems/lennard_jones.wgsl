// A cluster of ATOMS atoms that attract each other from afar and repel each other when close, by the potential of Lennard-Jones,
// 4 (r^-12 - r^-6): where do they settle? With 13 atoms the lowest energy is -44.326801, an icosahedron around one atom; there are
// some 1,500 other minima. Known lowest energies: 4 atoms -6, 7 -16.505384, 13 -44.326801, 18 -66.530949.
//
//   manymin minimize lennard_jones.wgsl --bounds=-2,2 --unbounded --starts 4096 --distinct value
//   manymin minimize lennard_jones.wgsl --set ATOMS=7 --bounds=-2,2 --unbounded --starts 1000 --distinct value
//
// bounds: -2, 2
// minimum: -6 at 0.39685026299204984, 0.39685026299204984, 0.39685026299204984, 0.39685026299204984, -0.39685026299204984, -0.39685026299204984, -0.39685026299204984, 0.39685026299204984, -0.39685026299204984, -0.39685026299204984, -0.39685026299204984, 0.39685026299204984 with ATOMS=4
const ATOMS: u32 = 13u;
const DIM: u32 = 3u * ATOMS;

fn atom(x: array<f32, DIM>, i: u32) -> vec3<f32> {
    return vec3(x[3u * i], x[3u * i + 1u], x[3u * i + 2u]);
}

fn objective(x: array<f32, DIM>) -> f32 {
    var energy = 0.0;
    for (var i = 0u; i < ATOMS; i++) {
        for (var j = i + 1u; j < ATOMS; j++) {
            let apart = atom(x, i) - atom(x, j);
            let near = 1.0 / dot(apart, apart);
            let near3 = near * near * near;
            energy += 4.0 * (near3 * near3 - near3);
        }
    }
    return energy;
}
