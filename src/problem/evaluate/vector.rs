//! The processor's own vectors, for values that are to stay in its registers.
//!
//! [`Chunk`](super::chunk::Chunk)s become vector instructions where the compiler finds the loop over their lanes, which it
//! does between a load and a store, not across the branches of an interpreter. So its register is made of these, and so are the stages of
//! a round, by way of [`lanes`](super::lanes).

use std::fmt::Debug;
use std::ops::{BitAnd, BitOr, Not};

use pulp::Simd;

use super::chunk::{CHUNK, Row};

/// Arithmetic on vectors, not fused, and what goes by comparisons: which lanes, and words beside the numbers.
pub(crate) trait Vectors: Copy {
    type Vector<S: Simd>: Copy;
    /// As many words of 32 bits, each as wide as a number.
    type Words<S: Simd>: Copy;
    /// Some of the lanes of a vector.
    type Which<S: Simd>: Copy;
    /// A number's bits, as an unsigned number.
    type Bits: Copy + Debug + PartialEq + Send + Sync + BitAnd<Output = Self::Bits> + BitOr<Output = Self::Bits> + Not<Output = Self::Bits>;

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
    fn root<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
    /// The greater; of what is not a number nothing is said.
    fn greater<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn below<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Which<S>;
    fn at_most<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Which<S>;
    fn choose<S: Simd>(simd: S, which: Self::Which<S>, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;

    fn splat_word<S: Simd>(simd: S, word: u32) -> Self::Words<S>;
    fn load_words<S: Simd>(words: &[u32; CHUNK], at: usize) -> Self::Words<S>;
    fn store_words<S: Simd>(words: &mut [u32; CHUNK], at: usize, value: Self::Words<S>);
    fn sum_of_words<S: Simd>(simd: S, a: Self::Words<S>, b: Self::Words<S>) -> Self::Words<S>;
    fn words_equal<S: Simd>(simd: S, a: Self::Words<S>, b: Self::Words<S>) -> Self::Which<S>;
    fn words_below<S: Simd>(simd: S, a: Self::Words<S>, b: Self::Words<S>) -> Self::Which<S>;
    fn choose_words<S: Simd>(simd: S, which: Self::Which<S>, a: Self::Words<S>, b: Self::Words<S>) -> Self::Words<S>;

    /// Those of vector `at` whose bits are set.
    fn load_which<S: Simd>(simd: S, bits: &[Self::Bits; CHUNK], at: usize) -> Self::Which<S>;
    fn store_which<S: Simd>(simd: S, bits: &mut [Self::Bits; CHUNK], at: usize, which: Self::Which<S>);
    fn both<S: Simd>(simd: S, a: Self::Which<S>, b: Self::Which<S>) -> Self::Which<S>;
    fn either<S: Simd>(simd: S, a: Self::Which<S>, b: Self::Which<S>) -> Self::Which<S>;
    fn others<S: Simd>(simd: S, a: Self::Which<S>) -> Self::Which<S>;
    fn any<S: Simd>(simd: S, which: Self::Which<S>) -> bool;
}

macro_rules! vectors {
    (
        $t:ident, $vector:ident $lanes:ident $read:ident $write:ident $splat:ident,
        arithmetic $add:ident $sub:ident $mul:ident $div:ident $abs:ident $sqrt:ident $max:ident,
        choices $lt:ident $le:ident $select:ident,
        words $wide:ident $words:ident $read_words:ident $write_words:ident $splat_words:ident $add_words:ident $equal_words:ident $lt_words:ident $select_words:ident,
        masks $which:ident $and:ident $or:ident $not:ident $first:ident
    ) => {
        impl Vectors for $t {
            type Vector<S: Simd> = S::$vector;
            type Words<S: Simd> = S::$words;
            type Which<S: Simd> = S::$which;
            type Bits = $wide;

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
            #[inline(always)]
            fn root<S: Simd>(simd: S, a: S::$vector) -> S::$vector {
                simd.$sqrt(a)
            }
            #[inline(always)]
            fn greater<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$max(a, b)
            }
            #[inline(always)]
            fn below<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$which {
                simd.$lt(a, b)
            }
            #[inline(always)]
            fn at_most<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$which {
                simd.$le(a, b)
            }
            #[inline(always)]
            fn choose<S: Simd>(simd: S, which: S::$which, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$select(which, a, b)
            }

            #[inline(always)]
            fn splat_word<S: Simd>(simd: S, word: u32) -> S::$words {
                simd.$splat_words($wide::from(word))
            }
            #[inline(always)]
            fn load_words<S: Simd>(words: &[u32; CHUNK], at: usize) -> S::$words {
                let lanes = S::$lanes;
                let mut wide: [$wide; CHUNK] = [0; CHUNK];
                for (wide, &word) in wide[..lanes].iter_mut().zip(&words[at * lanes..][..lanes]) {
                    *wide = $wide::from(word);
                }
                S::$read_words(&wide).0[0]
            }
            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, trivial_numeric_casts, reason = "words were widened")]
            fn store_words<S: Simd>(words: &mut [u32; CHUNK], at: usize, value: S::$words) {
                let lanes = S::$lanes;
                let mut wide: [$wide; CHUNK] = [0; CHUNK];
                S::$write_words(&mut wide).0[0] = value;
                for (&wide, word) in wide[..lanes].iter().zip(&mut words[at * lanes..][..lanes]) {
                    *word = wide as u32;
                }
            }
            #[inline(always)]
            fn sum_of_words<S: Simd>(simd: S, a: S::$words, b: S::$words) -> S::$words {
                simd.$add_words(a, b)
            }
            #[inline(always)]
            fn words_equal<S: Simd>(simd: S, a: S::$words, b: S::$words) -> S::$which {
                simd.$equal_words(a, b)
            }
            #[inline(always)]
            fn words_below<S: Simd>(simd: S, a: S::$words, b: S::$words) -> S::$which {
                simd.$lt_words(a, b)
            }
            #[inline(always)]
            fn choose_words<S: Simd>(simd: S, which: S::$which, a: S::$words, b: S::$words) -> S::$words {
                simd.$select_words(which, a, b)
            }

            #[inline(always)]
            fn load_which<S: Simd>(simd: S, bits: &[$wide; CHUNK], at: usize) -> S::$which {
                simd.$not(simd.$equal_words(S::$read_words(bits).0[at], simd.$splat_words(0)))
            }
            #[inline(always)]
            fn store_which<S: Simd>(simd: S, bits: &mut [$wide; CHUNK], at: usize, which: S::$which) {
                S::$write_words(bits).0[at] = simd.$select_words(which, simd.$splat_words($wide::MAX), simd.$splat_words(0));
            }
            #[inline(always)]
            fn both<S: Simd>(simd: S, a: S::$which, b: S::$which) -> S::$which {
                simd.$and(a, b)
            }
            #[inline(always)]
            fn either<S: Simd>(simd: S, a: S::$which, b: S::$which) -> S::$which {
                simd.$or(a, b)
            }
            #[inline(always)]
            fn others<S: Simd>(simd: S, a: S::$which) -> S::$which {
                simd.$not(a)
            }
            #[inline(always)]
            fn any<S: Simd>(simd: S, which: S::$which) -> bool {
                if size_of::<S::$which>() < size_of::<S::$vector>() {
                    return simd.$first(which) < S::$lanes;
                }
                // Masks as wide as their lanes are asked one after another by that.
                let mut bits: [$wide; CHUNK] = [0; CHUNK];
                Self::store_which(simd, &mut bits, 0, which);
                bits[..S::$lanes].iter().fold(0, |all, bits| all | bits) != 0
            }
        }
    };
}

vectors!(
    f32, f32s F32_LANES as_simd_f32s as_mut_simd_f32s splat_f32s,
    arithmetic add_f32s sub_f32s mul_f32s div_f32s abs_f32s sqrt_f32s max_f32s,
    choices less_than_f32s less_than_or_equal_f32s select_f32s,
    words u32 u32s as_simd_u32s as_mut_simd_u32s splat_u32s add_u32s equal_u32s less_than_u32s select_u32s,
    masks m32s and_m32s or_m32s not_m32s first_true_m32s
);
vectors!(
    f64, f64s F64_LANES as_simd_f64s as_mut_simd_f64s splat_f64s,
    arithmetic add_f64s sub_f64s mul_f64s div_f64s abs_f64s sqrt_f64s max_f64s,
    choices less_than_f64s less_than_or_equal_f64s select_f64s,
    words u64 u64s as_simd_u64s as_mut_simd_u64s splat_u64s add_u64s equal_u64s less_than_u64s select_u64s,
    masks m64s and_m64s or_m64s not_m64s first_true_m64s
);

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
