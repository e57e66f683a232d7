//! The processor's own vectors, for values that are to stay in its registers.
//!
//! [`Chunk`](super::chunk::Chunk)s become vector instructions where the compiler finds the loop over their lanes, which it
//! does between a load and a store, not across the branches of an interpreter. So its register is made of these.

use pulp::Simd;

use super::chunk::{CHUNK, Row};

/// Arithmetic on vectors, not fused.
pub(crate) trait Vectors: Copy {
    type Vector<S: Simd>: Copy;

    /// Lanes in a vector.
    fn lanes<S: Simd>() -> usize;
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    /// Vector `at` of a chunk.
    fn load<S: Simd>(lanes: &[Self; CHUNK], at: usize) -> Self::Vector<S>;
    fn store<S: Simd>(lanes: &mut [Self; CHUNK], at: usize, value: Self::Vector<S>);
    fn sum<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn difference<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn product<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn quotient<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn magnitude<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
}

macro_rules! vectors {
    ($t:ident, $vector:ident, $lanes:ident, $read:ident, $write:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $abs:ident) => {
        impl Vectors for $t {
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$lanes
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }
            #[inline(always)]
            fn load<S: Simd>(lanes: &[Self; CHUNK], at: usize) -> S::$vector {
                S::$read(lanes).0[at]
            }
            #[inline(always)]
            fn store<S: Simd>(lanes: &mut [Self; CHUNK], at: usize, value: S::$vector) {
                S::$write(lanes).0[at] = value;
            }
            #[inline(always)]
            fn sum<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn difference<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$sub(a, b)
            }
            #[inline(always)]
            fn product<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$mul(a, b)
            }
            #[inline(always)]
            fn quotient<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$div(a, b)
            }
            #[inline(always)]
            fn magnitude<S: Simd>(simd: S, a: S::$vector) -> S::$vector {
                simd.$abs(a)
            }
        }
    };
}

vectors!(f32, f32s, F32_LANES, as_simd_f32s, as_mut_simd_f32s, splat_f32s, add_f32s, sub_f32s, mul_f32s, div_f32s, abs_f32s);
vectors!(f64, f64s, F64_LANES, as_simd_f64s, as_mut_simd_f64s, splat_f64s, add_f64s, sub_f64s, mul_f64s, div_f64s, abs_f64s);

/// Vectors in a [`Register`]: enough to hide the latency of arithmetic and most of the cost of reading an instruction, and
/// few enough for every instruction set to keep them, as AVX2 has sixteen in all.
pub(super) const VECTORS: usize = 8;

/// The value that an instruction leaves to the next: some chunks' lanes, in the processor's registers.
pub(super) type Register<T, S> = [<T as Vectors>::Vector<S>; VECTORS];

/// Chunks in a register.
#[inline(always)]
pub(super) fn chunks<T: Vectors, S: Simd>() -> usize {
    VECTORS * T::lanes::<S>() / CHUNK
}

/// `[f(0), f(1), ...]`, written out: a loop may be unrolled too late for the vectors to become registers.
macro_rules! each_vector {
    ($v:ident => $f:expr) => {
        [
            each_vector!(@ 0, $v => $f),
            each_vector!(@ 1, $v => $f),
            each_vector!(@ 2, $v => $f),
            each_vector!(@ 3, $v => $f),
            each_vector!(@ 4, $v => $f),
            each_vector!(@ 5, $v => $f),
            each_vector!(@ 6, $v => $f),
            each_vector!(@ 7, $v => $f),
        ]
    };
    (@ $number:literal, $v:ident => $f:expr) => {{
        let $v: usize = $number;
        $f
    }};
}
pub(super) use each_vector;

/// The chunks of a row from `first` on.
#[inline(always)]
pub(super) fn load<T: Vectors, S: Simd>(row: &Row<T>, first: usize) -> Register<T, S> {
    let each = CHUNK / T::lanes::<S>();
    each_vector!(v => T::load::<S>(&row[first + v / each].get().0, v % each))
}

#[inline(always)]
pub(super) fn store<T: Vectors, S: Simd>(row: &Row<T>, first: usize, register: Register<T, S>) {
    let each = CHUNK / T::lanes::<S>();
    each_vector!(v => {
        let chunk = &row[first + v / each];
        let mut lanes = chunk.get();
        T::store::<S>(&mut lanes.0, v % each, register[v]);
        chunk.set(lanes);
    });
}

#[inline(always)]
pub(super) fn splat<T: Vectors, S: Simd>(simd: S, value: T) -> Register<T, S> {
    [T::splat(simd, value); VECTORS]
}
