//! The L-BFGS direction: the two-loop recursion.
//!
//! # References
//! J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), algorithm 7.4.

use pulp::Simd;

use super::bounds::held_lanes;
use super::held::direct_held;
use super::sums::in_blocks;
use super::tile::Tile;
use crate::problem::evaluate::chunk::{Chunk, Mask};
use crate::problem::evaluate::lanes::{At, Numbers, Which};
use crate::problem::evaluate::real::Real;

/// Memory for the recursion, n and m + 1 chunks, and as many for the one over free components.
#[derive(Clone, Debug)]
pub(super) struct Scratch<T: Copy> {
    pub(super) q: Vec<Chunk<T>>,
    pub(super) a: Vec<Chunk<T>>,
    /// What each pair counts there.
    pub(super) weights: Vec<Chunk<T>>,
    /// 1 where a component is free, else 0; of BFGS and conjugate gradients g, and 0 where a component is held.
    pub(super) free: Vec<Chunk<T>>,
}

impl<T: Real> Scratch<T> {
    pub(super) fn new(dimension: usize, memory: usize) -> Self {
        let room = |len| vec![Chunk::splat(T::ZERO); len];
        Self { q: room(dimension), a: room(memory + 1), weights: room(memory + 1), free: room(dimension) }
    }
}

/// Sets d = -H g for the lanes of `turns`, moves the pairs of those of `kept` on by one place, and returns g.d.
#[inline(always)]
pub(super) fn direct<S: Simd, T: Real>(
    simd: S,
    tile: &mut Tile<T>,
    turns: Mask<T>,
    kept: Mask<T>,
    scratch: &mut Scratch<T>,
    noise: f64,
) -> Chunk<T> {
    simd.vectorize(Direct { tile, turns, kept, scratch, noise })
}

/// A function of its own in the code of the machine: among other methods the compiler would keep q in memory.
struct Direct<'a, T: Real> {
    tile: &'a mut Tile<T>,
    turns: Mask<T>,
    kept: Mask<T>,
    scratch: &'a mut Scratch<T>,
    noise: f64,
}

impl<T: Real> pulp::WithSimd for Direct<'_, T> {
    type Output = Chunk<T>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Chunk<T> {
        let Self { tile, turns, kept, scratch, noise } = self;
        let places = places(simd, tile, turns, kept);
        let mut slopes = Chunk::splat(T::ZERO);
        let holds = tile.is_bounded().then(|| held_lanes(tile, turns, &mut scratch.free));
        if let Some(holds) = holds.filter(Mask::any) {
            for at in At::each::<T>(simd) {
                let slope = direct_held(at, tile, places, turns, kept, holds, scratch, noise);
                at.set(&mut slopes, slope);
            }
            return slopes;
        }
        let Scratch { q, a, .. } = scratch;
        let a = &mut a[..places];
        for at in At::each::<T>(simd) {
            let (turns, kept, zero) = (at.which(&turns), at.which(&kept), at.splat(T::ZERO));
            let all = All { gamma: at.of(&tile.lanes.gamma) };
            // For few components the compiler knows how many, and keeps q in registers.
            macro_rules! by_dimension {
                ($($n:literal)*) => {
                    match q.len() {
                        $($n => two_loop(at, tile, &mut [zero; $n], a, turns, kept, all),)*
                        _ => two_loop(at, tile, &mut Rows { at, rows: q }, a, turns, kept, all),
                    }
                };
            }
            #[cfg(debug_assertions)]
            let slope = by_dimension!(3); // one of them for the tests; each takes the compiler seconds
            #[cfg(not(debug_assertions))]
            let slope = by_dimension!(1 2 3 4 5 6 7 8 9 10 11 12);
            at.set(&mut slopes, slope);
        }
        slopes
    }
}

/// How many places of the history the recursion passes over: those of the new pairs, and of all pairs that lanes of the tile may
/// remember. What it passes over besides counts for nothing.
#[inline(always)]
fn places<S: Simd, T: Real>(simd: S, tile: &mut Tile<T>, turns: Mask<T>, kept: Mask<T>) -> usize {
    // Pairs of lanes without a new one come after the first place; a new one pushes out the oldest of m.
    let (mut staying, mut new) = (false, false);
    for at in At::each::<T>(simd) {
        let kept = at.which(&kept);
        staying |= at.which(&turns).without(kept).without(at.words(&tile.lanes.pairs).is(0)).any();
        new |= kept.any();
    }
    let (most, old) = (tile.rho.len() - 1, tile.places);
    tile.places = most.min(old + usize::from(new));
    if !staying {
        return most.min(old + 1);
    }
    for at in At::each::<T>(simd) {
        at.set_in(at.which(&kept), &mut tile.rho[most], at.splat(T::ZERO));
    }
    old + 1
}

/// The vector q of the recursion.
pub(super) trait Components<T: Real, S: Simd> {
    fn len(&self) -> usize;
    fn get(&self, i: usize) -> Numbers<T, S>;
    fn set(&mut self, i: usize, value: Numbers<T, S>);
}

impl<T: Real, S: Simd, const N: usize> Components<T, S> for [Numbers<T, S>; N] {
    #[inline(always)]
    fn len(&self) -> usize {
        N
    }
    #[inline(always)]
    fn get(&self, i: usize) -> Numbers<T, S> {
        self[i]
    }
    #[inline(always)]
    fn set(&mut self, i: usize, value: Numbers<T, S>) {
        self[i] = value;
    }
}

/// In memory, where there are too many for the processor's registers.
pub(super) struct Rows<'a, T, S: Simd> {
    pub(super) at: At<S>,
    pub(super) rows: &'a mut [Chunk<T>],
}

impl<T: Real, S: Simd> Components<T, S> for Rows<'_, T, S> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.rows.len()
    }
    #[inline(always)]
    fn get(&self, i: usize) -> Numbers<T, S> {
        self.at.of(&self.rows[i])
    }
    #[inline(always)]
    fn set(&mut self, i: usize, value: Numbers<T, S>) {
        self.at.set(&mut self.rows[i], value);
    }
}

/// The components that the recursion is over, and what pairs count there.
pub(super) trait Subspace<T: Real, S: Simd>: Copy {
    /// H before any pair is gamma times the identity.
    fn gamma(self) -> Numbers<T, S>;
    /// `value`, or nothing where component i is not among them.
    fn within(self, i: usize, value: Numbers<T, S>) -> Numbers<T, S>;
    /// 1 / s.y of pair `k` over them, of all components `rho`; 0 where it counts for nothing.
    fn rho(self, k: usize, rho: Numbers<T, S>) -> Numbers<T, S>;
}

/// All components.
#[derive(Clone, Copy)]
struct All<T: Real, S: Simd> {
    gamma: Numbers<T, S>,
}

impl<T: Real, S: Simd> Subspace<T, S> for All<T, S> {
    #[inline(always)]
    fn gamma(self) -> Numbers<T, S> {
        self.gamma
    }
    #[inline(always)]
    fn within(self, _: usize, value: Numbers<T, S>) -> Numbers<T, S> {
        value
    }
    #[inline(always)]
    fn rho(self, _: usize, rho: Numbers<T, S>) -> Numbers<T, S> {
        rho
    }
}

/// The two-loop recursion, from g to H g, over as many pairs as `a` is long, the first of them new; places without a pair have
/// a rho of 0 and change nothing. It is rho y that the products go with: no product has to wait for a rho then. The way back is from the oldest pair to the newest, so that each can move on while it is
/// at hand.
#[inline(always)]
pub(super) fn two_loop<S: Simd, T: Real>(
    at: At<S>,
    tile: &mut Tile<T>,
    q: &mut impl Components<T, S>,
    a: &mut [Chunk<T>],
    turns: Which<T, S>,
    kept: Which<T, S>,
    over: impl Subspace<T, S>,
) -> Numbers<T, S> {
    let n = q.len();
    let Tile { g, d, s, y, rho, .. } = tile;
    // Slices, whose places are not looked up again for every pair.
    let (g, d, s, y, rho) = (&g[..n], &mut d[..n], &mut s[..], &mut y[..], &mut rho[..]);
    let zero = at.splat(T::ZERO);
    for i in 0..n {
        q.set(i, over.within(i, at.of(&g[i])));
    }
    for (k, a) in a.iter_mut().enumerate() {
        let (s, y, rho) = (&s[k * n..][..n], &y[k * n..][..n], over.rho(k, at.of(&rho[k])));
        let along = zero.below(rho).choose(dot(at, q, |i| at.of(&s[i])), zero);
        at.set(a, rho * along);
        for i in 0..n {
            q.set(i, over.within(i, q.get(i) - along * (rho * at.of(&y[i]))));
        }
    }
    for i in 0..n {
        q.set(i, q.get(i) * over.gamma());
    }
    let last = rho.len() - 1;
    for (k, alpha) in a.iter().enumerate().rev() {
        let (s_k, y_k, rho_k) = (&s[k * n..][..n], &y[k * n..][..n], over.rho(k, at.of(&rho[k])));
        let beta = zero.below(rho_k).choose(dot(at, q, |i| rho_k * at.of(&y_k[i])), zero);
        let step = at.of(alpha) - beta;
        for i in 0..n {
            q.set(i, over.within(i, q.get(i) + step * at.of(&s_k[i])));
        }
        if k < last {
            move_on(at, y, k, n, kept);
            move_on(at, s, k, n, kept);
            move_on(at, rho, k, 1, kept);
        }
    }
    for i in 0..n {
        // Places without a pair turn -0 into 0, and how many there are depends on the other lanes: from 0 all are taken.
        at.set_in(turns, &mut d[i], zero - q.get(i));
    }
    zero - dot(at, q, |i| at.of(&g[i]))
}

/// q.b
#[inline(always)]
pub(super) fn dot<S: Simd, T: Real>(at: At<S>, q: &impl Components<T, S>, b: impl Fn(usize) -> Numbers<T, S>) -> Numbers<T, S> {
    in_blocks(q.len(), at.splat(-T::ZERO), |a, b| a + b, |sum, i| sum + q.get(i) * b(i))
}

/// Moves what stands at place `k`, `n` chunks, on by one place, in the lanes of `kept`.
#[inline(always)]
fn move_on<S: Simd, T: Real>(at: At<S>, history: &mut [Chunk<T>], k: usize, n: usize, kept: Which<T, S>) {
    let (from, to) = history[k * n..][..2 * n].split_at_mut(n);
    for (from, to) in from.iter().zip(to) {
        at.set_in(kept, to, at.of(from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cpu::tile::Rules;
    use crate::problem::evaluate::chunk::CHUNK;
    use crate::problem::evaluate::dispatch::{WithVectors, in_vectors};

    const MEMORY: usize = 5;
    /// As `Pairs` has it.
    const NOISE: f64 = 4.0;

    /// Lanes with 0 to m pairs of made-up numbers, and a new one in every third: in the others the first place is zero. The
    /// last lane has a new pair beside m old ones.
    fn tile(dimension: usize) -> (Tile<f32>, Mask<f32>) {
        let rules = Rules::lbfgs(dimension, MEMORY, 0.0);
        let mut tile = Tile::new(&rules);
        tile.places = MEMORY;
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
            for (place, rho) in tile.rho.iter_mut().enumerate() {
                let is_pair = if place == 0 { kept.has(l) } else { place <= old(l) };
                rho.0[l] = if is_pair { number(place + 3000, l).abs() } else { 0.0 };
            }
            tile.g.iter_mut().enumerate().for_each(|(i, g)| g.0[l] = number(i, l));
        }
        (tile, kept)
    }

    struct Test<'a>(&'a mut Tile<f32>, Mask<f32>, Mask<f32>, &'a mut Chunk<f32>);

    impl WithVectors for Test<'_> {
        fn run<S: Simd>(self, simd: S) {
            let scratch = &mut Scratch::new(self.0.x.len(), MEMORY);
            *self.3 = super::direct(simd, self.0, self.1, self.2, scratch, NOISE);
        }
    }

    fn direct(tile: &mut Tile<f32>, turns: Mask<f32>, kept: Mask<f32>) -> Chunk<f32> {
        let mut slopes = Chunk::splat(0.0);
        in_vectors(Test(tile, turns, kept, &mut slopes));
        slopes
    }

    fn bits(chunks: &[Chunk<f32>], l: usize) -> Vec<u32> {
        chunks.iter().map(|chunk| chunk.0[l].to_bits()).collect()
    }

    #[test]
    fn a_new_pair_comes_before_the_others_and_a_lane_without_one_keeps_its_own() {
        for n in [1, 3, 10, 40] {
            let (before, kept) = tile(n);
            let mut after = before.clone();
            direct(&mut after, Mask::lanes(|_| true), kept);
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
            let slopes = direct(&mut together, Mask::lanes(|_| true), kept);
            for l in 0..CHUNK {
                let mut alone = before.clone();
                let only = Mask::lanes(|k| k == l);
                let slope = direct(&mut alone, only, kept.and(only));
                assert_eq!(bits(&alone.d, l), bits(&together.d, l), "n = {n}, lane {l}");
                assert_eq!(slope.0[l].to_bits(), slopes.0[l].to_bits(), "n = {n}, lane {l}");
            }
        }
    }

    struct Unknown<'a>(&'a mut Tile<f32>, Mask<f32>);

    impl WithVectors for Unknown<'_> {
        fn run<S: Simd>(self, simd: S) {
            let Self(tile, kept) = self;
            let all = Mask::lanes(|_| true);
            let places = places(simd, tile, all, kept);
            let Scratch { mut q, mut a, .. } = Scratch::new(tile.x.len(), MEMORY);
            for at in At::each::<f32>(simd) {
                two_loop(
                    at,
                    tile,
                    &mut Rows { at, rows: &mut q },
                    &mut a[..places],
                    at.which(&all),
                    at.which(&kept),
                    All { gamma: at.of(&tile.lanes.gamma) },
                );
            }
        }
    }

    #[test]
    fn a_known_dimension_changes_nothing() {
        // Of three components, which builds with debug assertions know as well.
        for n in [3, 10] {
            let (mut known, kept) = tile(n);
            let mut unknown = known.clone();
            direct(&mut known, Mask::lanes(|_| true), kept);
            in_vectors(Unknown(&mut unknown, kept));
            for l in 0..CHUNK {
                assert_eq!(bits(&known.d, l), bits(&unknown.d, l), "n = {n}, lane {l}");
            }
        }
    }
}
