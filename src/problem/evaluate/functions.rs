//! Functions of whole rows: vectorised where the function is, one lane at a time where not.

use super::super::graph::{Binary, Unary};
use super::chunk::{CHUNK, Chunk, Row, row_by_row};
use super::real::Real;

/// `d = op(a)`
#[inline(always)]
pub(super) fn unary<T: Real>(op: Unary, d: &Row<T>, a: &Row<T>, chunks: usize) {
    match op {
        Unary::Neg => map(d, a, chunks, |x| -x),
        Unary::Abs => map(d, a, chunks, T::abs),
        Unary::Sqrt => map(d, a, chunks, T::sqrt),
        Unary::Exp => map(d, a, chunks, T::exp),
        Unary::Ln => map(d, a, chunks, T::ln),
        Unary::Log2 => map(d, a, chunks, |x| x.ln() * T::from_f64(std::f64::consts::LOG2_E)),
        Unary::Tanh => map(d, a, chunks, T::tanh),
        Unary::Floor => map(d, a, chunks, T::floor),
        Unary::Sin => circular(d, a, chunks, |s, _| s, T::sin),
        Unary::Cos => circular(d, a, chunks, |_, c| c, T::cos),
        Unary::Tan => circular(d, a, chunks, |s, c| s / c, T::tan),
        Unary::Asin => each(d, a, chunks, T::asin),
        Unary::Acos => each(d, a, chunks, T::acos),
        Unary::Atan => each(d, a, chunks, T::atan),
        Unary::Sinh => each(d, a, chunks, T::sinh),
        Unary::Cosh => each(d, a, chunks, T::cosh),
        Unary::Erf => each(d, a, chunks, T::erf),
    }
}

/// `d = op(a, b)`
#[inline(always)]
pub(super) fn binary<T: Real>(op: Binary, d: &Row<T>, a: &Row<T>, b: &Row<T>, chunks: usize) {
    let truth = |holds: bool| if holds { T::ONE } else { T::ZERO };
    match op {
        Binary::Div => zip(d, a, b, chunks, |x, y| x / y),
        Binary::Min => zip(d, a, b, chunks, T::min),
        Binary::Max => zip(d, a, b, chunks, T::max),
        Binary::Less => zip(d, a, b, chunks, |x, y| truth(x < y)),
        Binary::LessEqual => zip(d, a, b, chunks, |x, y| truth(x <= y)),
        Binary::Equal => zip(d, a, b, chunks, |x, y| truth(x == y)),
        Binary::Hypot => zip(d, a, b, chunks, hypot),
        Binary::Pow => each2(d, a, b, chunks, T::powf),
        Binary::Atan2 => each2(d, a, b, chunks, T::atan2),
        // These come as chains; here they stand for completeness.
        Binary::Add => zip(d, a, b, chunks, |x, y| x + y),
        Binary::Sub => zip(d, a, b, chunks, |x, y| x - y),
        Binary::Mul => zip(d, a, b, chunks, |x, y| x * y),
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
fn map<T: Real>(d: &Row<T>, a: &Row<T>, chunks: usize, f: impl Fn(T) -> T + Copy) {
    for k in 0..chunks {
        row_by_row();
        d[k].set(a[k].get().map(f));
    }
}

#[inline(always)]
fn zip<T: Real>(d: &Row<T>, a: &Row<T>, b: &Row<T>, chunks: usize, f: impl Fn(T, T) -> T + Copy) {
    for k in 0..chunks {
        row_by_row();
        d[k].set(a[k].get().zip(b[k].get(), f));
    }
}

/// Sines: the fast way for arguments up to `NEAR`, lane by lane the library's for those beyond.
#[inline(always)]
fn circular<T: Real>(d: &Row<T>, a: &Row<T>, chunks: usize, fast: impl Fn(T, T) -> T, slow: fn(T) -> T) {
    for k in 0..chunks {
        row_by_row();
        let x = a[k].get();
        let mut out = x.map(|x| {
            let (s, c) = x.sin_cos_near();
            fast(s, c)
        });
        if x.0.iter().any(|x| !(x.abs() <= T::NEAR)) {
            out = patch(x, out, slow);
        }
        d[k].set(out);
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
fn each<T: Real>(d: &Row<T>, a: &Row<T>, chunks: usize, f: fn(T) -> T) {
    map(d, a, chunks, f);
}

#[inline(never)]
fn each2<T: Real>(d: &Row<T>, a: &Row<T>, b: &Row<T>, chunks: usize, f: fn(T, T) -> T) {
    zip(d, a, b, chunks, f);
}
