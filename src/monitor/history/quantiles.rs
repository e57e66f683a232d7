//! Five numbers in the place of many.

use serde::{Deserialize, Serialize};

/// Quartiles of the finite ones of some numbers. A quantile q of the sorted numbers `v_0 <= ... <= v_(m-1)` is the value at the
/// position `q (m - 1)`, on the line between the two numbers beside it. Of no numbers they are NaN.
///
/// # References
/// R. J. Hyndman, Y. Fan: Sample quantiles in statistical packages, Amer. Statist. 50 (1996) 361-365, definition 7.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quantiles {
    /// How many numbers are finite: one for each lane that has a value.
    pub lanes: usize,
    /// The lowest.
    pub minimum: f64,
    /// A quarter lie below.
    pub lower_quartile: f64,
    /// Half lie below.
    pub median: f64,
    /// Three quarters lie below.
    pub upper_quartile: f64,
    /// The highest.
    pub maximum: f64,
}

impl Quantiles {
    /// Of `count` numbers, of which `number` gives the one that so many others are not above.
    pub(super) fn by_rank(count: usize, number: impl Fn(usize) -> f64) -> Self {
        let at = |q: f64| {
            let Some(last) = count.checked_sub(1) else { return f64::NAN };
            let position = q * last as f64;
            let (rank, part) = (position as usize, position.fract());
            // Written so that the difference of the two can't overflow.
            if part == 0.0 { number(rank) } else { (1.0 - part) * number(rank) + part * number(rank + 1) }
        };
        let [minimum, lower_quartile, median, upper_quartile, maximum] = [0.0, 0.25, 0.5, 0.75, 1.0].map(at);
        Self { lanes: count, minimum, lower_quartile, median, upper_quartile, maximum }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Sorted;
    use super::*;

    /// Of those of `numbers` that are finite.
    fn of(numbers: &[f64]) -> Quantiles {
        Sorted::default().quantiles_with(numbers.iter().copied())
    }

    #[test]
    fn quantiles_are_those_of_a_sort() {
        // A few numbers in no order, some of them equal.
        for count in [1_usize, 2, 3, 4, 5, 64, 1_001] {
            let numbers: Vec<f64> = (0..count).map(|k| ((k * 7_919) % 613) as f64 - 300.0).collect();
            let mut sorted = numbers.clone();
            sorted.sort_by(f64::total_cmp);
            let expected = |q: f64| {
                let position = q * (count - 1) as f64;
                let (low, high) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
                low + (high - low) * position.fract()
            };
            let Quantiles { lanes, minimum, lower_quartile, median, upper_quartile, maximum } = of(&numbers);
            assert_eq!(lanes, count);
            for (got, q) in [(minimum, 0.0), (lower_quartile, 0.25), (median, 0.5), (upper_quartile, 0.75), (maximum, 1.0)] {
                // Two ways to write a value between two numbers of at most 312.
                assert!((got - expected(q)).abs() <= 4.0 * 312.0 * f64::EPSILON, "{count} numbers, q = {q}: {got}, {}", expected(q));
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let some = of(&[f64::NAN, 3.0, f64::INFINITY, 1.0, f64::NEG_INFINITY, 2.0]);
        assert_eq!(
            (some.lanes, some.minimum, some.lower_quartile, some.median, some.upper_quartile, some.maximum),
            (3, 1.0, 1.5, 2.0, 2.5, 3.0)
        );
        let none = of(&[f64::NAN]);
        assert!(none.lanes == 0 && none.minimum.is_nan() && none.median.is_nan() && none.maximum.is_nan());
        let far = of(&[-f64::MAX, f64::MAX]);
        assert_eq!((far.minimum, far.median, far.maximum), (-f64::MAX, 0.0, f64::MAX), "no overflow in between");
    }
}
