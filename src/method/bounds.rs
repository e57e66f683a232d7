//! A box: bounds for each component.

use serde::{Deserialize, Serialize};

use crate::error::{BoundsError, Error, Result};

/// Lower and upper bounds of each component, inclusive. Infinite ones bound nothing; equal ones fix the component.
///
/// ```
/// use manymin::prelude::*;
///
/// let bounds = Bounds::new(&[-2.0; 3], &[2.0; 3])?;
/// assert_eq!(bounds.dimension(), 3);
/// assert!(Bounds::new(&[1.0], &[0.0]).is_err());
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "(Vec<f64>, Vec<f64>)", try_from = "(Vec<f64>, Vec<f64>)")]
pub struct Bounds {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Bounds {
    /// The box between `lower` and `upper`.
    ///
    /// # Errors
    /// [`BoundsError`] if they differ in length, or a component has NaN or nothing between its bounds.
    pub fn new(lower: &[f64], upper: &[f64]) -> Result<Self> {
        if lower.len() != upper.len() {
            return Err(BoundsError::Lengths { lower: lower.len(), upper: upper.len() }.into());
        }
        let empty = |(&low, &high): (&f64, &f64)| !(low <= high) || low == f64::INFINITY || high == f64::NEG_INFINITY;
        if let Some(index) = lower.iter().zip(upper).position(empty) {
            return Err(BoundsError::Empty { index, lower: lower[index], upper: upper[index] }.into());
        }
        Ok(Self { lower: lower.to_vec(), upper: upper.to_vec() })
    }

    /// The number of components.
    pub fn dimension(&self) -> usize {
        self.lower.len()
    }

    /// The lower bounds.
    pub fn lower(&self) -> &[f64] {
        &self.lower
    }

    /// The upper bounds.
    pub fn upper(&self) -> &[f64] {
        &self.upper
    }

    /// Whether any of them bounds anything.
    pub(crate) fn binds(&self) -> bool {
        self.lower.iter().chain(&self.upper).any(|bound| bound.is_finite())
    }
}

impl From<Bounds> for (Vec<f64>, Vec<f64>) {
    fn from(bounds: Bounds) -> Self {
        (bounds.lower, bounds.upper)
    }
}

impl TryFrom<(Vec<f64>, Vec<f64>)> for Bounds {
    type Error = Error;

    /// As [`Bounds::new`].
    fn try_from((lower, upper): (Vec<f64>, Vec<f64>)) -> Result<Self> {
        Self::new(&lower, &upper)
    }
}
