//! The same kernels as plain Rust over lane blocks: arrays of lanes, an inner loop over them, and no vector types. It is what
//! one writes by hand, and leaves to the compiler; `blocks` and `direction` have the same with vector types and registers.

use crate::blocks::{Block, Observations, Row};
use crate::direction::{Hand, M, N, State, Target};

/// Rosenbrock's function.
pub(crate) struct Rosenbrock<'a, const D: usize, const L: usize>(pub(crate) &'a mut [Block<D, L>]);

impl<const D: usize, const L: usize> pulp::NullaryFnOnce for Rosenbrock<'_, D, L> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for block in self.0 {
            let Block { x, g, f } = block;
            let (mut sum, mut carry) = ([0.0_f32; L], [0.0_f32; L]);
            for i in 0..D - 1 {
                let (x, next, g) = (&x[i].0, &x[i + 1].0, &mut g[i].0);
                for l in 0..L {
                    let valley = next[l] - x[l] * x[l];
                    let slope = 1.0 - x[l];
                    sum[l] += 100.0 * valley * valley + slope * slope;
                    g[l] = carry[l] - 400.0 * valley * x[l] - 2.0 * slope;
                    carry[l] = 200.0 * valley;
                }
            }
            g[D - 1] = Row(carry);
            *f = Row(sum);
        }
    }
}

/// The two-term decay.
pub(crate) struct Decay<'a, const L: usize>(pub(crate) &'a mut [Block<4, L>], pub(crate) &'a Observations);

impl<const L: usize> pulp::NullaryFnOnce for Decay<'_, L> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for block in self.0 {
            let Block { x, g, f } = block;
            let [a, b, c, d] = [x[0].0, x[1].0, x[2].0, x[3].0];
            let (mut squares, mut sums) = ([0.0_f32; L], [[0.0_f32; L]; 4]);
            for (&t, &y) in self.1.t.iter().zip(&self.1.y) {
                let (mut first, mut second) = ([0.0_f32; L], [0.0_f32; L]);
                for l in 0..L {
                    first[l] = exp(-b[l] * t);
                }
                for l in 0..L {
                    second[l] = exp(-d[l] * t);
                }
                for l in 0..L {
                    let residual = a[l] * first[l] + c[l] * second[l] - y;
                    squares[l] += residual * residual;
                    sums[0][l] += residual * first[l];
                    sums[1][l] += residual * first[l] * t;
                    sums[2][l] += residual * second[l];
                    sums[3][l] += residual * second[l] * t;
                }
            }
            *f = Row(squares);
            for l in 0..L {
                g[0].0[l] = 2.0 * sums[0][l];
                g[1].0[l] = -2.0 * a[l] * sums[1][l];
                g[2].0[l] = 2.0 * sums[2][l];
                g[3].0[l] = -2.0 * c[l] * sums[3][l];
            }
        }
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
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let p = 8.333_452e-3 + r * (1.398_199_9e-3 + r * 1.987_569_1e-4);
    let p = 1.0 + (r + r * r * (0.5 + r * (0.166_666_65 + r * (0.041_665_796 + r * p))));
    let n = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let half = n >> 1;
    let power = |n: i32| f32::from_bits(((n + 127) << 23) as u32);
    p * power(half) * power(n - half)
}

/// A round of the direction: every block of lanes moves to its target.
pub(crate) struct Round<'a, const L: usize>(pub(crate) &'a mut Hand<L>);

impl<const L: usize> pulp::NullaryFnOnce for Round<'_, L> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Hand { states, targets, next, newest } = self.0;
        *newest = (*newest + M - 1) % M;
        for (state, target) in states.iter_mut().zip(&targets[*next]) {
            accept(state, target, *newest);
        }
        *next = (*next + 1) % targets.len();
    }
}

#[inline(always)]
fn accept<const L: usize>(state: &mut State<L>, target: &Target<L>, newest: usize) {
    let State { x, g, d, s, y, rho, slope } = state;
    let (mut sy, mut yy) = ([0.0_f32; L], [0.0_f32; L]);
    for i in 0..N {
        let (s, y) = (&mut s[newest][i].0, &mut y[newest][i].0);
        let (x, g, d) = (&mut x[i].0, &mut g[i].0, &mut d[i].0);
        for l in 0..L {
            s[l] = target.x[i].0[l] - x[l];
            y[l] = target.g[i].0[l] - g[l];
            sy[l] += s[l] * y[l];
            yy[l] += y[l] * y[l];
            x[l] = target.x[i].0[l];
            g[l] = target.g[i].0[l];
            d[l] = -g[l];
        }
    }
    for l in 0..L {
        rho[newest].0[l] = 1.0 / sy[l];
    }
    let mut alphas = [[0.0_f32; L]; M];
    for k in 0..M {
        let slot = (newest + k) % M;
        let product = dot(&s[slot], d);
        for l in 0..L {
            alphas[k][l] = rho[slot].0[l] * product[l];
        }
        for i in 0..N {
            for l in 0..L {
                d[i].0[l] -= alphas[k][l] * y[slot][i].0[l];
            }
        }
    }
    for d in d.iter_mut() {
        for l in 0..L {
            d.0[l] *= sy[l] / yy[l];
        }
    }
    for k in (0..M).rev() {
        let slot = (newest + k) % M;
        let product = dot(&y[slot], d);
        for i in 0..N {
            for l in 0..L {
                d[i].0[l] += (alphas[k][l] - rho[slot].0[l] * product[l]) * s[slot][i].0[l];
            }
        }
    }
    slope.0 = dot(g, d);
}

#[inline(always)]
fn dot<const L: usize>(a: &[Row<L>; N], b: &[Row<L>; N]) -> [f32; L] {
    let mut sum = [0.0_f32; L];
    for (a, b) in a.iter().zip(b) {
        for l in 0..L {
            sum[l] += a.0[l] * b.0[l];
        }
    }
    sum
}
