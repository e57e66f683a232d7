//! Sixteen lanes side by side: the unit that loops over lanes are written in, so that they become vector instructions.

use std::cell::Cell;

use super::real::Real;

/// Lanes in a chunk.
pub(crate) const CHUNK: usize = 16;
/// Chunks in a block.
pub(crate) const CHUNKS: usize = 8;
/// Lanes in a block: what a worker keeps in its cache, and the most that reading an instruction once computes.
pub(crate) const LANES: usize = CHUNK * CHUNKS;

/// One value for each of [`CHUNK`] lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub(crate) struct Chunk<T>(pub(crate) [T; CHUNK]);

/// For each lane of a chunk all bits set, or none: what a comparison gives and a choice takes. As wide as the numbers that
/// it is about, so that it never has to be converted.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Mask<T: Real>(pub(super) [T::Bits; CHUNK]);

impl<T: Real> Mask<T> {
    #[inline(always)]
    pub(crate) fn none() -> Self {
        Self([T::NO; CHUNK])
    }

    /// The lanes for which `test` holds.
    #[inline(always)]
    pub(crate) fn lanes(test: impl Fn(usize) -> bool) -> Self {
        let mut out = [T::NO; CHUNK];
        for l in 0..CHUNK {
            out[l] = if test(l) { T::YES } else { T::NO };
        }
        Self(out)
    }

    /// The lanes whose word passes `test`.
    #[inline(always)]
    pub(crate) fn of(words: Chunk<u32>, test: impl Fn(u32) -> bool) -> Self {
        Self::lanes(|l| test(words.0[l]))
    }

    #[inline(always)]
    pub(crate) fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    #[inline(always)]
    pub(crate) fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    /// The lanes of `self` that are not in `other`.
    #[inline(always)]
    pub(crate) fn without(self, other: Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(T::Bits, T::Bits) -> T::Bits) -> Self {
        let mut out = self;
        for l in 0..CHUNK {
            out.0[l] = f(self.0[l], other.0[l]);
        }
        out
    }

    /// Whether lane `l` is in it.
    #[inline(always)]
    pub(crate) fn has(&self, l: usize) -> bool {
        self.0[l] != T::NO
    }

    /// Its lanes, one after another. Of a copy, as in [`any`](Mask::any).
    #[inline(always)]
    pub(crate) fn each(self) -> impl Iterator<Item = usize> {
        let mask = self.opaque();
        (0..CHUNK).filter(move |&l| mask.has(l))
    }

    /// Whether any lane is.
    #[inline(always)]
    pub(crate) fn any(&self) -> bool {
        // Of a copy put down as one vector: else the compiler takes the mask to pieces for it, and leaves it so for what follows.
        let mut all = T::NO;
        for bits in self.opaque().0 {
            all = all | bits;
        }
        all != T::NO
    }

    /// The same, but the compiler no longer sees that it came from a comparison, and makes no masked stores of the choices
    /// by it.
    #[inline(always)]
    pub(crate) fn opaque(self) -> Self {
        std::hint::black_box(self)
    }

    /// 1 in its lanes, 0 elsewhere.
    #[inline(always)]
    pub(crate) fn ones(self) -> Chunk<u32> {
        let mut out = [0; CHUNK];
        for l in 0..CHUNK {
            out[l] = T::word(self.0[l]) & 1;
        }
        Chunk(out)
    }

    /// `a` in its lanes, `b` elsewhere: by bits, which stays a handful of vector instructions where a condition may become a
    /// masked store, slow on many processors.
    #[inline(always)]
    pub(crate) fn choose(self, a: Chunk<T>, b: Chunk<T>) -> Chunk<T> {
        let mut out = a;
        for l in 0..CHUNK {
            out.0[l] = T::from_bits((a.0[l].to_bits() & self.0[l]) | (b.0[l].to_bits() & !self.0[l]));
        }
        out
    }

    /// As [`choose`](Mask::choose), of words.
    #[inline(always)]
    pub(crate) fn choose_words(self, a: Chunk<u32>, b: Chunk<u32>) -> Chunk<u32> {
        let mut out = a;
        for l in 0..CHUNK {
            let mask = T::word(self.0[l]);
            out.0[l] = (a.0[l] & mask) | (b.0[l] & !mask);
        }
        out
    }
}

impl<T: Real> Chunk<T> {
    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    pub(crate) fn below(self, other: Self) -> Mask<T> {
        Mask::lanes(|l| self.0[l] < other.0[l])
    }

    #[inline(always)]
    pub(crate) fn at_most(self, other: Self) -> Mask<T> {
        Mask::lanes(|l| self.0[l] <= other.0[l])
    }

    /// Where it is neither infinite nor NaN.
    #[inline(always)]
    pub(crate) fn finite(self) -> Mask<T> {
        Mask::lanes(|l| self.0[l].is_finite())
    }

    #[inline(always)]
    pub(crate) fn scaled(self, factor: f64) -> Self {
        self.map(|value| T::from_f64(factor) * value)
    }
}

/// One value for each lane of a block. Cells, since an instruction may read and write one row.
pub(crate) type Row<T> = [Cell<Chunk<T>>; CHUNKS];

impl<T: Copy> Chunk<T> {
    #[inline(always)]
    pub(crate) fn splat(value: T) -> Self {
        Self([value; CHUNK])
    }

    /// `f` of each lane. This and its like take and return whole chunks: written in place, lane by lane, the compiler has to
    /// assume that what is read may be what was just written, and gives up vector instructions.
    #[inline(always)]
    pub(crate) fn map(self, f: impl Fn(T) -> T) -> Self {
        let mut out = self;
        for l in 0..CHUNK {
            out.0[l] = f(self.0[l]);
        }
        out
    }

    #[inline(always)]
    pub(crate) fn zip(self, b: Self, f: impl Fn(T, T) -> T) -> Self {
        let mut out = self;
        for l in 0..CHUNK {
            out.0[l] = f(self.0[l], b.0[l]);
        }
        out
    }

    #[inline(always)]
    pub(crate) fn zip3(self, b: Self, c: Self, f: impl Fn(T, T, T) -> T) -> Self {
        let mut out = self;
        for l in 0..CHUNK {
            out.0[l] = f(self.0[l], b.0[l], c.0[l]);
        }
        out
    }

    #[inline(always)]
    pub(crate) fn zip4(self, b: Self, c: Self, e: Self, f: impl Fn(T, T, T, T) -> T) -> Self {
        let mut out = self;
        for l in 0..CHUNK {
            out.0[l] = f(self.0[l], b.0[l], c.0[l], e.0[l]);
        }
        out
    }
}

/// Stands in every loop over rows whose body is whole-chunk operations, and costs nothing. Those have become straight code
/// by the time loops are vectorised; without it the compiler would vectorise over the rows, and gather from each.
#[inline(always)]
pub(crate) fn row_by_row() {
    std::hint::black_box(());
}

/// A row with one value in all lanes.
pub(crate) fn row<T: Copy>(value: T) -> Row<T> {
    std::array::from_fn(|_| Cell::new(Chunk::splat(value)))
}
