//! Vectors against single lanes.

use super::*;
use crate::problem::evaluate::dispatch::{WithVectors, in_vectors};

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
            let mut mask = Mask::none();
            At::each::<T>(simd).for_each(|at| at.set_which(&mut mask, f(at)));
            std::array::from_fn::<bool, CHUNK, _>(|l| mask.has(l))
        };
        let expected = |f: &dyn Fn(usize) -> bool| std::array::from_fn::<bool, CHUNK, _>(f);
        assert_eq!(of(&|at| at.words(&a).is(7)), expected(&|l| a.0[l] == 7));
        assert_eq!(of(&|at| at.words(&a).is_not(7)), expected(&|l| a.0[l] != 7));
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
        assert!(!At::any(simd, &Mask::<T>::none()));
    }
}

#[test]
fn vectors_compute_what_single_lanes_do() {
    let (single, double) = (std::marker::PhantomData::<f32>, std::marker::PhantomData::<f64>);
    in_vectors(Arithmetic(single));
    in_vectors(Arithmetic(double));
    in_vectors(Choices(single));
    in_vectors(Choices(double));
    // And without the processor's own.
    Arithmetic(single).run(pulp::Scalar128b);
    Arithmetic(double).run(pulp::Scalar128b);
    Choices(single).run(pulp::Scalar128b);
    Choices(double).run(pulp::Scalar128b);
}
