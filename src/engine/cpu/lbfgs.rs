//! The L-BFGS direction: the two-loop recursion.
//!
//! # References
//! J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), algorithm 7.4.

use pulp::Simd;

use super::bounds::held_lanes;
use super::components::{Components, Rows};
use super::held::direct_held;
use super::history::{Pairs, PairsMut, bring_up};
use super::sums::in_blocks;
use super::tile::Tile;
use crate::problem::evaluate::chunk::{Chunk, Mask};
use crate::problem::evaluate::lanes::{At, Numbers, Which};
use crate::problem::evaluate::real::Real;

/// Memory for the recursion, n and m chunks, and as many for the one over free components.
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
        Self { q: room(dimension), a: room(memory), weights: room(memory), free: room(dimension) }
    }
}

/// Remembers the new pairs of the lanes of `kept`, sets d = -H g for those of `turns`, and returns g.d.
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
        let stays = remember(simd, tile, kept);
        let mut slopes = Chunk::splat(T::ZERO);
        let holds = tile.is_bounded().then(|| held_lanes(tile, turns, &mut scratch.free));
        if let Some(holds) = holds.filter(Mask::any) {
            for at in At::each::<T>(simd) {
                if let Some(stays) = &stays {
                    tile.history.bring_up(at, at.which(stays));
                }
                let slope = direct_held(at, tile, turns, holds, scratch, noise);
                at.set(&mut slopes, slope);
            }
            return slopes;
        }
        let Scratch { q, a, .. } = scratch;
        for at in At::each::<T>(simd) {
            let (turns, stays, zero) = (at.which(&turns), stays.as_ref().map(|stays| at.which(stays)), at.splat(T::ZERO));
            let all = All { gamma: at.of(&tile.lanes.gamma) };
            // For few components the compiler knows how many, and keeps q in registers.
            macro_rules! by_dimension {
                ($($n:literal)*) => {
                    match q.len() {
                        $($n => two_loop(at, tile, &mut [zero; $n], a, turns, stays, all),)*
                        _ => two_loop(at, tile, &mut Rows { at, rows: q }, a, turns, stays, all),
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

/// Remembers the new pairs of the lanes of `kept`. Returns the others that have pairs, if there are any: they are to bring them up.
#[inline(always)]
fn remember<S: Simd, T: Real>(simd: S, tile: &mut Tile<T>, kept: Mask<T>) -> Option<Mask<T>> {
    if !At::any(simd, &kept) {
        return None;
    }
    tile.history.advance();
    At::lanes(simd, |at| at.words(&tile.lanes.pairs).is_not(0).without(at.which(&kept)))
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

/// The two-loop recursion, from g to H g, over all places that may have a pair; those without one have a rho of 0 and change
/// nothing. Lanes of `stays` bring their pairs up first. It is rho y that the products go with: no product has to wait for a rho then.
#[inline(always)]
pub(super) fn two_loop<S: Simd, T: Real>(
    at: At<S>,
    tile: &mut Tile<T>,
    q: &mut impl Components<T, S>,
    a: &mut [Chunk<T>],
    turns: Which<T, S>,
    stays: Option<Which<T, S>>,
    over: impl Subspace<T, S>,
) -> Numbers<T, S> {
    let Tile { g, d, history, .. } = tile;
    let n = q.len();
    let (g, d, a) = (&g[..n], &mut d[..n], &mut a[..history.filled()]);
    let zero = at.splat(T::ZERO);
    for i in 0..n {
        q.set(i, over.within(i, at.of(&g[i])));
    }
    let mut ring = history.ring(n);
    for (k, a) in a.iter_mut().enumerate() {
        let alpha = if let Some(stays) = stays {
            let (PairsMut { s, y, rho }, behind) = ring.neighbours(k);
            let rho = over.rho(k, bring_up(at, rho, behind.rho, stays));
            let s = |i: usize| bring_up(at, &mut s[i], &behind.s[i], stays);
            to_older(at, q, s, |i| bring_up(at, &mut y[i], &behind.y[i], stays), rho, over)
        } else {
            let Pairs { s, y, rho } = ring.pairs(k);
            to_older(at, q, |i| at.of(&s[i]), |i| at.of(&y[i]), over.rho(k, at.of(rho)), over)
        };
        at.set(a, alpha);
    }
    for i in 0..n {
        q.set(i, q.get(i) * over.gamma());
    }
    for (k, alpha) in a.iter().enumerate().rev() {
        let Pairs { s, y, rho } = ring.pairs(k);
        let rho = over.rho(k, at.of(rho));
        let beta = zero.below(rho).choose(dot(at, q, |i| rho * at.of(&y[i])), zero);
        let step = at.of(alpha) - beta;
        for i in 0..n {
            q.set(i, over.within(i, q.get(i) + step * at.of(&s[i])));
        }
    }
    for i in 0..n {
        // Places without a pair turn -0 into 0, and how many there are depends on the other lanes: from 0 all are taken.
        at.set_in(turns, &mut d[i], zero - q.get(i));
    }
    zero - dot(at, q, |i| at.of(&g[i]))
}

/// The first loop's step from a pair to the one before it, q <- q - alpha y, with alpha = rho s.q, which it returns.
#[inline(always)]
fn to_older<S: Simd, T: Real>(
    at: At<S>,
    q: &mut impl Components<T, S>,
    s: impl FnMut(usize) -> Numbers<T, S>,
    mut y: impl FnMut(usize) -> Numbers<T, S>,
    rho: Numbers<T, S>,
    over: impl Subspace<T, S>,
) -> Numbers<T, S> {
    let zero = at.splat(T::ZERO);
    let along = zero.below(rho).choose(dot(at, q, s), zero);
    for i in 0..q.len() {
        q.set(i, over.within(i, q.get(i) - along * (rho * y(i))));
    }
    rho * along
}

/// q.b
#[inline(always)]
pub(super) fn dot<S: Simd, T: Real>(at: At<S>, q: &impl Components<T, S>, mut b: impl FnMut(usize) -> Numbers<T, S>) -> Numbers<T, S> {
    in_blocks(q.len(), at.splat(-T::ZERO), |a, b| a + b, |sum, i| sum + q.get(i) * b(i))
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

    fn number(k: usize, l: usize) -> f32 {
        ((k * 16 + l) as f32 * 1.7).sin()
    }

    /// Made-up pairs of lane `l`, s, y and rho.
    fn pairs(dimension: usize, count: usize, l: usize, salt: usize) -> [Vec<f64>; 3] {
        let numbers = |count: usize, salt: usize| (0..count).map(|k| f64::from(number(k + salt, l))).collect::<Vec<_>>();
        let rho = numbers(count, salt + 3000).iter().map(|rho| rho.abs()).collect();
        [numbers(count * dimension, salt + 1000), numbers(count * dimension, salt + 2000), rho]
    }

    /// Has the lanes of `kept` come from a step.
    fn step(tile: &mut Tile<f32>, kept: &Mask<f32>, salt: usize) {
        let n = tile.x.len();
        for l in 0..CHUNK {
            let [s, y, rho] = pairs(n, 1, l, salt).map(|vector| if kept.has(l) { vector } else { vec![0.0; vector.len()] });
            let put = |to: &mut [Chunk<f32>], from: &[f64]| to.iter_mut().zip(from).for_each(|(to, &from)| to.0[l] = from as f32);
            let coming = tile.history.coming_mut();
            put(coming.s, &s);
            put(coming.y, &y);
            coming.rho.0[l] = rho[0] as f32;
            let pairs = &mut tile.lanes.pairs.0[l];
            *pairs = (*pairs + u32::from(kept.has(l))).min(MEMORY as u32);
        }
    }

    /// Lanes with 0 to m pairs of made-up numbers, and a new one in every third.
    fn tile(dimension: usize) -> (Tile<f32>, Mask<f32>) {
        let rules = Rules::lbfgs(dimension, MEMORY, 0.0);
        let mut tile = Tile::new(&rules);
        for l in 0..CHUNK {
            let count = l % (MEMORY + 1);
            tile.lanes.pairs.0[l] = count as u32;
            tile.lanes.gamma.0[l] = 0.5;
            let [s, y, rho] = pairs(dimension, count, l, 0);
            tile.history.set_lane(l, [&s, &y, &rho]);
            tile.g.iter_mut().enumerate().for_each(|(i, g)| g.0[l] = number(i, l));
        }
        let kept = Mask::lanes(|l| l % 3 == 0);
        step(&mut tile, &kept, 100);
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
            let mut tile = Tile::new(&Rules::lbfgs(n, MEMORY, 0.0));
            let remembered = |tile: &Tile<f32>, l: usize| tile.history.lane(l, tile.lanes.pairs.0[l] as usize, false);
            // The ring fills, and goes round twice and more; in some rounds all lanes have a new pair, in others one has, or none.
            for round in 0..3 * MEMORY {
                let before = tile.clone();
                let kept = Mask::lanes(|l| round % 4 == 3 || (round % 5 != 4 && (l * 7 + round) % 16 < 1 + round * 2));
                step(&mut tile, &kept, round * 50);
                direct(&mut tile, Mask::lanes(|_| true), kept);
                for l in 0..CHUNK {
                    let mut expected = if kept.has(l) { pairs(n, 1, l, round * 50) } else { [const { Vec::new() }; 3] };
                    for (expected, old) in expected.iter_mut().zip(remembered(&before, l)) {
                        expected.extend(old);
                    }
                    for (expected, most) in expected.iter_mut().zip([MEMORY * n, MEMORY * n, MEMORY]) {
                        expected.truncate(most);
                    }
                    assert_eq!(remembered(&tile, l), expected, "n = {n}, round {round}, lane {l}");
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
            let stays = remember(simd, tile, kept);
            let Scratch { mut q, mut a, .. } = Scratch::new(tile.x.len(), MEMORY);
            for at in At::each::<f32>(simd) {
                two_loop(
                    at,
                    tile,
                    &mut Rows { at, rows: &mut q },
                    &mut a,
                    at.which(&all),
                    stays.as_ref().map(|stays| at.which(stays)),
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
