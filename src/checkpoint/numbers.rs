//! Numbers of lanes, in files: little-endian, in the precision of the run.

use super::frame::Input;
use crate::device::Precision;
use crate::error::CheckpointError;

/// The bytes of a number.
pub(super) fn width(precision: Precision) -> usize {
    match precision {
        Precision::F32 => size_of::<f32>(),
        Precision::F64 => size_of::<f64>(),
    }
}

/// Adds numbers, which those of lanes in f32 fit into.
pub(super) fn put<'a>(values: impl IntoIterator<Item = &'a f64>, precision: Precision, bytes: &mut Vec<u8>) {
    let values = values.into_iter();
    match precision {
        Precision::F32 => values.for_each(|&value| bytes.extend_from_slice(&(value as f32).to_le_bytes())),
        Precision::F64 => values.for_each(|&value| bytes.extend_from_slice(&value.to_le_bytes())),
    }
}

/// The least precision that has all these numbers, to the bit.
pub(super) fn least(values: &[f64]) -> Precision {
    let fits = |value: &f64| f64::from(*value as f32).to_bits() == value.to_bits();
    if values.iter().all(fits) { Precision::F32 } else { Precision::F64 }
}

/// The number in the first bytes.
pub(super) fn number(bytes: &[u8], precision: Precision) -> f64 {
    let bits = bytes[..width(precision)].iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte));
    match precision {
        Precision::F32 => f32::from_bits(bits as u32).into(),
        Precision::F64 => f64::from_bits(bits),
    }
}

impl Input<'_> {
    /// The next `count` numbers.
    pub(super) fn numbers(&mut self, count: usize, precision: Precision) -> Result<Vec<f64>, CheckpointError> {
        let width = width(precision);
        let bytes = self.take(count.saturating_mul(width))?;
        Ok(bytes.chunks_exact(width).map(|bytes| number(bytes, precision)).collect())
    }
}
