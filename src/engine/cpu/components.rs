//! The components of one vector of each lane, in registers or in memory.

use pulp::Simd;

use crate::problem::evaluate::chunk::Chunk;
use crate::problem::evaluate::lanes::{At, Numbers};
use crate::problem::evaluate::real::Real;

/// Such a vector: an array where the compiler knows how many components there are, and keeps them in the processor's registers if they are
/// few; else [`Rows`].
pub(super) trait Components<T: Real, S: Simd> {
    fn len(&self) -> usize;
    fn get(&self, i: usize) -> Numbers<T, S>;
    fn set(&mut self, i: usize, value: Numbers<T, S>);
}

impl<T: Real, S: Simd, const N: usize> Components<T, S> for [Numbers<T, S>; N] {
    #[inline(always)]
    fn len(&self) -> usize {
        N
    }
    #[inline(always)]
    fn get(&self, i: usize) -> Numbers<T, S> {
        self[i]
    }
    #[inline(always)]
    fn set(&mut self, i: usize, value: Numbers<T, S>) {
        self[i] = value;
    }
}

/// In memory, where there are too many for registers.
pub(super) struct Rows<'a, T, S: Simd> {
    pub(super) at: At<S>,
    pub(super) rows: &'a mut [Chunk<T>],
}

impl<T: Real, S: Simd> Components<T, S> for Rows<'_, T, S> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.rows.len()
    }
    #[inline(always)]
    fn get(&self, i: usize) -> Numbers<T, S> {
        self.at.of(&self.rows[i])
    }
    #[inline(always)]
    fn set(&mut self, i: usize, value: Numbers<T, S>) {
        self.at.set(&mut self.rows[i], value);
    }
}
