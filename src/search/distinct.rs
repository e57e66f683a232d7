//! When two lanes have found the same minimum.

use crate::error::{Error, Result};

/// When two lanes have found the same minimum; with (x, f) the lower of the two and (y, f') the other:
///
/// ```text
///     point:  ( sum_i ((x_i - y_i) / w_i)^2 )^(1/2) <= distance   and   |f - f'| <= value max(1, |f|)
///     value:  |f - f'| <= value max(1, |f|)
/// ```
///
/// w_i is how far the starts spread in component i: of the first thousand of them the largest less the smallest, or max(1, |x_i|)
/// of the first where all have the same. By value alone is for objectives whose symmetry makes every point new: permuted atoms,
/// a cluster turned in space.
///
/// ```
/// use manymin::Distinct;
///
/// assert_eq!(Distinct::default(), Distinct::Point { distance: 1e-3, value: 1e-4 });
/// assert_eq!(Distinct::by_value(), Distinct::Value { value: 1e-6 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distinct {
    /// By distance and value.
    Point {
        /// The largest distance, 1e-3 unless set; at least 0.
        distance: f64,
        /// The largest difference of values, relative to the value or 1, 1e-4 unless set; at least 0.
        value: f64,
    },
    /// By value alone.
    Value {
        /// The largest difference of values, relative to the value or 1, 1e-6 unless set; at least 0.
        value: f64,
    },
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Point { distance: 1e-3, value: 1e-4 }
    }
}

impl Distinct {
    /// By value alone, to six digits.
    pub fn by_value() -> Self {
        Self::Value { value: 1e-6 }
    }

    /// The largest difference of values, relative to the value or 1.
    pub(super) fn value(self) -> f64 {
        let (Self::Point { value, .. } | Self::Value { value }) = self;
        value
    }

    /// Whether a value is that of a minimum, as far as values tell.
    pub(super) fn is_level(self, minimum: f64, value: f64) -> bool {
        (minimum - value).abs() <= self.value() * minimum.abs().max(1.0)
    }

    /// Whether two points, each with its value, are one minimum.
    pub(super) fn are_one(self, (f, x): (f64, &[f64]), (other_f, y): (f64, &[f64]), spread: &[f64]) -> bool {
        self.is_level(f.min(other_f), f.max(other_f))
            && match self {
                Self::Value { .. } => true,
                Self::Point { distance, .. } => {
                    let square: f64 = x.iter().zip(y).zip(spread).map(|((x, y), w)| ((x - y) / w).powi(2)).sum();
                    square.sqrt() <= distance
                }
            }
    }

    /// An error if a tolerance is negative or not a number.
    pub(super) fn validate(self) -> Result<()> {
        let check = |name, tolerance: f64| match tolerance >= 0.0 {
            true => Ok(()),
            false => Err(Error::Setting { name, value: tolerance.to_string(), must: "at least 0" }),
        };
        if let Self::Point { distance, .. } = self {
            check("distance", distance)?;
        }
        check("value", self.value())
    }
}
