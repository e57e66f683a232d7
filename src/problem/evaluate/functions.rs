//! Functions of rows, or parts of them: vectorised where the function is, one lane at a time where not.

use std::cell::Cell;

use super::super::graph::{Binary, Unary};
use super::chunk::{CHUNK, Chunk, row_by_row};
use super::real::Real;

/// `d = op(a)`
#[inline(always)]
pub(super) fn unary<T: Real>(op: Unary, d: &[Cell<Chunk<T>>], a: &[Cell<Chunk<T>>]) {
    match op {
        Unary::Neg => map(d, a, |x| -x),
        Unary::Abs => map(d, a, T::abs),
        Unary::Sqrt => map(d, a, T::sqrt),
        Unary::Exp => map(d, a, T::exp),
        Unary::Ln => map(d, a, T::ln),
        Unary::Log2 => map(d, a, |x| x.ln() * T::from_f64(std::f64::consts::LOG2_E)),
        Unary::Tanh => map(d, a, T::tanh),
        Unary::Floor => map(d, a, T::floor),
        Unary::Sin => circular(d, a, |s, _| s, T::sin),
        Unary::Cos => circular(d, a, |_, c| c, T::cos),
        Unary::Tan => circular(d, a, |s, c| s / c, T::tan),
        Unary::Asin => each(d, a, T::asin),
        Unary::Acos => each(d, a, T::acos),
        Unary::Atan => each(d, a, T::atan),
        Unary::Sinh => each(d, a, T::sinh),
        Unary::Cosh => each(d, a, T::cosh),
        Unary::Erf => each(d, a, T::erf),
    }
}

/// `d = op(a, b)`
#[inline(always)]
pub(super) fn binary<T: Real>(op: Binary, d: &[Cell<Chunk<T>>], a: &[Cell<Chunk<T>>], b: &[Cell<Chunk<T>>]) {
    let truth = |holds: bool| if holds { T::ONE } else { T::ZERO };
    match op {
        Binary::Min => zip(d, a, b, T::min),
        Binary::Max => zip(d, a, b, T::max),
        Binary::Less => zip(d, a, b, |x, y| truth(x < y)),
        Binary::LessEqual => zip(d, a, b, |x, y| truth(x <= y)),
        Binary::Equal => zip(d, a, b, |x, y| truth(x == y)),
        Binary::Hypot => zip(d, a, b, hypot),
        Binary::Pow => each2(d, a, b, T::powf),
        Binary::Atan2 => each2(d, a, b, T::atan2),
        Binary::Add | Binary::Sub | Binary::Mul | Binary::Div => unreachable!("compiled as arithmetic"),
    }
}

/// sqrt(x^2 + y^2), scaled by the larger so that the squares don't overflow.
#[inline(always)]
fn hypot<T: Real>(x: T, y: T) -> T {
    let (x, y) = (x.abs(), y.abs());
    let (large, small) = if x < y { (y, x) } else { (x, y) };
    let ratio = small / large;
    let length = large * (T::ONE + ratio * ratio).sqrt();
    if large == T::ZERO { small } else { length }
}

#[inline(always)]
fn map<T: Real>(d: &[Cell<Chunk<T>>], a: &[Cell<Chunk<T>>], f: impl Fn(T) -> T + Copy) {
    for (d, a) in d.iter().zip(a) {
        row_by_row();
        d.set(a.get().map(f));
    }
}

#[inline(always)]
fn zip<T: Real>(d: &[Cell<Chunk<T>>], a: &[Cell<Chunk<T>>], b: &[Cell<Chunk<T>>], f: impl Fn(T, T) -> T + Copy) {
    for ((d, a), b) in d.iter().zip(a).zip(b) {
        row_by_row();
        d.set(a.get().zip(b.get(), f));
    }
}

/// Sines: the fast way for arguments up to `NEAR`, lane by lane the library's for those beyond.
#[inline(always)]
fn circular<T: Real>(d: &[Cell<Chunk<T>>], a: &[Cell<Chunk<T>>], fast: impl Fn(T, T) -> T, slow: fn(T) -> T) {
    for (d, a) in d.iter().zip(a) {
        row_by_row();
        let x = a.get();
        let mut out = x.map(|x| {
            let (s, c) = x.sin_cos_near();
            fast(s, c)
        });
        if x.0.iter().any(|x| !(x.abs() <= T::NEAR)) {
            out = patch(x, out, slow);
        }
        d.set(out);
    }
}

/// `out` with the lanes whose argument is far replaced by `slow(x)`.
#[inline(never)]
fn patch<T: Real>(x: Chunk<T>, mut out: Chunk<T>, slow: fn(T) -> T) -> Chunk<T> {
    for l in 0..CHUNK {
        if !(x.0[l].abs() <= T::NEAR) {
            out.0[l] = slow(x.0[l]);
        }
    }
    out
}

#[inline(never)]
fn each<T: Real>(d: &[Cell<Chunk<T>>], a: &[Cell<Chunk<T>>], f: fn(T) -> T) {
    map(d, a, f);
}

#[inline(never)]
fn each2<T: Real>(d: &[Cell<Chunk<T>>], a: &[Cell<Chunk<T>>], b: &[Cell<Chunk<T>>], f: fn(T, T) -> T) {
    zip(d, a, b, f);
}
