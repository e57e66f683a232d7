//! Levenberg and Marquardt's method: what stands where others have a line search and a direction.
//!
//! J'J, as a lower triangle row by row, and D behind it stand where others have a matrix. Of the lane's fields, `theta` is
//! delta, `pace` lambda, `low_value` the decrease that the trial promises and `high_value` what the whole Gauss-Newton step does.
//!
//! # References
//! J. J. Moré: The Levenberg-Marquardt algorithm: implementation and theory, Lecture Notes in Mathematics 630 (1978) 105-116.

use super::judge::Verdict;
use super::tile::Tile;
use super::trial::Trial;
use crate::engine::lane::Phase;
use crate::method::LevenbergMarquardt;
use crate::problem::evaluate::chunk::{CHUNK, Chunk, Mask};
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// Values of lambda that are tried for one step, at most.
const MOST_TRIES: usize = 60;

/// Judges the trials of tile `c`; a lane whose trial is rejected gets a shorter one.
#[inline(never)]
pub(super) fn judge<T: Real>(
    tile: &mut Tile<T>,
    trial: &Trial<T>,
    c: usize,
    machine: &Machine<T>,
    settings: LevenbergMarquardt,
) -> Verdict<T> {
    let (mut accepted, mut ended) = ([false; CHUNK], [false; CHUNK]);
    for l in trial.asks.each() {
        tile.lanes.search_evaluations.0[l] += 1;
        tile.lanes.evaluations.0[l] += 1;
        let finite = trial.finite.has(l) && machine.outputs().iter().all(|row| row[c].get().0[l].is_finite());
        if tile.lanes.phase.0[l] != Phase::Search as u32 {
            (accepted[l], ended[l]) = (finite, !finite);
            continue;
        }
        let taken = resize(tile, l, trial, finite) > T::from_f64(settings.least_gain);
        accepted[l] = finite && taken && trial.moved.has(l);
        if accepted[l] {
            continue;
        }
        let lanes = &tile.lanes;
        let spent = lanes.search_evaluations.0[l] >= settings.evaluations;
        ended[l] = spent || !trial.moved.has(l) || lanes.low_value.0[l] <= lanes.noise.0[l];
        if !ended[l] {
            aim(tile, l);
        }
    }
    Verdict { accepted: Mask::lanes(|l| accepted[l]), ended: Mask::lanes(|l| ended[l]) }
}

/// Fits the region of lane `l` to what its trial has brought, and returns the gain.
fn resize<T: Real>(tile: &mut Tile<T>, l: usize, trial: &Trial<T>, finite: bool) -> T {
    let number = T::from_f64;
    let n = tile.x.len();
    let scales = &tile.h[n * (n + 1) / 2..];
    let length = scales.iter().zip(&tile.d).fold(T::ZERO, |sum, (s, d)| sum + (s.0[l] * d.0[l]) * (s.0[l] * d.0[l])).sqrt();
    let lanes = &mut tile.lanes;
    let rise = trial.value.0[l] - lanes.value.0[l];
    let gain = if finite { -rise / lanes.low_value.0[l] } else { -T::ONE };
    let mut delta = lanes.theta.0[l];
    if lanes.iterations.0[l] == 0 {
        delta = delta.min(length);
    }
    if finite && gain > number(0.25) {
        if gain > number(0.75) || lanes.pace.0[l] == T::ZERO {
            delta = delta.max(number(2.0) * length);
        }
    } else {
        // To where the parabola through f, its slope and f there has its minimum, if there is any sense in that.
        let half = number(0.5) * lanes.slope.0[l];
        let sensible = finite && trial.value.0[l] < number(100.0) * lanes.value.0[l];
        let shrink = if sensible { half / (lanes.slope.0[l] - rise) } else { T::ZERO };
        delta = shrink.max(number(0.1)).min(number(0.5)) * delta.min(number(10.0) * length);
    }
    lanes.theta.0[l] = delta;
    gain
}

/// Takes J'J of the accepted lanes of tile `c`, and with it D; `fresh` ones get their first region.
#[inline(never)]
pub(super) fn remember<T: Real>(
    tile: &mut Tile<T>,
    c: usize,
    machine: &Machine<T>,
    accepted: Mask<T>,
    fresh: Mask<T>,
    settings: LevenbergMarquardt,
) {
    let n = tile.x.len();
    let half = &machine.outputs()[n..];
    let (matrix, scales) = tile.h.split_at_mut(n * (n + 1) / 2);
    for i in 0..n {
        for j in 0..=i {
            let entry = half[i * n + j][c].get().zip(half[j * n + i][c].get(), |a, b| a + b);
            let to = &mut matrix[i * (i + 1) / 2 + j];
            *to = accepted.choose(entry, *to);
        }
        let norm = matrix[i * (i + 1) / 2 + i].map(T::sqrt);
        // A component that nothing depends on yet has the unit of any other.
        let first = norm.map(|norm| if norm > T::ZERO { norm } else { T::ONE });
        let larger = norm.zip(scales[i], T::max);
        scales[i] = accepted.choose(fresh.choose(first, larger), scales[i]);
    }
    for l in fresh.each() {
        let size = scales.iter().zip(&tile.x).fold(T::ZERO, |sum, (s, x)| sum + (s.0[l] * x.0[l]) * (s.0[l] * x.0[l])).sqrt();
        let factor = T::from_f64(settings.first_region);
        tile.lanes.theta.0[l] = if size > T::ZERO && size.is_finite() { factor * size } else { factor };
    }
}

/// Sets the step of the lanes of `turns`, and returns g.d.
#[inline(never)]
pub(super) fn direct<T: Real>(tile: &mut Tile<T>, turns: Mask<T>) -> Chunk<T> {
    let mut slope = tile.lanes.slope;
    for l in turns.each() {
        tile.lanes.high_value.0[l] = aim(tile, l);
        slope.0[l] = tile.lanes.slope.0[l];
    }
    tile.lanes.pairs = turns.choose_words(Chunk::splat(1), tile.lanes.pairs);
    slope
}

/// Sets the step of lane `l` in its region, and returns what the whole Gauss-Newton step promises.
fn aim<T: Real>(tile: &mut Tile<T>, l: usize) -> T {
    let n = tile.x.len();
    let (matrix, scales) = tile.h.split_at(n * (n + 1) / 2);
    let scale = |i: usize| scales[i].0[l];
    let mut scaled = vec![T::ZERO; n * (n + 1) / 2];
    for i in 0..n {
        for j in 0..=i {
            scaled[i * (i + 1) / 2 + j] = matrix[i * (i + 1) / 2 + j].0[l] / scale(i) / scale(j);
        }
    }
    // -J'r is -g / 2.
    let right: Vec<T> = (0..n).map(|i| T::from_f64(-0.5) * tile.g[i].0[l] / scale(i)).collect();
    let step = Region { matrix: &scaled, right: &right, delta: tile.lanes.theta.0[l] }.step();
    for (i, d) in tile.d.iter_mut().enumerate() {
        d.0[l] = step.q[i] / scales[i].0[l];
    }
    let slope = tile.d.iter().zip(&tile.g).fold(T::ZERO, |sum, (d, g)| sum + d.0[l] * g.0[l]);
    let lanes = &mut tile.lanes;
    lanes.slope.0[l] = slope;
    lanes.pace.0[l] = step.lambda;
    lanes.low_value.0[l] = dot(&right, &step.q) + step.lambda * dot(&step.q, &step.q);
    step.whole
}

/// `(S + lambda) q = b` with |q| = delta.
struct Region<'a, T> {
    /// The lower triangle of S, row by row: J'J with D taken out.
    matrix: &'a [T],
    right: &'a [T],
    delta: T,
}

struct Step<T> {
    q: Vec<T>,
    lambda: T,
    /// b.q for lambda 0, or next to it where S is singular: the decrease that the whole step promises.
    whole: T,
}

impl<T: Real> Region<'_, T> {
    /// The step to a tenth of delta: Newton's method on 1 / |q(lambda)|, kept in a bracket.
    fn step(&self) -> Step<T> {
        let number = T::from_f64;
        let most = dot(self.right, self.right).sqrt() / self.delta;
        let (mut lambda, mut low, mut high) = (T::ZERO, T::ZERO, most);
        let mut whole = None;
        for _ in 0..MOST_TRIES {
            let Some((q, bend)) = self.solve(lambda) else {
                // Singular to rounding.
                low = lambda;
                let between = (low.max(number(1e-6) * high) * high).sqrt();
                lambda = if lambda == T::ZERO { T::EPSILON } else { between.max(number(10.0) * lambda) };
                continue;
            };
            let norm = dot(&q, &q).sqrt();
            let whole = *whole.get_or_insert(dot(self.right, &q));
            let close = if lambda == T::ZERO { norm - self.delta } else { (norm - self.delta).abs() };
            if close <= number(0.1) * self.delta {
                return Step { q, lambda, whole };
            }
            if norm > self.delta {
                low = lambda;
            } else {
                high = lambda;
            }
            let next = lambda + norm * norm / bend * (norm - self.delta) / self.delta;
            lambda = if next > low && next < high { next } else { (low.max(number(1e-3) * high) * high).sqrt() };
        }
        let along = || self.right.iter().map(|&b| b / most).collect();
        let q = self.solve(most).map_or_else(along, |found| found.0);
        Step { q, lambda: most, whole: whole.unwrap_or(T::HUGE) }
    }

    /// `q = (S + lambda)^-1 b`, and `q' (S + lambda)^-1 q`; none where that is not positive definite.
    fn solve(&self, lambda: T) -> Option<(Vec<T>, T)> {
        let n = self.right.len();
        let at = |i: usize, j: usize| i * (i + 1) / 2 + j;
        let mut factor = self.matrix.to_vec();
        for i in 0..n {
            for j in 0..=i {
                let mut sum = factor[at(i, j)] + if i == j { lambda } else { T::ZERO };
                for k in 0..j {
                    sum = sum - factor[at(i, k)] * factor[at(j, k)];
                }
                if i > j {
                    factor[at(i, j)] = sum / factor[at(j, j)];
                } else if sum > T::ZERO && sum.is_finite() {
                    factor[at(i, i)] = sum.sqrt();
                } else {
                    return None;
                }
            }
        }
        let forward = |b: &[T]| {
            let mut q = b.to_vec();
            for i in 0..n {
                for k in 0..i {
                    q[i] = q[i] - factor[at(i, k)] * q[k];
                }
                q[i] = q[i] / factor[at(i, i)];
            }
            q
        };
        let mut q = forward(self.right);
        for i in (0..n).rev() {
            for k in i + 1..n {
                q[i] = q[i] - factor[at(k, i)] * q[k];
            }
            q[i] = q[i] / factor[at(i, i)];
        }
        let w = forward(&q);
        let bend = dot(&w, &w);
        (bend.is_finite()).then_some((q, bend))
    }
}

fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).fold(T::ZERO, |sum, (&a, &b)| sum + a * b)
}
