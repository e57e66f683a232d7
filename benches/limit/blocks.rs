//! Kernels with vector types: value and gradient of a block of L lanes in one pass, the dimension known to the compiler. As in
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
    pub(crate) g: [Row<L>; N],
    pub(crate) f: Row<L>,
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
    let (one, zero) = (s.splat_f32s(1.0), s.splat_f32s(0.0));
    let (hundred, two_hundred, four_hundred) = (s.splat_f32s(100.0), s.splat_f32s(200.0), s.splat_f32s(400.0));
    let (mut x, mut f, mut carry) = ([zero; K], [zero; K], [zero; K]);
    for k in 0..K {
        x[k] = block.x[0].get(s, v + k);
    }
    for i in 0..N - 1 {
        for k in 0..K {
            let next = block.x[i + 1].get(s, v + k);
            let valley = s.sub_f32s(next, s.mul_f32s(x[k], x[k]));
            let slope = s.sub_f32s(one, x[k]);
            let squares = s.add_f32s(s.mul_f32s(s.mul_f32s(hundred, valley), valley), s.mul_f32s(slope, slope));
            f[k] = s.add_f32s(f[k], squares);
            // As many additions as multiplications: they have pipes of their own.
            let across = s.mul_f32s(s.mul_f32s(four_hundred, valley), x[k]);
            block.g[i].set(s, v + k, s.sub_f32s(s.sub_f32s(carry[k], across), s.add_f32s(slope, slope)));
            carry[k] = s.mul_f32s(two_hundred, valley);
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

/// The two-term decay, K vectors side by side.
pub(crate) struct Decay<'a, const L: usize, const K: usize>(pub(crate) &'a mut [Block<4, L>], pub(crate) &'a Observations);

impl<const L: usize, const K: usize> pulp::WithSimd for Decay<'_, L, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        for block in self.0 {
            let mut v = 0;
            while v < L / S::F32_LANES {
                decay_vectors::<S, L, K>(s, block, self.1, v);
                v += K;
            }
        }
    }
}

#[inline(always)]
fn decay_vectors<S: Simd, const L: usize, const K: usize>(s: S, block: &mut Block<4, L>, data: &Observations, v: usize) {
    let zero = s.splat_f32s(0.0);
    let mut x = [[zero; K]; 4];
    for i in 0..4 {
        for k in 0..K {
            let value = block.x[i].get(s, v + k);
            // The rates come with a minus sign.
            x[i][k] = if i % 2 == 0 { value } else { s.sub_f32s(zero, value) };
        }
    }
    let (mut squares, mut sums) = ([zero; K], [[zero; K]; 4]);
    for (&t, &y) in data.t.iter().zip(&data.y) {
        let (t, y) = (s.splat_f32s(t), s.splat_f32s(y));
        for k in 0..K {
            let first = exp(s, s.mul_f32s(x[1][k], t));
            let second = exp(s, s.mul_f32s(x[3][k], t));
            let model = s.add_f32s(s.mul_f32s(x[0][k], first), s.mul_f32s(x[2][k], second));
            let residual = s.sub_f32s(model, y);
            squares[k] = s.add_f32s(squares[k], s.mul_f32s(residual, residual));
            let (first, second) = (s.mul_f32s(residual, first), s.mul_f32s(residual, second));
            sums[0][k] = s.add_f32s(sums[0][k], first);
            sums[1][k] = s.add_f32s(sums[1][k], s.mul_f32s(first, t));
            sums[2][k] = s.add_f32s(sums[2][k], second);
            sums[3][k] = s.add_f32s(sums[3][k], s.mul_f32s(second, t));
        }
    }
    let (two, minus_two) = (s.splat_f32s(2.0), s.splat_f32s(-2.0));
    for k in 0..K {
        block.f.set(s, v + k, squares[k]);
        block.g[0].set(s, v + k, s.mul_f32s(two, sums[0][k]));
        block.g[1].set(s, v + k, s.mul_f32s(s.mul_f32s(minus_two, x[0][k]), sums[1][k]));
        block.g[2].set(s, v + k, s.mul_f32s(two, sums[2][k]));
        block.g[3].set(s, v + k, s.mul_f32s(s.mul_f32s(minus_two, x[2][k]), sums[3][k]));
    }
}

/// The formula of the engine's own exp, coefficient by coefficient.
#[inline(always)]
fn exp<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    const ROUND: f32 = 12_582_912.0;
    let (round, c) = (s.splat_f32s(ROUND), |value: f32| s.splat_f32s(value));
    let x = s.max_f32s(c(-105.0), s.min_f32s(c(90.0), x));
    let shifted = s.add_f32s(s.mul_f32s(x, c(std::f32::consts::LOG2_E)), round);
    let n = s.sub_f32s(shifted, round);
    let r = s.sub_f32s(s.sub_f32s(x, s.mul_f32s(n, c(0.693_359_4))), s.mul_f32s(n, c(-2.121_944_4e-4)));
    let mut p = c(1.987_569_1e-4);
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 0.041_665_796, 0.166_666_65, 0.5] {
        p = s.add_f32s(c(coefficient), s.mul_f32s(r, p));
    }
    let p = s.add_f32s(c(1.0), s.add_f32s(r, s.mul_f32s(s.mul_f32s(r, r), p)));
    // 2^n in two factors, as exponents with their bias: twice 127 is added to n.
    let (one, exponent) = (s.splat_u32s(1), s.splat_u32s(23));
    let n = s.sub_u32s(s.transmute_u32s_f32s(shifted), s.splat_u32s(ROUND.to_bits() - 254));
    let half = s.wrapping_dyn_shr_u32s(n, one);
    let power = |n| s.transmute_f32s_u32s(s.wrapping_dyn_shl_u32s(n, exponent));
    s.mul_f32s(s.mul_f32s(p, power(half)), power(s.sub_u32s(n, half)))
}
