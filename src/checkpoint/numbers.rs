//! Numbers of lanes, in files: little-endian, in the precision of the run.

use super::input::Input;
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
pub(super) fn put(values: &[f64], precision: Precision, bytes: &mut Vec<u8>) {
    let at = bytes.len();
    bytes.resize(at + values.len() * width(precision), 0);
    let places = &mut bytes[at..];
    match precision {
        Precision::F32 => places.as_chunks_mut().0.iter_mut().zip(values).for_each(|(place, &value)| *place = (value as f32).to_le_bytes()),
        Precision::F64 => places.as_chunks_mut().0.iter_mut().zip(values).for_each(|(place, value)| *place = value.to_le_bytes()),
    }
}

/// The least precision that has all these numbers, to the bit.
pub(super) fn least(values: &[f64]) -> Precision {
    let fits = |value: &f64| f64::from(*value as f32).to_bits() == value.to_bits();
    if values.iter().all(fits) { Precision::F32 } else { Precision::F64 }
}

impl Input<'_> {
    /// The next `count` numbers.
    pub(super) fn numbers(&mut self, count: usize, precision: Precision) -> Result<Vec<f64>, CheckpointError> {
        let bytes = self.take(count.saturating_mul(width(precision)))?;
        Ok(match precision {
            Precision::F32 => bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes).into()).collect(),
            Precision::F64 => bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        })
    }

    /// The next number.
    pub(super) fn number(&mut self, precision: Precision) -> Result<f64, CheckpointError> {
        match precision {
            Precision::F32 => self.array().map(|bytes| f32::from_le_bytes(bytes).into()),
            Precision::F64 => self.array().map(f64::from_le_bytes),
        }
    }
}
