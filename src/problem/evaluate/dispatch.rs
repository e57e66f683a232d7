//! Which instruction set runs what is written for any of them.

use pulp::{Simd, WithSimd};

/// Runs `op` with the widest vectors that the processor has. Builds with debug assertions stop at SSE4.2 on x86, four numbers in f32: they
/// compile in half the time, and results are the same to the bit.
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
pub(crate) fn in_vectors(op: impl WithVectors) {
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

/// What is tried with one instruction set after another.
#[cfg(test)]
pub(crate) trait OnEach {
    fn on<S: Simd>(&mut self, name: &str, simd: S);
}

/// Tries it on every instruction set that the processor has, first lane by lane.
#[cfg(test)]
pub(crate) fn on_each(tried: &mut impl OnEach) {
    tried.on("none", pulp::Scalar::new());
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        use pulp::x86::{V2, V3};
        if let Some(simd) = V2::try_new() {
            tried.on("SSE4.2", simd);
        }
        if let Some(simd) = V3::try_new() {
            tried.on("AVX2", simd);
        }
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V4::try_new() {
        tried.on("AVX-512", simd);
    }
    #[cfg(target_arch = "aarch64")]
    if let Some(simd) = pulp::aarch64::Neon::try_new() {
        tried.on("Neon", simd);
    }
}

/// Runs `op` with these vectors.
#[cfg(test)]
pub(crate) fn in_vectors_of<S: Simd>(simd: S, op: impl WithVectors) {
    simd.vectorize(OfLanes(op));
}
