//! Starts that are drawn from a box: at random, or quasi-randomly.

use super::{latin, sobol};
use crate::engine::recipe::{Points, Recipe};
use crate::engine::source::Source;
use crate::error::StartsError;
use crate::method::Bounds;

/// Points of a box, one a lane.
pub(super) struct Drawn {
    pub(super) bounds: Bounds,
    pub(super) lanes: usize,
    pub(super) seed: u64,
    pub(super) by: Draw,
}

/// How points of the unit cube are drawn.
pub(super) enum Draw {
    Uniform,
    Sobol,
    Latin,
}

impl Source for Drawn {
    fn lanes(&self) -> usize {
        self.lanes
    }

    fn dimension(&self) -> usize {
        self.bounds.dimension()
    }

    fn validate(&self) -> Result<(), StartsError> {
        unbounded(&self.bounds)
    }

    fn recipe(&self) -> Option<Recipe> {
        let Self { ref bounds, lanes, seed, ref by } = *self;
        let bounds = bounds.clone();
        let points = match by {
            Draw::Uniform => Points::Uniform { bounds, lanes, seed },
            Draw::Sobol => Points::Sobol { bounds, lanes, seed },
            Draw::Latin => Points::Latin { bounds, lanes, seed },
        };
        Some(points.into())
    }

    fn fill(&self, lane: usize, point: &mut [f64], _: &mut [f64]) {
        match self.by {
            Draw::Uniform => point.fill_with(uniform(self.seed, lane as u64, 0)),
            Draw::Sobol => sobol::fill(self.seed, lane, point),
            Draw::Latin => latin::fill(self.seed, lane, self.lanes, point),
        }
        for ((x, &low), &high) in point.iter_mut().zip(self.bounds.lower()).zip(self.bounds.upper()) {
            *x = low + (high - low) * *x;
        }
    }
}

/// An error if a side of the box to draw from is infinite.
pub(super) fn unbounded(bounds: &Bounds) -> Result<(), StartsError> {
    let infinite = |(low, high): (&f64, &f64)| !low.is_finite() || !high.is_finite();
    match bounds.lower().iter().zip(bounds.upper()).position(infinite) {
        Some(index) => Err(StartsError::Unbounded { index }),
        None => Ok(()),
    }
}

/// Numbers drawn uniformly from [0, 1), one after another, for that lane and that turn of it.
pub(crate) fn uniform(seed: u64, lane: u64, turn: u64) -> impl FnMut() -> f64 {
    let mut state = mix(seed).wrapping_add(mix(!lane)).wrapping_add(mix(turn.wrapping_mul(GOLDEN)));
    move || {
        state = state.wrapping_add(GOLDEN);
        (mix(state) >> 11) as f64 * (-53.0_f64).exp2()
    }
}

/// The increment of SplitMix64: 2^64 over the golden ratio.
pub(super) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output function of SplitMix64.
pub(super) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::starts::Starts;

    #[test]
    fn the_generator_is_splitmix64() {
        // The first outputs for seed 1234567 of the reference implementation (S. Vigna, 2015).
        let outputs: Vec<u64> = (1..=3_u64).map(|k| mix(1_234_567_u64.wrapping_add(k.wrapping_mul(GOLDEN)))).collect();
        assert_eq!(outputs, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn uniform_starts_fill_their_box_evenly() {
        let bounds = Bounds::new(&[-1.0, 10.0], &[1.0, 14.0]).expect("a box");
        let starts = Starts::uniform(&bounds, 20_000, 3);
        let (mut mean, mut square) = ([0.0; 2], [0.0; 2]);
        for lane in 0..20_000 {
            let point = starts.point(lane);
            assert!((-1.0..1.0).contains(&point[0]) && (10.0..14.0).contains(&point[1]), "inside: {point:?}");
            for (k, unit) in [(point[0] + 1.0) / 2.0, (point[1] - 10.0) / 4.0].into_iter().enumerate() {
                mean[k] += unit / 20_000.0;
                square[k] += unit * unit / 20_000.0;
            }
        }
        // Five standard deviations of the means of 20,000 draws.
        for k in 0..2 {
            assert!((mean[k] - 0.5).abs() < 5.0 * (1.0_f64 / 12.0 / 20_000.0).sqrt(), "mean of component {k}: {}", mean[k]);
            assert!(
                (square[k] - 1.0 / 3.0).abs() < 5.0 * (4.0_f64 / 45.0 / 20_000.0).sqrt(),
                "mean square of component {k}: {}",
                square[k]
            );
        }
    }
}
