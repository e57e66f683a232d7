//! Quasi-random starts: scrambled Sobol points.

use super::Starts;
use super::drawn::{Draw, Drawn, mix};
use crate::method::Bounds;

impl Starts {
    /// `lanes` points of a Sobol sequence in the box `bounds`, scrambled after Owen by `seed`: each is uniform in the box, and
    /// together they fill it more evenly than independent ones, so that fewer of them miss a basin.
    ///
    /// Start i depends on `seed` and i alone, and is the same on every machine. Every 65,536 lanes a new scrambling begins, and
    /// so does one every 256 components; components have the 24 bits of f32. An infinite bound is an error when the batch starts.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let starts = Starts::sobol(&Bounds::new(&[0.0; 2], &[1.0; 2])?, 16, 42);
    /// // One of 16 points in each sixteenth of every side.
    /// let mut cells: Vec<usize> = (0..16).map(|lane| (16.0 * starts.point(lane)[1]) as usize).collect();
    /// cells.sort_unstable();
    /// assert!(cells.into_iter().eq(0..16));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # References
    /// S. Joe, F. Y. Kuo: Constructing Sobol sequences with better two-dimensional projections, SIAM J. Sci. Comput. 30 (2008)
    /// 2635-2654. B. Burley: Practical hash-based Owen scrambling, J. Comput. Graph. Tech. 9 (2020) 1-20.
    pub fn sobol(bounds: &Bounds, lanes: usize, seed: u64) -> Self {
        Self::new(Drawn { bounds: bounds.clone(), lanes, seed, by: Draw::Sobol })
    }
}

/// Points of one scrambling: as many as the sequence's numbers tell apart.
const POINTS: usize = 1 << 16;

/// A lane's point of the unit cube.
pub(super) fn fill(seed: u64, lane: usize, point: &mut [f64]) {
    let dimensions = sobol_burley::NUM_DIMENSIONS as usize;
    let block = mix(seed).wrapping_add(mix(!((lane / POINTS) as u64)));
    for (k, x) in point.iter_mut().enumerate() {
        let scrambling = mix(block.wrapping_add((k / dimensions) as u64)) as u32;
        *x = sobol_burley::sample((lane % POINTS) as u32, (k % dimensions) as u32, scrambling).into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The star discrepancy of two components over a grid of boxes from the corner.
    fn discrepancy(starts: &Starts, lanes: std::ops::Range<usize>, first: usize, second: usize) -> f64 {
        let points: Vec<Vec<f64>> = lanes.map(|lane| starts.point(lane)).collect();
        let corner = |k: usize| (k + 1) as f64 / 16.0;
        let boxes = (0..16).flat_map(|a| (0..16).map(move |b| (corner(a), corner(b))));
        boxes.fold(0.0, |worst: f64, (a, b)| {
            let inside = points.iter().filter(|x| x[first] < a && x[second] < b).count() as f64 / points.len() as f64;
            worst.max((inside - a * b).abs())
        })
    }

    #[test]
    fn points_are_far_more_even_than_independent_ones() {
        let bounds = Bounds::new(&[0.0; 300], &[1.0; 300]).expect("a box");
        let (sobol, uniform) = (Starts::sobol(&bounds, 200_000, 5), Starts::uniform(&bounds, 200_000, 5));
        // Of later scramblings, too: of lanes, and of components.
        for (lanes, first, second) in [(0..1_024, 0, 1), (65_536..66_560, 3, 7), (131_072..132_096, 256, 257)] {
            let [even, independent] = [&sobol, &uniform].map(|starts| discrepancy(starts, lanes.clone(), first, second));
            assert!(2.0 * even < independent, "components {first}, {second} of {lanes:?}: {even} beside {independent}");
        }
    }

    #[test]
    fn seeds_and_scramblings_differ() {
        let bounds = Bounds::new(&[0.0; 2], &[1.0; 2]).expect("a box");
        let draw = |seed, lane| Starts::sobol(&bounds, 100_000, seed).point(lane);
        assert_ne!(draw(0, 0), draw(1, 0), "seeds");
        assert_ne!(draw(0, 0), draw(0, POINTS), "scramblings of lanes");
        assert_eq!(draw(0, 70_000), draw(0, 70_000));
    }
}
