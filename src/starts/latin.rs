//! Latin hypercubes, without ever having more than one point in memory.

use super::Starts;
use super::drawn::{Draw, Drawn, GOLDEN, mix, uniform};
use crate::method::Bounds;

impl Starts {
    /// `lanes` points of a Latin hypercube in the box `bounds`: each side is cut into `lanes` equal parts, and every part holds
    /// one point, at random within it. The order of the parts is another random one for each component.
    ///
    /// Start i depends on `seed`, i and `lanes`, and is the same on every machine. An infinite bound is an error when the batch
    /// starts.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let starts = Starts::latin_hypercube(&Bounds::new(&[0.0; 3], &[1.0; 3])?, 10, 42);
    /// let mut parts: Vec<usize> = (0..10).map(|lane| (10.0 * starts.point(lane)[2]) as usize).collect();
    /// parts.sort_unstable();
    /// assert!(parts.into_iter().eq(0..10));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # References
    /// M. D. McKay, R. J. Beckman, W. J. Conover: A comparison of three methods for selecting values of input variables in the
    /// analysis of output from a computer code, Technometrics 21 (1979) 239-245. The permutations are Feistel networks that walk
    /// their cycles: J. Black, P. Rogaway: Ciphers with arbitrary finite domains, CT-RSA 2002.
    pub fn latin_hypercube(bounds: &Bounds, lanes: usize, seed: u64) -> Self {
        Self::new(Drawn { bounds: bounds.clone(), lanes, seed, by: Draw::Latin })
    }
}

/// A lane's point of the unit cube.
pub(super) fn fill(seed: u64, lane: usize, lanes: usize, point: &mut [f64]) {
    let mut within = uniform(seed, lane as u64, 0);
    for (k, x) in point.iter_mut().enumerate() {
        let key = mix(seed.wrapping_add((k as u64 + 1).wrapping_mul(GOLDEN)));
        let part = permuted(lane as u64, lanes as u64, key) as f64;
        *x = (part + within()) / lanes as f64;
    }
}

/// Where a random permutation of 0..len, one for each `key`, takes `index`.
fn permuted(index: u64, len: u64, key: u64) -> u64 {
    const ROUNDS: u64 = 6;
    // A permutation of the next power of four; what it takes outside goes round again, and comes back within four turns on average.
    let half = (u64::BITS - len.saturating_sub(1).leading_zeros()).div_ceil(2);
    let mask = (1_u64 << half) - 1;
    let mut index = index;
    loop {
        let (mut left, mut right) = (index >> half, index & mask);
        for round in 0..ROUNDS {
            let turned = left ^ (mix(key.wrapping_add(round.wrapping_mul(GOLDEN)) ^ right) & mask);
            (left, right) = (right, turned);
        }
        index = (left << half) | right;
        if index < len {
            return index;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permutations_are_permutations() {
        for len in [1, 2, 3, 4, 5, 17, 64, 1_000, 4_097] {
            for key in [0, 1, 99] {
                let mut places: Vec<u64> = (0..len).map(|index| permuted(index, len, key)).collect();
                places.sort_unstable();
                assert!(places.into_iter().eq(0..len), "of {len} by {key}");
            }
        }
    }

    #[test]
    fn components_are_not_tied_to_each_other() {
        let lanes = 10_000;
        let starts = Starts::latin_hypercube(&Bounds::new(&[-1.0; 4], &[1.0; 4]).expect("a box"), lanes, 7);
        for (a, b) in [(0, 1), (1, 2), (0, 3)] {
            let correlation = 3.0 * (0..lanes).map(|lane| starts.point(lane)).map(|x| x[a] * x[b]).sum::<f64>() / lanes as f64;
            // Five standard deviations of independent components.
            assert!(correlation.abs() < 5.0 / (lanes as f64).sqrt(), "components {a} and {b}: {correlation}");
        }
    }
}
