//! Numbers in order, to which more are added: quantiles of millions of them cost next to nothing.

use rayon::prelude::*;

use super::Quantiles;

/// Finite numbers, by their [keys](key), as a few sorted lists, each at least twice as long as the next: every number is merged
/// as often as the count can be halved.
///
/// # References
/// J. L. Bentley, J. B. Saxe: Decomposable searching problems I. Static-to-dynamic transformation, J. Algorithms 1 (1980) 301-358.
#[derive(Clone, Debug, Default)]
pub(super) struct Sorted {
    lists: Vec<Vec<u64>>,
}

impl Sorted {
    /// Adds those that are finite.
    pub(super) fn add(&mut self, numbers: impl Iterator<Item = f64>) {
        let mut list = sorted(numbers);
        while let Some(last) = self.lists.pop_if(|last| last.len() < 2 * list.len()) {
            list = merged(&last, &list);
        }
        if !list.is_empty() {
            self.lists.push(list);
        }
    }

    /// The quantiles of these numbers and the finite ones of `others`.
    pub(super) fn quantiles_with(&self, others: impl Iterator<Item = f64>) -> Quantiles {
        let others = sorted(others);
        let lists: Vec<&[u64]> = self.lists.iter().map(Vec::as_slice).chain([&others[..]]).filter(|list| !list.is_empty()).collect();
        Quantiles::by_rank(lists.iter().map(|list| list.len()).sum(), |rank| number(ranked(&lists, rank)))
    }
}

/// The keys of those that are finite.
fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<u64> {
    let mut keys: Vec<u64> = numbers.filter(|number| number.is_finite()).map(key).collect();
    keys.par_sort_unstable();
    keys
}

/// Two sorted lists as one.
fn merged(a: &[u64], b: &[u64]) -> Vec<u64> {
    let mut both = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        // Which is next can't be foretold: chosen, not branched to.
        let first = a[i] <= b[j];
        both.push(if first { a[i] } else { b[j] });
        i += usize::from(first);
        j += usize::from(!first);
    }
    both.extend_from_slice(&a[i..]);
    both.extend_from_slice(&b[j..]);
    both
}

/// The key that `rank` others of the lists are not above: found by halving the range that it lies in.
fn ranked(lists: &[&[u64]], rank: usize) -> u64 {
    let ends = lists.iter().flat_map(|list| list.first().into_iter().chain(list.last())).copied();
    let (mut low, mut high) = (ends.clone().min().unwrap_or_default(), ends.max().unwrap_or_default());
    while low < high {
        let middle = low + (high - low) / 2;
        let below: usize = lists.iter().map(|list| list.partition_point(|&key| key <= middle)).sum();
        if below > rank { high = middle } else { low = middle + 1 }
    }
    low
}

/// A whole number that is in the order of the number.
fn key(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// The number of a key.
fn number(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key ^ 1 << 63 } else { !key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_all_numbers_at_once_however_they_came() {
        let mut state = 3_u64;
        let mut draw = |count: usize| -> Vec<f64> {
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // Some are equal, some not finite.
                let number = ((state >> 40) % 5_000) as f64 - 2_500.0;
                if number == 17.0 { f64::NAN } else { number * 1e-3 }
            };
            (0..count).map(|_| next()).collect()
        };
        let (mut ended, mut all) = (Sorted::default(), Vec::new());
        for round in 0..60 {
            let (over, under_way) = (draw(round % 7 * 13), draw(round % 5 * 8));
            all.extend(&over);
            ended.add(over.into_iter());
            let together: Vec<f64> = all.iter().chain(&under_way).copied().collect();
            assert_eq!(
                format!("{:?}", ended.quantiles_with(under_way.into_iter())),
                format!("{:?}", Sorted::default().quantiles_with(together.into_iter())),
                "round {round}"
            );
        }
        assert!(ended.lists.len() <= 12, "{} lists of {} numbers", ended.lists.len(), all.len());
    }

    #[test]
    fn keys_are_in_the_order_of_numbers() {
        let numbers = [-f64::MAX, -1.0, -f64::MIN_POSITIVE, -0.0, 0.0, 5e-324, 1.0, f64::MAX];
        assert!(numbers.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        assert!(numbers.iter().all(|&of| number(key(of)).to_bits() == of.to_bits()));
    }
}
