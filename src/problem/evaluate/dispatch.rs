//! Which instruction set runs what is written for any of them.

use pulp::{Simd, WithSimd};

/// Runs `op` with the widest vectors that the processor has. With debug assertions those of x86 processors are as wide as they get
/// without AVX, four numbers in f32, and it is compiled in half the time: results are the same to the bit.
#[inline(always)]
pub(crate) fn dispatch<Op: WithSimd>(op: Op) -> Op::Output {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    if cfg!(debug_assertions) || pulp::x86::V3::try_new().is_none() {
        return match pulp::x86::V2::try_new() {
            Some(simd) => Simd::vectorize(simd, op),
            None => Simd::vectorize(pulp::Scalar::new(), op),
        };
    }
    #[cfg(not(all(debug_assertions, any(target_arch = "x86", target_arch = "x86_64"))))]
    return pulp::Arch::new().dispatch(op);
    #[cfg(all(debug_assertions, any(target_arch = "x86", target_arch = "x86_64")))]
    unreachable!("compiled for the simpler ones alone")
}

/// What is written in vectors, of as many lanes as the processor's have: one by one where it has none.
pub(crate) trait WithVectors {
    fn run<S: Simd>(self, simd: S);
}

/// Runs `op` with the widest vectors that the processor has.
#[inline(always)]
pub(crate) fn vectors(op: impl WithVectors) {
    dispatch(OfLanes(op));
}

struct OfLanes<Op>(Op);

impl<Op: WithVectors> WithSimd for OfLanes<Op> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.run(simd);
    }
}
