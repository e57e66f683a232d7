//! Sixteen lanes side by side: the unit that loops over lanes are written in, so that they become vector instructions.

use std::cell::Cell;

/// Lanes in a chunk.
pub(crate) const CHUNK: usize = 16;
/// Chunks in a block.
pub(crate) const CHUNKS: usize = 8;
/// Lanes in a block: what one pass of the evaluator computes. Long enough to hide the cost of reading an instruction.
pub(crate) const LANES: usize = CHUNK * CHUNKS;

/// One value for each of [`CHUNK`] lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub(crate) struct Chunk<T>(pub(crate) [T; CHUNK]);

/// One value for each lane of a block. Cells, since an instruction may read and write one row.
pub(crate) type Row<T> = [Cell<Chunk<T>>; CHUNKS];

impl<T: Copy> Chunk<T> {
    #[inline(always)]
    pub(crate) fn splat(value: T) -> Self {
        Self([value; CHUNK])
    }

    #[inline(always)]
    pub(crate) fn map(self, f: impl Fn(T) -> T) -> Self {
        let mut out = self;
        for k in 0..CHUNK {
            out.0[k] = f(self.0[k]);
        }
        out
    }

    #[inline(always)]
    pub(crate) fn zip(self, other: Self, f: impl Fn(T, T) -> T) -> Self {
        let mut out = self;
        for k in 0..CHUNK {
            out.0[k] = f(self.0[k], other.0[k]);
        }
        out
    }
}

/// A row with one value in all lanes.
pub(crate) fn row<T: Copy>(value: T) -> Row<T> {
    std::array::from_fn(|_| Cell::new(Chunk::splat(value)))
}
