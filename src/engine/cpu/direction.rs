//! The L-BFGS direction: the two-loop recursion, and what replaces it where there is no history or no descent.
//!
//! # References
//! J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), algorithm 7.4.

use super::accept::{forget, forget_place};
use super::bfgs;
use super::conjugate_gradient;
use super::delta_bar_delta;
use super::held::direct_held;
use super::initial_step::{first_gamma, initial_step, unit};
use super::levenberg_marquardt;
use super::momentum;
use super::steepest_descent;
use super::tile::{Rules, Tile};
use super::trial::dot;
use crate::engine::lane::Phase;
use crate::method::Method;
use crate::problem::evaluate::chunk::{Chunk, Mask, row_by_row};
use crate::problem::evaluate::dispatch::dispatch;
use crate::problem::evaluate::real::Real;

/// Memory for the recursion, n and m + 1 chunks, and as many for the one over free components.
#[derive(Clone, Debug)]
pub(super) struct Scratch<T: Copy> {
    pub(super) q: Vec<Chunk<T>>,
    pub(super) a: Vec<Chunk<T>>,
    /// What each pair counts there.
    pub(super) weights: Vec<Chunk<T>>,
    /// 1 where a component is free, else 0.
    pub(super) free: Vec<Chunk<T>>,
}

impl<T: Real> Scratch<T> {
    pub(super) fn new(dimension: usize, memory: usize) -> Self {
        let room = |len| vec![Chunk::splat(T::ZERO); len];
        Self { q: room(dimension), a: room(memory + 1), weights: room(memory + 1), free: room(dimension) }
    }
}

/// Gives the lanes of `turns` a new direction, and sets out on it. `kept` have a new pair, `restarts` are those of `turns`
/// whose last search failed.
#[inline(always)]
pub(super) fn turn<T: Real>(
    tile: &mut Tile<T>,
    turns: Mask<T>,
    kept: Mask<T>,
    restarts: Mask<T>,
    scratch: &mut Scratch<T>,
    rules: &Rules<T>,
) {
    // Without a pair gamma is that of the first direction. A lane that was moved may have brought pairs along.
    let first = turns.and(Mask::of(tile.lanes.phase, |phase| phase == Phase::Fresh as u32));
    let first = first.and(Mask::of(tile.lanes.pairs, |pairs| pairs == 0));
    if first.any() {
        tile.lanes.gamma = first.choose(first_gamma(tile, rules), tile.lanes.gamma);
    }
    let slope = match rules.walk.method {
        Method::Lbfgs(_) => dispatch(Direct { tile, turns, kept, scratch, noise: rules.walk.pairs.noise }),
        Method::Bfgs(_) => bfgs::direct(tile, turns, kept, scratch),
        Method::ConjugateGradient(settings) => conjugate_gradient::direct(tile, turns, kept, scratch, settings),
        Method::SteepestDescent(_) => steepest_descent::direct(tile, turns),
        Method::Momentum(settings) => momentum::direct(tile, turns, kept, &mut scratch.q, settings.into(), !rules.walk.is_free()),
        Method::Nesterov(settings) => momentum::direct(tile, turns, kept, &mut scratch.q, settings.into(), !rules.walk.is_free()),
        Method::DeltaBarDelta(settings) => delta_bar_delta::direct(tile, turns, settings),
        Method::LevenbergMarquardt(_) => levenberg_marquardt::direct(tile, turns),
    };
    let slope = if tile.is_bounded() { tile.hold(turns) } else { slope };
    tile.lanes.slope = turns.choose(slope, tile.lanes.slope);
    let descends = slope.below(Chunk::splat(T::ZERO)).and(Chunk::splat(-T::HUGE).at_most(slope));
    let lost = turns.without(descends);
    if lost.any() && !rules.walk.is_free() && !rules.walk.method.has_regions() {
        lost.each().for_each(|l| along_gradient(tile, l));
    }
    set_out(tile, turns, first, restarts, rules);
}

/// A function of its own in the code of the machine: among the other methods the compiler would keep q in memory.
struct Direct<'a, T: Real> {
    tile: &'a mut Tile<T>,
    turns: Mask<T>,
    kept: Mask<T>,
    scratch: &'a mut Scratch<T>,
    noise: f64,
}

impl<T: Real> pulp::NullaryFnOnce for Direct<'_, T> {
    type Output = Chunk<T>;

    #[inline(always)]
    fn call(self) -> Chunk<T> {
        direct(self.tile, self.turns, self.kept, self.scratch, self.noise)
    }
}

/// Sets d = -H g for the lanes of `turns`, moves the pairs of those of `kept` on by one place, and returns g.d.
#[inline(always)]
fn direct<T: Real>(tile: &mut Tile<T>, turns: Mask<T>, kept: Mask<T>, scratch: &mut Scratch<T>, noise: f64) -> Chunk<T> {
    let places = places(tile, turns, kept);
    if tile.is_bounded()
        && let Some(slope) = direct_held(tile, places, turns, kept, scratch, noise)
    {
        return slope;
    }
    let Scratch { q, a, .. } = scratch;
    // For few components the compiler knows how many, and keeps q in registers.
    macro_rules! by_dimension {
        ($($n:literal)*) => {
            match q.len() {
                $($n => two_loop(tile, &mut [Chunk::splat(T::ZERO); $n], &mut a[..places], turns, kept),)*
                _ => two_loop(tile, q, &mut a[..places], turns, kept),
            }
        };
    }
    #[cfg(debug_assertions)]
    return by_dimension!(3); // one of them for the tests; each takes the compiler seconds
    #[cfg(not(debug_assertions))]
    by_dimension!(1 2 3 4 5 6 7 8 9 10 11 12)
}

/// How many places of the history the recursion passes over: those of the new pairs, and of all pairs that the lanes of
/// `turns` remember. What it passes over besides must be zero.
#[inline(always)]
fn places<T: Real>(tile: &mut Tile<T>, turns: Mask<T>, kept: Mask<T>) -> usize {
    let pairs = tile.lanes.pairs;
    // Theirs come after the first place, which is zero; a new pair is counted already, and has pushed out the oldest of m.
    let staying = turns.without(kept).without(Mask::of(pairs, |pairs| pairs == 0));
    if staying.any() {
        forget_place(tile, kept, tile.rho.len() - 1);
    }
    let needed = pairs.zip(staying.ones(), |pairs, first| pairs + first);
    turns.words(needed, Chunk::splat(0)).greatest().max(1) as usize
}

/// The two-loop recursion over as many pairs as `a` is long, the first of them new; places without a pair are zeros and
/// change nothing. The way back is from the oldest pair to the newest, so that each can move on while it is at hand.
#[inline(always)]
fn two_loop<T: Real>(tile: &mut Tile<T>, q: &mut [Chunk<T>], a: &mut [Chunk<T>], turns: Mask<T>, kept: Mask<T>) -> Chunk<T> {
    let n = q.len();
    let Tile { lanes, g, d, s, y, rho, .. } = tile;
    // Slices, whose places are not looked up again for every pair.
    let (g, d, s, y, rho) = (&g[..n], &mut d[..n], &mut s[..], &mut y[..], &mut rho[..]);
    for (q, g) in q.iter_mut().zip(g) {
        row_by_row();
        *q = g.map(|g| -g);
    }
    for (k, a) in a.iter_mut().enumerate() {
        // Not read back from where it is kept for the way back: each pair would wait for that.
        let alpha = rho[k].zip(dot(q, &s[k * n..][..n]), |rho, product| rho * product);
        *a = alpha;
        for (q, y) in q.iter_mut().zip(&y[k * n..][..n]) {
            row_by_row();
            *q = q.zip3(alpha, *y, |q, alpha, y| q - alpha * y);
        }
    }
    for q in q.iter_mut() {
        row_by_row();
        *q = q.zip(lanes.gamma, |q, gamma| q * gamma);
    }
    let last = rho.len() - 1;
    for (k, alpha) in a.iter().enumerate().rev() {
        let product = dot(q, &y[k * n..][..n]);
        let step = alpha.zip3(rho[k], product, |alpha, rho, product| alpha - rho * product);
        for (q, s) in q.iter_mut().zip(&s[k * n..][..n]) {
            row_by_row();
            *q = q.zip3(step, *s, |q, step, s| q + step * s);
        }
        if k < last {
            move_on(y, k, n, kept);
            move_on(s, k, n, kept);
            move_on(rho, k, 1, kept);
        }
    }
    for (d, q) in d.iter_mut().zip(&*q) {
        row_by_row();
        // Places without a pair turn -0 into 0, and how many there are depends on the other lanes: so all are turned.
        *d = turns.choose(q.map(|q| q + T::ZERO), *d);
    }
    dot(g, q).map(|slope| slope + T::ZERO)
}

/// Moves what stands at place `k`, `n` chunks, on by one place, in the lanes of `kept`.
#[inline(always)]
pub(super) fn move_on<T: Real>(history: &mut [Chunk<T>], k: usize, n: usize, kept: Mask<T>) {
    let (from, to) = history[k * n..][..2 * n].split_at_mut(n);
    for (from, to) in from.iter().zip(to) {
        row_by_row();
        *to = kept.choose(*from, *to);
    }
}

/// Clears the history of lane `l` and sends it along -g: scaled by the last gamma, or as at the start where that fails.
#[inline(never)]
fn along_gradient<T: Real>(tile: &mut Tile<T>, l: usize) {
    forget(tile, Mask::lanes(|k| k == l));
    for gamma in [tile.lanes.gamma.0[l], unit(tile).0[l]] {
        let mut slope = T::ZERO;
        for i in 0..tile.d.len() {
            let g = tile.g[i].0[l];
            let d = tile.inward(i, l, -gamma * g);
            tile.d[i].0[l] = d;
            slope += d * g;
        }
        (tile.lanes.gamma.0[l], tile.lanes.slope.0[l]) = (gamma, slope);
        if slope < T::ZERO && slope.is_finite() {
            return;
        }
    }
}

/// Begins the line search of the lanes in `turns`.
#[inline(always)]
fn set_out<T: Real>(tile: &mut Tile<T>, turns: Mask<T>, first: Mask<T>, restarts: Mask<T>, rules: &Rules<T>) {
    let alpha = initial_step(&tile.lanes, first, rules);
    // What a step promises is told by its natural length, where it has one; that its search begins nearer says nothing.
    let whole = if rules.walk.method.is_newton_like() { first.choose(alpha, Chunk::splat(T::ONE)) } else { alpha };
    let promised = tile.promised(whole).map(T::abs);
    let lanes = &mut tile.lanes;
    // A restart keeps what the last quasi-Newton step promised: it tells whether rounding is to blame.
    let tells = turns.without(restarts);
    let promised = if rules.walk.method.has_regions() {
        // In a region a step may be short for other reasons than that little is left: the whole step tells.
        lanes.high_value.map(|whole| T::from_f64(2.0) * whole)
    } else {
        lanes.low_value = turns.choose(lanes.value, lanes.low_value);
        promised
    };
    lanes.decrement = tells.choose(promised, lanes.decrement);
    lanes.alpha = turns.choose(alpha, lanes.alpha);
    lanes.low = turns.choose(Chunk::splat(T::ZERO), lanes.low);
    lanes.low_slope = turns.choose(lanes.slope, lanes.low_slope);
    lanes.width = turns.choose(Chunk::splat(T::HUGE), lanes.width);
    lanes.phase = turns.words(Chunk::splat(Phase::Search as u32), lanes.phase);
    let clear = |words: &mut Chunk<u32>| *words = turns.words(Chunk::splat(0), *words);
    clear(&mut lanes.bracketed);
    clear(&mut lanes.high_known);
    clear(&mut lanes.has_safe);
    clear(&mut lanes.expansions);
    clear(&mut lanes.search_evaluations);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::evaluate::chunk::CHUNK;

    const MEMORY: usize = 5;
    /// As `Pairs` has it.
    const NOISE: f64 = 4.0;

    /// Lanes with 0 to m pairs of made-up numbers, and a new one in every third: in the others the first place is zero. The
    /// last lane has a new pair beside m old ones.
    fn tile(dimension: usize) -> (Tile<f32>, Mask<f32>) {
        let rules = Rules::lbfgs(dimension, MEMORY, 0.0);
        let mut tile = Tile::new(&rules);
        let kept = Mask::lanes(|l| l % 3 == 0);
        let pairs = |l: usize| if kept.has(l) { (l % MEMORY + 1).min(MEMORY) } else { l % (MEMORY + 1) };
        let old = |l: usize| if l == 15 { MEMORY } else { pairs(l) - usize::from(kept.has(l)) };
        let number = |k: usize, l: usize| ((k * 16 + l) as f32 * 1.7).sin();
        for l in 0..CHUNK {
            tile.lanes.pairs.0[l] = if l == 15 { MEMORY as u32 } else { pairs(l) as u32 };
            tile.lanes.gamma.0[l] = 0.5;
            let fill = |history: &mut [Chunk<f32>], n: usize, salt: usize| {
                for (k, chunk) in history.iter_mut().enumerate() {
                    let place = k / n;
                    let is_pair = if place == 0 { kept.has(l) } else { place <= old(l) };
                    chunk.0[l] = if is_pair { number(k + salt, l) } else { 0.0 };
                }
            };
            fill(&mut tile.s, dimension, 1000);
            fill(&mut tile.y, dimension, 2000);
            fill(&mut tile.rho, 1, 3000);
            tile.g.iter_mut().enumerate().for_each(|(i, g)| g.0[l] = number(i, l));
        }
        (tile, kept)
    }

    fn scratch(dimension: usize) -> Scratch<f32> {
        Scratch::new(dimension, MEMORY)
    }

    fn bits(chunks: &[Chunk<f32>], l: usize) -> Vec<u32> {
        chunks.iter().map(|chunk| chunk.0[l].to_bits()).collect()
    }

    #[test]
    fn a_new_pair_comes_before_the_others_and_a_lane_without_one_keeps_its_own() {
        for n in [1, 3, 10, 40] {
            let (before, kept) = tile(n);
            let mut after = before.clone();
            direct(&mut after, Mask::lanes(|_| true), kept, &mut scratch(n), NOISE);
            for l in 0..CHUNK {
                let shift = if kept.has(l) { 0 } else { 1 };
                for (history, old, n) in [(&after.s, &before.s, n), (&after.y, &before.y, n), (&after.rho, &before.rho, 1)] {
                    assert_eq!(bits(&history[n..], l), bits(&old[shift * n..][..MEMORY * n], l), "n = {n}, lane {l}");
                }
            }
        }
    }

    #[test]
    fn a_direction_does_not_depend_on_the_other_lanes() {
        for n in [1, 3, 10, 40] {
            let (before, kept) = tile(n);
            let mut together = before.clone();
            let slopes = direct(&mut together, Mask::lanes(|_| true), kept, &mut scratch(n), NOISE);
            for l in 0..CHUNK {
                let mut alone = before.clone();
                let only = Mask::lanes(|k| k == l);
                let slope = direct(&mut alone, only, kept.and(only), &mut scratch(n), NOISE);
                assert_eq!(bits(&alone.d, l), bits(&together.d, l), "n = {n}, lane {l}");
                assert_eq!(slope.0[l].to_bits(), slopes.0[l].to_bits(), "n = {n}, lane {l}");
            }
        }
    }

    #[test]
    fn a_known_dimension_changes_nothing() {
        let (mut known, kept) = tile(10);
        let mut unknown = known.clone();
        let all = Mask::lanes(|_| true);
        direct(&mut known, all, kept, &mut scratch(10), NOISE);
        let places = places(&mut unknown, all, kept);
        let Scratch { mut q, mut a, .. } = scratch(10);
        two_loop(&mut unknown, &mut q, &mut a[..places], all, kept);
        for l in 0..CHUNK {
            assert_eq!(bits(&known.d, l), bits(&unknown.d, l), "lane {l}");
        }
    }
}
