//! Which instruction set runs what is written for any of them.

use pulp::WithSimd;

/// Runs `op` with the widest vectors that the processor has. With debug assertions it is compiled for the simplest ones alone,
/// which is done in a third of the time: results are the same to the bit.
#[inline(always)]
pub(crate) fn dispatch<Op: WithSimd>(op: Op) -> Op::Output {
    #[cfg(debug_assertions)]
    return pulp::Simd::vectorize(pulp::Scalar::new(), op);
    #[cfg(not(debug_assertions))]
    pulp::Arch::new().dispatch(op)
}
