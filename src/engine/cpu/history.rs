//! The pairs that sixteen lanes remember.

use pulp::Simd;

use super::tile::lane_of;
use crate::problem::evaluate::chunk::Chunk;
use crate::problem::evaluate::lanes::{At, Numbers, Which};
use crate::problem::evaluate::real::Real;

/// A ring of m + 1 places, each for a pair (s, y) of every lane, with its rho = 1 / s.y.
///
/// The newest pairs of all lanes stand in one place and the others behind it, so that chunks are read whole. A new pair comes into
/// the place before. Lanes accept at different rounds: those that have none then bring theirs up by one place, which the two-loop
/// recursion does as it reads them. Where all lanes have a new pair nothing moves.
///
/// Where a lane has no pair its rho is 0: s and y may then be of a lane before, and must be finite, since they are multiplied by 0.
#[derive(Clone, Debug)]
pub(super) struct History<T: Copy> {
    /// n chunks of s, n of y and one of rho for each place.
    rows: Vec<Chunk<T>>,
    dimension: usize,
    /// m
    memory: usize,
    /// The place of the next pair. What stands there else, and rho above all, counts for nothing.
    coming: usize,
    /// In how many places behind that one any lane may have a pair.
    filled: usize,
}

/// A pair of each lane.
pub(super) struct Pairs<'a, T: Copy> {
    pub(super) s: &'a [Chunk<T>],
    pub(super) y: &'a [Chunk<T>],
    pub(super) rho: &'a Chunk<T>,
}

impl<'a, T: Copy> Pairs<'a, T> {
    /// Those that stand in a row, of n components.
    #[inline(always)]
    fn of(row: &'a [Chunk<T>], n: usize) -> Self {
        let (s, others) = row.split_at(n);
        let (y, rho) = others.split_at(n);
        Self { s, y, rho: &rho[0] }
    }
}

/// A pair of each lane, to be written.
pub(super) struct PairsMut<'a, T: Copy> {
    pub(super) s: &'a mut [Chunk<T>],
    pub(super) y: &'a mut [Chunk<T>],
    pub(super) rho: &'a mut Chunk<T>,
}

impl<'a, T: Copy> PairsMut<'a, T> {
    #[inline(always)]
    fn of(row: &'a mut [Chunk<T>], n: usize) -> Self {
        let (s, others) = row.split_at_mut(n);
        let (y, rho) = others.split_at_mut(n);
        Self { s, y, rho: &mut rho[0] }
    }
}

/// The ring as the recursion goes round it, over n components: the compiler may know how many.
pub(super) struct Ring<'a, T: Copy> {
    rows: &'a mut [Chunk<T>],
    n: usize,
    memory: usize,
    coming: usize,
}

impl<T: Copy> Ring<'_, T> {
    /// Pair `k` of each lane: 0 is its newest.
    #[inline(always)]
    pub(super) fn pairs(&self, k: usize) -> Pairs<'_, T> {
        let size = 2 * self.n + 1;
        Pairs::of(&self.rows[place(self.coming, k, self.memory) * size..][..size], self.n)
    }

    /// Pair `k` of each lane, and what stands behind it.
    #[inline(always)]
    pub(super) fn neighbours(&mut self, k: usize) -> (PairsMut<'_, T>, Pairs<'_, T>) {
        let size = 2 * self.n + 1;
        let (here, behind) = (place(self.coming, k, self.memory), place(self.coming, k + 1, self.memory));
        if here < behind {
            let (before, after) = self.rows.split_at_mut(behind * size);
            (PairsMut::of(&mut before[here * size..][..size], self.n), Pairs::of(&after[..size], self.n))
        } else {
            let (before, after) = self.rows.split_at_mut(here * size);
            (PairsMut::of(&mut after[..size], self.n), Pairs::of(&before[behind * size..][..size], self.n))
        }
    }
}

/// Where pair `k` of each lane stands; behind the oldest of m the next one comes in.
#[inline(always)]
fn place(coming: usize, k: usize, memory: usize) -> usize {
    let place = coming + 1 + k;
    if place <= memory { place } else { place - (memory + 1) }
}

impl<T: Real> History<T> {
    pub(super) fn new(dimension: usize, memory: usize) -> Self {
        let rows = vec![Chunk::splat(T::ZERO); (memory + 1) * (2 * dimension + 1)];
        Self { rows, dimension, memory, coming: 0, filled: 0 }
    }

    /// In how many places, from the newest pairs on, any lane may have one.
    #[inline(always)]
    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    #[inline(always)]
    fn pairs_at(&self, place: usize) -> Pairs<'_, T> {
        let size = 2 * self.dimension + 1;
        Pairs::of(&self.rows[place * size..][..size], self.dimension)
    }

    #[inline(always)]
    fn pairs_at_mut(&mut self, place: usize) -> PairsMut<'_, T> {
        let size = 2 * self.dimension + 1;
        PairsMut::of(&mut self.rows[place * size..][..size], self.dimension)
    }

    /// Pair `k` of each lane: 0 is its newest.
    #[inline(always)]
    pub(super) fn pairs(&self, k: usize) -> Pairs<'_, T> {
        self.pairs_at(place(self.coming, k, self.memory))
    }

    /// For the recursion over n components.
    #[inline(always)]
    pub(super) fn ring(&mut self, n: usize) -> Ring<'_, T> {
        Ring { rows: &mut self.rows, n, memory: self.memory, coming: self.coming }
    }

    /// The last steps, which have not been remembered yet.
    #[inline(always)]
    pub(super) fn coming(&self) -> Pairs<'_, T> {
        self.pairs_at(self.coming)
    }

    /// Where the last steps are put down.
    #[inline(always)]
    pub(super) fn coming_mut(&mut self) -> PairsMut<'_, T> {
        self.pairs_at_mut(self.coming)
    }

    /// Remembers the last steps: they are the newest pairs now, and lanes that have none there are to bring up theirs.
    #[inline(always)]
    pub(super) fn advance(&mut self) {
        self.coming = self.coming.checked_sub(1).unwrap_or(self.memory);
        self.filled = self.memory.min(self.filled + 1);
    }

    /// Brings up the pairs of the lanes of `stays`, at once.
    #[inline(always)]
    pub(super) fn bring_up<S: Simd>(&mut self, at: At<S>, stays: Which<T, S>) {
        let (filled, mut ring) = (self.filled, self.ring(self.dimension));
        for k in 0..filled {
            let (here, behind) = ring.neighbours(k);
            for (to, from) in here.s.iter_mut().zip(behind.s).chain(here.y.iter_mut().zip(behind.y)).chain([(here.rho, behind.rho)]) {
                bring_up(at, to, from, stays);
            }
        }
    }

    /// Forgets the pairs of the lanes in `which`. What stands in s and y is finite, and stays.
    #[inline(always)]
    pub(super) fn forget<S: Simd>(&mut self, at: At<S>, which: Which<T, S>) {
        for place in 0..=self.memory {
            at.set_in(which, self.pairs_at_mut(place).rho, at.splat(T::ZERO));
        }
    }

    /// Forgets the pairs of lane `l`.
    pub(super) fn forget_lane(&mut self, l: usize) {
        for place in 0..=self.memory {
            self.pairs_at_mut(place).rho.0[l] = T::ZERO;
        }
    }

    /// No lane remembers any pair.
    pub(super) fn clear(&mut self) {
        self.filled = 0;
    }

    /// s, y and rho of lane `l`, which has so many pairs, newest first. `with_coming`: its last step is the first of them.
    pub(super) fn lane(&self, l: usize, pairs: usize, with_coming: bool) -> [Vec<f64>; 3] {
        let coming = with_coming.then(|| self.coming());
        let remembered = (0..self.memory).map(|k| self.pairs(k));
        let mut out = [const { Vec::new() }; 3];
        for pair in coming.into_iter().chain(remembered).take(pairs) {
            out[0].extend(lane_of(pair.s, l));
            out[1].extend(lane_of(pair.y, l));
            out[2].push(pair.rho.0[l].to_f64());
        }
        out
    }

    /// Gives lane `l` these pairs, newest first. What is no pair, as a file may have it, becomes zeros: lanes that come to its place
    /// later are multiplied by it.
    pub(super) fn set_lane(&mut self, l: usize, [s, y, rho]: [&[f64]; 3]) {
        self.forget_lane(l);
        self.filled = self.filled.max(rho.len().min(self.memory));
        let n = self.dimension;
        for (k, &rho) in rho.iter().enumerate().take(self.memory) {
            let (s, y) = (&s[k * n..][..n], &y[k * n..][..n]);
            let finite = |&value: &f64| T::from_f64(value).is_finite();
            let is_pair = T::ZERO < T::from_f64(rho) && finite(&rho) && s.iter().chain(y).all(finite);
            let number = |value: f64| if is_pair { T::from_f64(value) } else { T::ZERO };
            let put = |to: &mut [Chunk<T>], from: &[f64]| to.iter_mut().zip(from).for_each(|(to, &from)| to.0[l] = number(from));
            let here = self.pairs_at_mut(place(self.coming, k, self.memory));
            put(here.s, s);
            put(here.y, y);
            here.rho.0[l] = number(rho);
        }
    }
}

/// Puts into `here` what stands `behind` it in the lanes of `stays`, and returns what is there then.
#[inline(always)]
pub(super) fn bring_up<S: Simd, T: Real>(at: At<S>, here: &mut Chunk<T>, behind: &Chunk<T>, stays: Which<T, S>) -> Numbers<T, S> {
    let value = stays.choose(at.of(behind), at.of(here));
    at.set(here, value);
    value
}
