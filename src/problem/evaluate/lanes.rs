//! Lanes of a chunk in the processor's own vectors, written as arithmetic: for stages whose values are to stay in registers.
//!
//! Of operations on whole [`Chunk`]s the compiler makes vectors by itself, where it finds them again among sixteen lanes each; over long
//! stretches, with masks in between, it leaves them in pieces. These are vectors from the beginning.

use std::cell::Cell;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Sub};

use pulp::Simd;

use super::chunk::{CHUNK, Chunk, Mask};
use super::real::Real;

/// Which vector of a chunk: what loads and stores its lanes.
#[derive(Clone, Copy)]
pub(crate) struct At<S: Simd> {
    simd: S,
    v: usize,
}

/// A number for each of its lanes.
#[derive(Clone, Copy)]
pub(crate) struct Numbers<T: Real, S: Simd> {
    simd: S,
    value: T::Vector<S>,
}

/// A word of 32 bits for each of its lanes.
#[derive(Clone, Copy)]
pub(crate) struct Words<T: Real, S: Simd> {
    simd: S,
    value: T::Words<S>,
}

/// Some of its lanes.
#[derive(Clone, Copy)]
pub(crate) struct Which<T: Real, S: Simd> {
    simd: S,
    value: T::Which<S>,
}

impl<S: Simd> At<S> {
    /// Every vector of a chunk.
    #[inline(always)]
    pub(crate) fn each<T: Real>(simd: S) -> impl Iterator<Item = Self> {
        (0..CHUNK / T::lanes::<S>()).map(move |v| Self { simd, v })
    }

    #[inline(always)]
    pub(crate) fn of<T: Real>(self, chunk: &Chunk<T>) -> Numbers<T, S> {
        Numbers { simd: self.simd, value: T::load::<S>(&chunk.0, self.v) }
    }

    /// Of a row of the evaluator.
    #[inline(always)]
    pub(crate) fn of_cell<T: Real>(self, chunk: &Cell<Chunk<T>>) -> Numbers<T, S> {
        self.of(&chunk.get())
    }

    #[inline(always)]
    pub(crate) fn set<T: Real>(self, chunk: &mut Chunk<T>, value: Numbers<T, S>) {
        T::store::<S>(&mut chunk.0, self.v, value.value);
    }

    /// Sets lanes of a row of the evaluator.
    #[inline(always)]
    pub(crate) fn set_cell<T: Real>(self, chunk: &Cell<Chunk<T>>, value: Numbers<T, S>) {
        let mut lanes = chunk.get();
        self.set(&mut lanes, value);
        chunk.set(lanes);
    }

    /// `value` in the lanes of `which`; the others keep theirs.
    #[inline(always)]
    pub(crate) fn set_in<T: Real>(self, which: Which<T, S>, chunk: &mut Chunk<T>, value: Numbers<T, S>) {
        let before = self.of(chunk);
        self.set(chunk, which.choose(value, before));
    }

    #[inline(always)]
    pub(crate) fn splat<T: Real>(self, value: T) -> Numbers<T, S> {
        Numbers { simd: self.simd, value: T::splat(self.simd, value) }
    }

    #[inline(always)]
    pub(crate) fn number<T: Real>(self, value: f64) -> Numbers<T, S> {
        self.splat(T::from_f64(value))
    }

    #[inline(always)]
    pub(crate) fn words<T: Real>(self, words: &Chunk<u32>) -> Words<T, S> {
        Words { simd: self.simd, value: T::load_words::<S>(&words.0, self.v) }
    }

    #[inline(always)]
    pub(crate) fn set_words<T: Real>(self, words: &mut Chunk<u32>, value: Words<T, S>) {
        T::store_words::<S>(&mut words.0, self.v, value.value);
    }

    #[inline(always)]
    pub(crate) fn word<T: Real>(self, word: u32) -> Words<T, S> {
        Words { simd: self.simd, value: T::splat_word(self.simd, word) }
    }

    /// Where a word is not 0.
    #[inline(always)]
    pub(crate) fn flags<T: Real>(self, words: &Chunk<u32>) -> Which<T, S> {
        self.words(words).is_not(0)
    }

    /// Sets words to 1 in the lanes of `which`, to 0 in the others.
    #[inline(always)]
    pub(crate) fn set_flags<T: Real>(self, words: &mut Chunk<u32>, which: Which<T, S>) {
        self.set_words(words, self.ones(which));
    }

    /// Adds 1 in the lanes of `which`.
    #[inline(always)]
    pub(crate) fn count<T: Real>(self, words: &mut Chunk<u32>, which: Which<T, S>) {
        let before = self.words(words);
        self.set_words(words, before + self.ones(which));
    }

    #[inline(always)]
    pub(crate) fn ones<T: Real>(self, which: Which<T, S>) -> Words<T, S> {
        which.choose_words(self.word(1), self.word(0))
    }

    #[inline(always)]
    pub(crate) fn which<T: Real>(self, mask: &Mask<T>) -> Which<T, S> {
        Which { simd: self.simd, value: T::load_which(self.simd, &mask.0, self.v) }
    }

    /// Whether any lane of a chunk is in a mask.
    #[inline(always)]
    pub(crate) fn any<T: Real>(simd: S, mask: &Mask<T>) -> bool {
        Self::each::<T>(simd).fold(false, |any, at| any | at.which(mask).any())
    }

    #[inline(always)]
    pub(crate) fn set_which<T: Real>(self, mask: &mut Mask<T>, which: Which<T, S>) {
        T::store_which(self.simd, &mut mask.0, self.v, which.value);
    }

    /// The lanes that `which` tells of each vector of a chunk, if there are any.
    #[inline(always)]
    pub(crate) fn lanes<T: Real>(simd: S, mut which: impl FnMut(Self) -> Which<T, S>) -> Option<Mask<T>> {
        let (mut mask, mut some) = (Mask::none(), false);
        for at in Self::each::<T>(simd) {
            let these = which(at);
            at.set_which(&mut mask, these);
            some |= these.any();
        }
        some.then_some(mask)
    }
}

macro_rules! arithmetic {
    ($($op:ident $f:ident $how:ident),*) => {
        $(impl<T: Real, S: Simd> $op for Numbers<T, S> {
            type Output = Self;

            #[inline(always)]
            fn $f(self, other: Self) -> Self {
                Self { simd: self.simd, value: T::$how(self.simd, self.value, other.value) }
            }
        })*
    };
}

arithmetic!(Add add sum, Sub sub difference, Mul mul product, Div div quotient);

impl<T: Real, S: Simd> Neg for Numbers<T, S> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.splat(-T::ONE) * self
    }
}

impl<T: Real, S: Simd> Mul<f64> for Numbers<T, S> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, factor: f64) -> Self {
        self.splat(T::from_f64(factor)) * self
    }
}

impl<T: Real, S: Simd> Numbers<T, S> {
    #[inline(always)]
    pub(crate) fn abs(self) -> Self {
        Self { simd: self.simd, value: T::magnitude(self.simd, self.value) }
    }

    #[inline(always)]
    pub(crate) fn sqrt(self) -> Self {
        Self { simd: self.simd, value: T::root(self.simd, self.value) }
    }

    /// The greater. Where one is NaN the result depends on the processor: for what is used only where both are numbers.
    #[inline(always)]
    pub(crate) fn greater(self, other: Self) -> Self {
        Self { simd: self.simd, value: T::greater(self.simd, other.value, self.value) }
    }

    /// The greater; `self` where `other` is not a number.
    #[inline(always)]
    pub(crate) fn max(self, other: Self) -> Self {
        self.below(other).choose(other, self)
    }

    /// The lesser; `self` where `other` is not a number.
    #[inline(always)]
    pub(crate) fn min(self, other: Self) -> Self {
        other.below(self).choose(other, self)
    }

    #[inline(always)]
    pub(crate) fn below(self, other: Self) -> Which<T, S> {
        Which { simd: self.simd, value: T::below(self.simd, self.value, other.value) }
    }

    #[inline(always)]
    pub(crate) fn at_most(self, other: Self) -> Which<T, S> {
        Which { simd: self.simd, value: T::at_most(self.simd, self.value, other.value) }
    }

    /// Where it is neither infinite nor NaN.
    #[inline(always)]
    pub(crate) fn finite(self) -> Which<T, S> {
        self.abs().at_most(self.splat(T::HUGE))
    }

    /// Where it is positive, neither too small to have all its digits nor infinite.
    #[inline(always)]
    pub(crate) fn usable(self) -> Which<T, S> {
        self.splat(T::TINY).at_most(self) & self.at_most(self.splat(T::HUGE))
    }

    /// `value` in all lanes.
    #[inline(always)]
    pub(crate) fn splat(self, value: T) -> Self {
        Self { simd: self.simd, value: T::splat(self.simd, value) }
    }
}

impl<T: Real, S: Simd> Add for Words<T, S> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { simd: self.simd, value: T::sum_of_words(self.simd, self.value, other.value) }
    }
}

impl<T: Real, S: Simd> Words<T, S> {
    #[inline(always)]
    pub(crate) fn is(self, word: u32) -> Which<T, S> {
        Which { simd: self.simd, value: T::words_equal(self.simd, self.value, T::splat_word(self.simd, word)) }
    }

    #[inline(always)]
    pub(crate) fn is_not(self, word: u32) -> Which<T, S> {
        self.is(word).others()
    }

    #[inline(always)]
    pub(crate) fn below(self, other: Self) -> Which<T, S> {
        Which { simd: self.simd, value: T::words_below(self.simd, self.value, other.value) }
    }

    #[inline(always)]
    pub(crate) fn at_least(self, other: Self) -> Which<T, S> {
        self.below(other).others()
    }

    #[inline(always)]
    pub(crate) fn above(self, word: u32) -> Which<T, S> {
        Self { simd: self.simd, value: T::splat_word(self.simd, word) }.below(self)
    }
}

impl<T: Real, S: Simd> BitAnd for Which<T, S> {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self { simd: self.simd, value: T::both(self.simd, self.value, other.value) }
    }
}

impl<T: Real, S: Simd> BitOr for Which<T, S> {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self { simd: self.simd, value: T::either(self.simd, self.value, other.value) }
    }
}

impl<T: Real, S: Simd> Which<T, S> {
    /// The lanes that are not in it.
    #[inline(always)]
    pub(crate) fn others(self) -> Self {
        Self { simd: self.simd, value: T::others(self.simd, self.value) }
    }

    /// Its lanes that are not in `other`.
    #[inline(always)]
    pub(crate) fn without(self, other: Self) -> Self {
        self & other.others()
    }

    #[inline(always)]
    pub(crate) fn any(self) -> bool {
        T::any(self.simd, self.value)
    }

    /// `a` in its lanes, `b` elsewhere.
    #[inline(always)]
    pub(crate) fn choose(self, a: Numbers<T, S>, b: Numbers<T, S>) -> Numbers<T, S> {
        Numbers { simd: self.simd, value: T::choose(self.simd, self.value, a.value, b.value) }
    }

    /// As [`choose`](Which::choose), of words.
    #[inline(always)]
    pub(crate) fn choose_words(self, a: Words<T, S>, b: Words<T, S>) -> Words<T, S> {
        Words { simd: self.simd, value: T::choose_words(self.simd, self.value, a.value, b.value) }
    }
}

#[cfg(test)]
mod tests;
