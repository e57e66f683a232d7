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
        self.words(words).not(0)
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
        which.words(self.word(1), self.word(0))
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
        Self { simd: self.simd, value: T::product(self.simd, T::splat(self.simd, -T::ONE), self.value) }
    }
}

impl<T: Real, S: Simd> Mul<f64> for Numbers<T, S> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, factor: f64) -> Self {
        Self { simd: self.simd, value: T::product(self.simd, T::splat(self.simd, T::from_f64(factor)), self.value) }
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

    /// The greater of two numbers. Where one is none, the processor says which.
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
        self.abs().at_most(Self { simd: self.simd, value: T::splat(self.simd, T::HUGE) })
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
    pub(crate) fn not(self, word: u32) -> Which<T, S> {
        self.is(word).others()
    }

    #[inline(always)]
    pub(crate) fn below(self, other: Self) -> Which<T, S> {
        Which { simd: self.simd, value: T::words_below(self.simd, self.value, other.value) }
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
    pub(crate) fn words(self, a: Words<T, S>, b: Words<T, S>) -> Words<T, S> {
        Words { simd: self.simd, value: T::choose_words(self.simd, self.value, a.value, b.value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::evaluate::dispatch::{WithVectors, vectors};

    /// Numbers of every kind, in other places in each chunk.
    fn chunk<T: Real>(shift: usize) -> Chunk<T> {
        let numbers = [0.0, -0.0, 1.5, -2.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-30];
        Chunk(std::array::from_fn(|l| T::from_f64(numbers[(l * (1 + 2 * shift) + shift) % numbers.len()])))
    }

    fn words(shift: u32) -> Chunk<u32> {
        let words = [0, 1, 2, 7, u32::MAX - 1];
        Chunk(std::array::from_fn(|l| words[(l + shift as usize) % words.len()]))
    }

    fn same<T: Real>(name: &str, ours: &Chunk<T>, expected: impl Fn(usize) -> T) {
        for l in 0..CHUNK {
            let (a, b) = (ours.0[l].to_f64(), expected(l).to_f64());
            assert!(a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(), "{name}, lane {l}: {a} for {b}");
        }
    }

    struct Arithmetic<T>(std::marker::PhantomData<T>);

    impl<T: Real> WithVectors for Arithmetic<T> {
        fn run<S: Simd>(self, simd: S) {
            let (a, b) = (chunk::<T>(0), chunk::<T>(1));
            let of = |f: &dyn Fn(Numbers<T, S>, Numbers<T, S>) -> Numbers<T, S>| {
                let mut out = Chunk::splat(T::ZERO);
                At::each::<T>(simd).for_each(|at| at.set(&mut out, f(at.of(&a), at.of(&b))));
                out
            };
            same("sum", &of(&|a, b| a + b), |l| a.0[l] + b.0[l]);
            same("difference", &of(&|a, b| a - b), |l| a.0[l] - b.0[l]);
            same("product", &of(&|a, b| a * b), |l| a.0[l] * b.0[l]);
            same("quotient", &of(&|a, b| a / b), |l| a.0[l] / b.0[l]);
            same("factor", &of(&|a, _| a * 0.1), |l| T::from_f64(0.1) * a.0[l]);
            same("negative", &of(&|a, _| -a), |l| -a.0[l]);
            same("magnitude", &of(&|a, _| a.abs()), |l| a.0[l].abs());
            same("root", &of(&|a, _| a.sqrt()), |l| a.0[l].sqrt());
            // Of what is not a number nothing is said, nor which of the zeros is the greater.
            let (p, q) = (a.map(number), b.map(number));
            let mut greater = p;
            At::each::<T>(simd).for_each(|at| at.set(&mut greater, at.of(&p).greater(at.of(&q)) + at.splat(T::ZERO)));
            same("greater", &greater, |l| p.0[l].max(q.0[l]) + T::ZERO);
            same("max", &of(&|a, b| a.max(b)), |l| a.0[l].max(b.0[l]));
            same("min", &of(&|a, b| a.min(b)), |l| a.0[l].min(b.0[l]));
            let picked = |which: bool, l: usize| if which { a.0[l] } else { b.0[l] };
            same("below", &of(&|a, b| a.below(b).choose(a, b)), |l| picked(a.0[l] < b.0[l], l));
            same("at most", &of(&|a, b| a.at_most(b).choose(a, b)), |l| picked(a.0[l] <= b.0[l], l));
            same("finite", &of(&|a, b| a.finite().choose(a, b)), |l| picked(a.0[l].is_finite(), l));
            let mut kept = b;
            At::each::<T>(simd).for_each(|at| at.set_in(at.of(&a).finite(), &mut kept, at.of(&a)));
            same("set in", &kept, |l| picked(a.0[l].is_finite(), l));
        }
    }

    /// `x`, or 1 if that is not a number.
    fn number<T: Real>(x: T) -> T {
        if x.to_f64().is_nan() { T::ONE } else { x }
    }

    struct Choices<T>(std::marker::PhantomData<T>);

    impl<T: Real> WithVectors for Choices<T> {
        fn run<S: Simd>(self, simd: S) {
            let (a, b) = (words(0), words(2));
            let (odd, third) = (Mask::<T>::lanes(|l| l % 2 == 1), Mask::<T>::lanes(|l| l % 3 == 0));
            let of = |f: &dyn Fn(At<S>) -> Which<T, S>| {
                let mut mask = Mask::lanes(|_| false);
                At::each::<T>(simd).for_each(|at| at.set_which(&mut mask, f(at)));
                std::array::from_fn::<bool, CHUNK, _>(|l| mask.has(l))
            };
            let expected = |f: &dyn Fn(usize) -> bool| std::array::from_fn::<bool, CHUNK, _>(f);
            assert_eq!(of(&|at| at.words(&a).is(7)), expected(&|l| a.0[l] == 7));
            assert_eq!(of(&|at| at.words(&a).not(7)), expected(&|l| a.0[l] != 7));
            assert_eq!(of(&|at| at.words(&a).below(at.words(&b))), expected(&|l| a.0[l] < b.0[l]));
            assert_eq!(of(&|at| at.words(&a).above(1)), expected(&|l| a.0[l] > 1));
            assert_eq!(of(&|at| at.which(&odd) & at.which(&third)), expected(&|l| l % 2 == 1 && l % 3 == 0));
            assert_eq!(of(&|at| at.which(&odd) | at.which(&third)), expected(&|l| l % 2 == 1 || l % 3 == 0));
            assert_eq!(of(&|at| at.which(&odd).without(at.which(&third))), expected(&|l| l % 2 == 1 && l % 3 != 0));
            let (mut counts, mut flags) = (a, a);
            for at in At::each::<T>(simd) {
                at.count(&mut counts, at.which(&odd));
                at.set_flags::<T>(&mut flags, at.flags(&a));
            }
            assert_eq!(counts.0, std::array::from_fn(|l| a.0[l] + (l as u32 % 2)));
            assert_eq!(flags.0, std::array::from_fn(|l| u32::from(a.0[l] != 0)));
            for only in 0..CHUNK {
                assert!(At::any(simd, &Mask::<T>::lanes(|l| l == only)), "lane {only}");
            }
            assert!(!At::any(simd, &Mask::<T>::lanes(|_| false)));
        }
    }

    #[test]
    fn vectors_compute_what_single_lanes_do() {
        let (single, double) = (std::marker::PhantomData::<f32>, std::marker::PhantomData::<f64>);
        vectors(Arithmetic(single));
        vectors(Arithmetic(double));
        vectors(Choices(single));
        vectors(Choices(double));
        // And without the processor's own.
        Arithmetic(single).run(pulp::Scalar128b);
        Arithmetic(double).run(pulp::Scalar128b);
        Choices(single).run(pulp::Scalar128b);
        Choices(double).run(pulp::Scalar128b);
    }
}
