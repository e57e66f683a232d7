//! The BFGS direction: the inverse Hessian as a matrix, of which the lower triangle is kept, row by row.
//!
//! # References
//! J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), equation 6.17.

use super::history::Pairs;
use super::lbfgs::Scratch;
use super::sums::dot;
use super::tile::Tile;
use crate::problem::evaluate::chunk::{Chunk, Mask, row_by_row};
use crate::problem::evaluate::real::Real;

/// Takes the pairs of the lanes of `kept` into H, sets d = -H g for the lanes of `turns`, and returns g.d. Lanes without pairs have
/// H = gamma I, and nothing is read of their matrix. Components that are held on a bound count for nothing: d = -Z H Z g descends
/// whatever their gradient, and stays on the face.
#[inline(always)]
pub(super) fn direct<T: Real>(tile: &mut Tile<T>, turns: Mask<T>, kept: Mask<T>, scratch: &mut Scratch<T>) -> Chunk<T> {
    let Scratch { q, free, .. } = scratch;
    if kept.any() {
        update(tile, kept, q);
    }
    let zero = Chunk::splat(T::ZERO);
    let bounded = tile.is_bounded();
    for i in (0..tile.g.len()).filter(|_| bounded) {
        row_by_row();
        free[i] = tile.held(i).choose(zero, tile.g[i]);
    }
    multiply(&tile.h, if bounded { free } else { &tile.g }, q);
    let has_matrix = Mask::of(tile.lanes.pairs, |pairs| pairs > 0);
    for (i, q) in q.iter_mut().enumerate() {
        row_by_row();
        *q = has_matrix.choose(q.map(|q| -q), tile.g[i].zip(tile.lanes.gamma, |g, gamma| -(gamma * g)));
        if bounded {
            *q = tile.held(i).choose(zero, *q);
        }
        tile.d[i] = turns.choose(*q, tile.d[i]);
    }
    dot(&tile.g, q)
}

/// H <- (I - rho s y^T) H (I - rho y s^T) + rho s s^T, which is, with v = H y,
/// H + rho ((1 + rho y.v) s s^T - (s v^T + v s^T)).
#[inline(always)]
fn update<T: Real>(tile: &mut Tile<T>, kept: Mask<T>, v: &mut [Chunk<T>]) {
    let Tile { lanes, history, h, .. } = tile;
    let (n, Pairs { s, y, rho }) = (v.len(), history.coming());
    let begins = kept.and(Mask::of(lanes.pairs, |pairs| pairs == 1));
    if begins.any() {
        for (i, row) in (0..n).map(|i| (i, i * (i + 1) / 2)) {
            for (j, h) in h[row..][..=i].iter_mut().enumerate() {
                row_by_row();
                *h = begins.choose(if i == j { lanes.gamma } else { Chunk::splat(T::ZERO) }, *h);
            }
        }
    }
    multiply(h, y, v);
    let longer = rho.zip(dot(y, v), |rho, yv| T::ONE + rho * yv);
    for (i, row) in (0..n).map(|i| (i, i * (i + 1) / 2)) {
        let (s_i, v_i, long) = (s[i], v[i], longer.zip(s[i], |longer, s| longer * s));
        for ((h, s), v) in h[row..][..=i].iter_mut().zip(s).zip(&*v) {
            row_by_row();
            let mixed = s_i.zip4(*v, v_i, *s, |s_i, v, v_i, s| s_i * v + v_i * s);
            let change = rho.zip4(long, *s, mixed, |rho, long, s, mixed| rho * (long * s - mixed));
            *h = kept.choose(h.zip(change, |h, change| h + change), *h);
        }
    }
}

/// out = H a
#[inline(always)]
fn multiply<T: Real>(h: &[Chunk<T>], a: &[Chunk<T>], out: &mut [Chunk<T>]) {
    for i in 0..a.len() {
        let row = &h[i * (i + 1) / 2..][..=i];
        let mut sum = row[i].zip(a[i], |h, a| h * a);
        for ((h, a_j), out) in row[..i].iter().zip(a).zip(&mut *out) {
            row_by_row();
            sum = sum.zip3(*h, *a_j, |sum, h, a| sum + h * a);
            *out = out.zip3(*h, a[i], |out, h, a| out + h * a);
        }
        out[i] = sum;
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};

    use super::*;
    use crate::engine::cpu::tile::Rules;
    use crate::problem::evaluate::chunk::CHUNK;

    const N: usize = 5;

    fn number(k: usize, l: usize) -> f64 {
        ((k * 16 + l) as f64 * 1.7).sin()
    }

    /// A tile whose lanes have a pair of made-up numbers and as many pairs before as `pairs` says.
    fn tile(pairs: impl Fn(usize) -> u32) -> Tile<f64> {
        let mut tile = Tile::new(&Rules { matrix: N * (N + 1) / 2, ..Rules::lbfgs(N, 0, 0.0) });
        for l in 0..CHUNK {
            let vector = |salt: usize| (0..N).map(move |i| number(salt + i, l));
            let set = |to: &mut [Chunk<f64>], salt| to.iter_mut().zip(vector(salt)).for_each(|(to, value)| to.0[l] = value);
            set(&mut tile.g, 100);
            let coming = tile.history.coming_mut();
            set(coming.s, 200);
            set(coming.y, 300);
            coming.rho.0[l] = 0.3;
            for (k, h) in tile.h.iter_mut().enumerate() {
                h.0[l] = number(k, l);
            }
            tile.lanes.gamma.0[l] = 0.7;
            tile.lanes.pairs.0[l] = pairs(l);
        }
        tile
    }

    fn vector(chunks: &[Chunk<f64>], l: usize) -> DVector<f64> {
        DVector::from_iterator(N, chunks[..N].iter().map(|chunk| chunk.0[l]))
    }

    fn matrix(h: &[Chunk<f64>], l: usize) -> DMatrix<f64> {
        DMatrix::from_fn(N, N, |i, j| h[i.max(j) * (i.max(j) + 1) / 2 + i.min(j)].0[l])
    }

    #[test]
    fn the_matrix_and_the_direction_are_those_of_the_formula() {
        let before = tile(|l| (l % 4) as u32);
        let kept = Mask::lanes(|l| l % 4 > 0 && l != 7);
        let mut after = before.clone();
        let slope = direct(&mut after, Mask::lanes(|l| l != 9), kept, &mut Scratch::new(N, 0));
        for l in 0..CHUNK {
            let Pairs { s, y, .. } = before.history.coming();
            let (s, y, g, rho) = (vector(s, l), vector(y, l), vector(&before.g, l), 0.3);
            let old = if l % 4 == 1 { DMatrix::identity(N, N) * 0.7 } else { matrix(&before.h, l) };
            let left = DMatrix::identity(N, N) - &s * y.transpose() * rho;
            let new = &left * old * left.transpose() + &s * s.transpose() * rho;
            let expected = if kept.has(l) { new } else { matrix(&before.h, l) };
            assert!((matrix(&after.h, l) - &expected).amax() < 1e-12, "lane {l}");
            let d = if l % 4 == 0 { -0.7 * &g } else { -expected * &g };
            assert!((slope.0[l] - g.dot(&d)).abs() < 1e-12, "lane {l}");
            let d = if l == 9 { vector(&before.d, l) } else { d };
            assert!((vector(&after.d, l) - d).amax() < 1e-12, "lane {l}");
        }
    }
}
