//! An accepted point: the pair it gives, whether that is kept, and the lane's new place.

use super::tile::{Mask, Rules, Tile};
use super::trial::Trial;
use crate::engine::lane::Phase;
use crate::method::constants::{NOISE_SHARE, PAIR_COSINE, PAIR_NOISE};
use crate::problem::evaluate::chunk::{CHUNK, Chunk};
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// What the tests need to know of the steps taken in this round.
pub(super) struct Steps<T> {
    /// max |x_t - x|
    pub(super) largest: [T; CHUNK],
    /// f - f_t
    pub(super) decrease: [T; CHUNK],
}

/// Moves the lanes of `accepted` to their trial points.
#[inline(always)]
pub(super) fn accept<T: Real>(
    tile: &mut Tile<T>,
    c: usize,
    machine: &Machine<T>,
    trial: &Trial<T>,
    accepted: &Mask,
    rules: &Rules<T>,
) -> Steps<T> {
    let fresh = std::array::from_fn(|l| accepted[l] & u32::from(tile.lanes.phase[l] == Phase::Fresh as u32));
    if fresh.iter().any(|&lane| lane != 0) {
        forget(tile, &fresh);
    }
    let stepped: Mask = std::array::from_fn(|l| accepted[l] & !fresh[l]);
    let pair = Pair::measure(tile, c, machine);
    let kept = pair.keep(tile, &stepped);
    remember(tile, c, machine, &pair, &kept);
    keep_best(tile, trial, &stepped);

    for ((x, g), (point, gradient)) in tile.x.iter_mut().zip(&mut tile.g).zip(machine.point().iter().zip(machine.gradient())) {
        let (x_t, g_t) = (point[c].get(), gradient[c].get());
        for l in 0..CHUNK {
            x.0[l] = if accepted[l] != 0 { x_t.0[l] } else { x.0[l] };
            g.0[l] = if accepted[l] != 0 { g_t.0[l] } else { g.0[l] };
        }
    }
    let lanes = &mut tile.lanes;
    let mut decrease = [T::ZERO; CHUNK];
    for l in 0..CHUNK {
        let (moves, first) = (accepted[l] != 0, fresh[l] != 0);
        let (f, f_t) = (lanes.value[l], trial.value[l]);
        decrease[l] = f - f_t;
        let size = f_t.abs().max(trial.scale[l] * T::from_f64(1.0 / NOISE_SHARE));
        lanes.noise[l] = if moves { rules.noise * size } else { lanes.noise[l] };
        lanes.value[l] = if moves { f_t } else { f };
        lanes.gradient_max[l] = if moves { trial.gradient_max[l] } else { lanes.gradient_max[l] };
        lanes.step[l] = if stepped[l] != 0 { pair.length[l] } else { lanes.step[l] };
        lanes.accepted_alpha[l] = if stepped[l] != 0 { lanes.alpha[l] } else { lanes.accepted_alpha[l] };
        lanes.reference_value[l] = if first { f_t } else { lanes.reference_value[l] };
        lanes.reference_gradient[l] = if first { trial.gradient_max[l] } else { lanes.reference_gradient[l] };
        lanes.iterations[l] += stepped[l];
    }
    Steps { largest: pair.step_max, decrease }
}

/// s = x_t - x and y = g_t - g, and their products on vectors scaled by their largest components, which neither overflow
/// nor vanish.
struct Pair<T> {
    step_max: [T; CHUNK],
    /// |s|
    length: [T; CHUNK],
    /// s.y / y.y and 1 / s.y
    gamma: [T; CHUNK],
    rho: [T; CHUNK],
    /// 1 if s.y is positive beyond rounding.
    curved: Mask,
}

impl<T: Real> Pair<T> {
    #[inline(always)]
    fn measure(tile: &Tile<T>, c: usize, machine: &Machine<T>) -> Self {
        let zero = [T::ZERO; CHUNK];
        let (mut step_max, mut change_max) = (zero, zero);
        let vectors = || tile.x.iter().zip(&tile.g).zip(machine.point().iter().zip(machine.gradient()));
        for ((x, g), (point, gradient)) in vectors() {
            let (x_t, g_t) = (point[c].get(), gradient[c].get());
            for l in 0..CHUNK {
                step_max[l] = step_max[l].max((x_t.0[l] - x.0[l]).abs());
                change_max[l] = change_max[l].max((g_t.0[l] - g.0[l]).abs());
            }
        }
        let (mut by_step, mut by_change) = (zero, zero);
        for l in 0..CHUNK {
            by_step[l] = T::ONE / step_max[l];
            by_change[l] = T::ONE / change_max[l];
        }
        let (mut sy, mut ss, mut yy, mut rounding) = (zero, zero, zero, zero);
        for ((x, g), (point, gradient)) in vectors() {
            let (x_t, g_t) = (point[c].get(), gradient[c].get());
            for l in 0..CHUNK {
                let s = (x_t.0[l] - x.0[l]) * by_step[l];
                let y = (g_t.0[l] - g.0[l]) * by_change[l];
                sy[l] += s * y;
                ss[l] += s * s;
                yy[l] += y * y;
                rounding[l] += s.abs() * ((g.0[l].abs() + g_t.0[l].abs()) * by_change[l]);
            }
        }
        let (mut gamma, mut rho, mut length, mut curved) = (zero, zero, zero, [0; CHUNK]);
        for l in 0..CHUNK {
            length[l] = step_max[l] * ss[l].sqrt();
            gamma[l] = (sy[l] / yy[l]) * (step_max[l] * by_change[l]);
            rho[l] = (T::ONE / sy[l]) * by_step[l] * by_change[l];
            let cosine = T::from_f64(PAIR_COSINE) * (ss[l] * yy[l]).sqrt();
            let noise = T::from_f64(PAIR_NOISE) * T::EPSILON * rounding[l];
            let usable = |value: T| (value >= T::TINY) & (value <= T::HUGE);
            curved[l] = u32::from((sy[l] > cosine) & (sy[l] > noise) & usable(gamma[l]) & usable(rho[l]));
        }
        Self { step_max, length, gamma, rho, curved }
    }

    /// Decides which pairs are kept: before anything is written, so that a refused one costs nothing that is remembered.
    #[inline(always)]
    fn keep(&self, tile: &mut Tile<T>, stepped: &Mask) -> Mask {
        let memory = tile.rho.len() as u32;
        let lanes = &mut tile.lanes;
        let mut kept = [0; CHUNK];
        for l in 0..CHUNK {
            kept[l] = stepped[l] & self.curved[l];
            lanes.refused[l] += stepped[l] & !self.curved[l] & 1;
            lanes.gamma[l] = if kept[l] != 0 { self.gamma[l] } else { lanes.gamma[l] };
            lanes.pairs[l] = (lanes.pairs[l] + kept[l]).min(memory);
        }
        kept
    }
}

/// Moves the pairs of the lanes in `kept` on by one place and writes the new one to the first.
#[inline(always)]
fn remember<T: Real>(tile: &mut Tile<T>, c: usize, machine: &Machine<T>, pair: &Pair<T>, kept: &Mask) {
    let n = tile.x.len();
    let last = tile.rho.len() - 1;
    let shift = |chunks: &mut [Chunk<T>], stride: usize, new: Chunk<T>| {
        let mut carry = new;
        for k in 0..=last {
            let old = chunks[k * stride];
            let mut out = old;
            for l in 0..CHUNK {
                out.0[l] = if kept[l] != 0 { carry.0[l] } else { old.0[l] };
            }
            chunks[k * stride] = out;
            carry = old;
        }
    };
    for i in 0..n {
        let (x_t, g_t) = (machine.point()[i][c].get(), machine.gradient()[i][c].get());
        shift(&mut tile.s[i..], n, x_t.zip(tile.x[i], |a, b| a - b));
        shift(&mut tile.y[i..], n, g_t.zip(tile.g[i], |a, b| a - b));
    }
    shift(&mut tile.rho, 1, Chunk(pair.rho));
}

/// Clears the pairs of the lanes in `which`. Zeros, not just a count: the two-loop recursion passes over all places.
#[inline(always)]
pub(super) fn forget<T: Real>(tile: &mut Tile<T>, which: &Mask) {
    for vector in [&mut tile.s, &mut tile.y, &mut tile.rho] {
        for chunk in vector {
            for l in 0..CHUNK {
                chunk.0[l] = if which[l] != 0 { T::ZERO } else { chunk.0[l] };
            }
        }
    }
    for l in 0..CHUNK {
        tile.lanes.pairs[l] = if which[l] != 0 { 0 } else { tile.lanes.pairs[l] };
    }
}

/// A step may go up within the noise of f: keeps the lowest point there was.
#[inline(always)]
fn keep_best<T: Real>(tile: &mut Tile<T>, trial: &Trial<T>, stepped: &Mask) {
    let lanes = &mut tile.lanes;
    let mut leaves = [0; CHUNK];
    for l in 0..CHUNK {
        let elsewhere = lanes.best_elsewhere[l] != 0;
        let best = if elsewhere { lanes.best_value[l] } else { lanes.value[l] };
        let below = trial.value[l] <= best;
        leaves[l] = stepped[l] & u32::from(!elsewhere & !below);
        lanes.best_value[l] = if leaves[l] != 0 { lanes.value[l] } else { lanes.best_value[l] };
        lanes.best_gradient_max[l] = if leaves[l] != 0 { lanes.gradient_max[l] } else { lanes.best_gradient_max[l] };
        lanes.best_elsewhere[l] = if stepped[l] != 0 { u32::from(!below) } else { lanes.best_elsewhere[l] };
    }
    if leaves.iter().any(|&lane| lane != 0) {
        for (best, x) in tile.best.iter_mut().zip(&tile.x) {
            for l in 0..CHUNK {
                best.0[l] = if leaves[l] != 0 { x.0[l] } else { best.0[l] };
            }
        }
    }
}
