//! Hand-written kernels: value and gradient of a block of L lanes in one pass, the dimension known to the compiler. As in
//! the engine, multiplication and addition are never fused.

use pulp::Simd;

use crate::objectives::{OBSERVATIONS, observations};

/// One value for each lane of a block.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Row<const L: usize>(pub(crate) [f32; L]);

impl<const L: usize> Row<L> {
    pub(crate) const ZERO: Self = Self([0.0; L]);

    /// Vector `v` of it.
    #[inline(always)]
    pub(crate) fn get<S: Simd>(&self, _: S, v: usize) -> S::f32s {
        S::as_simd_f32s(&self.0).0[v]
    }

    #[inline(always)]
    pub(crate) fn set<S: Simd>(&mut self, _: S, v: usize, value: S::f32s) {
        S::as_mut_simd_f32s(&mut self.0).0[v] = value;
    }
}

/// Points, gradients and values of L lanes.
pub(crate) struct Block<const N: usize, const L: usize> {
    pub(crate) x: [Row<L>; N],
    g: [Row<L>; N],
    f: Row<L>,
}

/// As many blocks as make so many lanes.
pub(crate) fn blocks<const N: usize, const L: usize>(lanes: usize) -> Vec<Block<N, L>> {
    (0..lanes / L).map(|_| Block { x: [Row::ZERO; N], g: [Row::ZERO; N], f: Row::ZERO }).collect()
}

/// What a test of the kernels asks, whatever L is.
pub(crate) trait Lanes {
    fn set_lane(&mut self, lane: usize, point: &[f64]);
    fn value(&self, lane: usize) -> f64;
    fn gradient(&self, lane: usize) -> Vec<f64>;
}

impl<const N: usize, const L: usize> Lanes for Vec<Block<N, L>> {
    fn set_lane(&mut self, lane: usize, point: &[f64]) {
        for (x, &value) in self[lane / L].x.iter_mut().zip(point) {
            x.0[lane % L] = value as f32;
        }
    }

    fn value(&self, lane: usize) -> f64 {
        f64::from(self[lane / L].f.0[lane % L])
    }

    fn gradient(&self, lane: usize) -> Vec<f64> {
        self[lane / L].g.iter().map(|g| f64::from(g.0[lane % L])).collect()
    }
}

/// Rosenbrock's function, K vectors side by side.
pub(crate) struct Rosenbrock<'a, const N: usize, const L: usize, const K: usize>(pub(crate) &'a mut [Block<N, L>]);

impl<const N: usize, const L: usize, const K: usize> pulp::WithSimd for Rosenbrock<'_, N, L, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        for block in self.0 {
            let mut v = 0;
            while v < L / S::F32_LANES {
                rosenbrock_vectors::<S, N, L, K>(s, block, v);
                v += K;
            }
        }
    }
}

#[inline(always)]
fn rosenbrock_vectors<S: Simd, const N: usize, const L: usize, const K: usize>(s: S, block: &mut Block<N, L>, v: usize) {
    let (one, hundred, zero) = (s.splat_f32s(1.0), s.splat_f32s(100.0), s.splat_f32s(0.0));
    let (mut x, mut f, mut carry) = ([zero; K], [zero; K], [zero; K]);
    for k in 0..K {
        x[k] = block.x[0].get(s, v + k);
    }
    for i in 0..N - 1 {
        for k in 0..K {
            let next = block.x[i + 1].get(s, v + k);
            let valley = s.sub_f32s(next, s.mul_f32s(x[k], x[k]));
            let slope = s.sub_f32s(one, x[k]);
            let steep = s.mul_f32s(hundred, valley);
            f[k] = s.add_f32s(f[k], s.add_f32s(s.mul_f32s(steep, valley), s.mul_f32s(slope, slope)));
            let twice = s.add_f32s(steep, steep);
            let across = s.mul_f32s(s.add_f32s(twice, twice), x[k]);
            block.g[i].set(s, v + k, s.sub_f32s(s.sub_f32s(carry[k], across), s.add_f32s(slope, slope)));
            carry[k] = twice;
            x[k] = next;
        }
    }
    for k in 0..K {
        block.g[N - 1].set(s, v + k, carry[k]);
        block.f.set(s, v + k, f[k]);
    }
}

/// The decay's data, in f32.
pub(crate) struct Observations {
    pub(crate) t: [f32; OBSERVATIONS],
    pub(crate) y: [f32; OBSERVATIONS],
}

impl Observations {
    pub(crate) fn new() -> Self {
        let (t, y) = observations();
        Self { t: std::array::from_fn(|k| t[k] as f32), y: std::array::from_fn(|k| y[k] as f32) }
    }
}

/// The two-term decay.
pub(crate) struct Decay<'a, const L: usize>(pub(crate) &'a mut [Block<4, L>], pub(crate) &'a Observations);

impl<const L: usize> pulp::NullaryFnOnce for Decay<'_, L> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for block in self.0 {
            decay_block(block, self.1);
        }
    }
}

#[inline(always)]
fn decay_block<const L: usize>(block: &mut Block<4, L>, data: &Observations) {
    let Block { x: [x0, x1, x2, x3], g, f } = block;
    let (x0, x1, x2, x3) = (x0.0, x1.0, x2.0, x3.0);
    let (mut squares, mut by0, mut by1, mut by2, mut by3) = ([0.0; L], [0.0; L], [0.0; L], [0.0; L], [0.0; L]);
    for (&t, &y) in data.t.iter().zip(&data.y) {
        for l in 0..L {
            let (first, second) = (exp(-x1[l] * t), exp(-x3[l] * t));
            let residual = x0[l] * first + x2[l] * second - y;
            squares[l] += residual * residual;
            let (first, second) = (residual * first, residual * second);
            by0[l] += first;
            by2[l] += second;
            by1[l] += first * t;
            by3[l] += second * t;
        }
    }
    for l in 0..L {
        f.0[l] = squares[l];
        g[0].0[l] = 2.0 * by0[l];
        g[1].0[l] = -2.0 * x0[l] * by1[l];
        g[2].0[l] = 2.0 * by2[l];
        g[3].0[l] = -2.0 * x2[l] * by3[l];
    }
}

/// The formula of the engine's own exp.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let x = if x > 90.0 { 90.0 } else { x };
    let x = if x < -105.0 { -105.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * 0.693_359_375 - n * -2.121_944_4e-4;
    let p = 1.398_199_9e-3 + r * 1.987_569_1e-4;
    let p = 0.5 + r * (0.166_666_65 + r * (0.041_665_796 + r * (8.333_452e-3 + r * p)));
    let p = 1.0 + (r + r * r * p);
    let n = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let half = n >> 1;
    p * power_of_two(half) * power_of_two(n - half)
}

#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits(((n + 127) << 23) as u32)
}
