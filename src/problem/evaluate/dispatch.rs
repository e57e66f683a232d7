//! Which instruction set runs what is written for any of them.

use pulp::{Simd, WithSimd};

/// Runs `op` with the widest vectors that the processor has. With debug assertions those of x86 processors are as wide as they get
/// without AVX, four numbers in f32, and it is compiled in half the time: results are the same to the bit.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn dispatch<Op: WithSimd>(op: Op) -> Op::Output {
    #[cfg(not(debug_assertions))]
    if pulp::x86::V3::try_new().is_some() {
        return pulp::Arch::new().dispatch(op);
    }
    match pulp::x86::V2::try_new() {
        Some(simd) => Simd::vectorize(simd, op),
        None => Simd::vectorize(pulp::Scalar::new(), op),
    }
}

/// Runs `op` with the widest vectors that the processor has.
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
#[inline(always)]
pub(crate) fn dispatch<Op: WithSimd>(op: Op) -> Op::Output {
    pulp::Arch::new().dispatch(op)
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
