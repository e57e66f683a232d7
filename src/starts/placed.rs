//! Starts that are placed, not drawn: on a grid, and around a point.

use super::Starts;
use super::drawn::unbounded;
use crate::engine::recipe::{Points, Recipe};
use crate::engine::source::Source;
use crate::error::StartsError;
use crate::method::Bounds;

impl Starts {
    /// The points of a grid over the box `bounds`, `counts[k]` along component k, both ends included; one that has a single point
    /// stands in the middle. Lanes run through the first component fastest, and there are as many as the counts' product.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let starts = Starts::grid(&Bounds::new(&[0.0, -1.0], &[1.0, 1.0])?, &[2, 3]);
    /// assert_eq!(starts.lanes(), 6);
    /// assert_eq!((starts.point(1), starts.point(2)), (vec![1.0, -1.0], vec![0.0, 0.0]));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// That there is a count for each component, and none is 0, is checked when the batch starts, and so is that bounds are finite.
    pub fn grid(bounds: &Bounds, counts: &[usize]) -> Self {
        Self::new(Grid { bounds: bounds.clone(), counts: counts.to_vec() })
    }

    /// `lanes` points around `point`: lane 0 starts there, others anywhere within `spread[k]` of it in component k, drawn
    /// independently and uniformly. Start i depends on `seed` and i alone.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let starts = Starts::around(&[1.0, 50.0], &[0.5, 10.0], 1_000, 42)?;
    /// assert_eq!(starts.point(0), [1.0, 50.0]);
    /// assert!((starts.point(999)[1] - 50.0).abs() <= 10.0);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Bounds`](crate::Error::Bounds) if the two differ in length, or a spread is negative or not a number.
    pub fn around(point: &[f64], spread: &[f64], lanes: usize, seed: u64) -> crate::Result<Self> {
        let side = |sign: f64| point.iter().zip(spread).map(|(x, spread)| x + sign * spread).collect::<Vec<f64>>();
        if point.len() != spread.len() {
            return Err(crate::BoundsError::Lengths { lower: point.len(), upper: spread.len() }.into());
        }
        let bounds = Bounds::new(&side(-1.0), &side(1.0))?;
        Ok(Self::around_in(point.to_vec(), &bounds, lanes, seed))
    }

    /// `point`, and others drawn from a box.
    pub(super) fn around_in(point: Vec<f64>, bounds: &Bounds, lanes: usize, seed: u64) -> Self {
        Self::new(Around { point, bounds: bounds.clone(), seed, others: Self::uniform(bounds, lanes, seed) })
    }
}

struct Grid {
    bounds: Bounds,
    counts: Vec<usize>,
}

impl Source for Grid {
    fn lanes(&self) -> usize {
        self.counts.iter().fold(1, |lanes, &count| lanes.saturating_mul(count))
    }

    fn dimension(&self) -> usize {
        self.bounds.dimension()
    }

    fn validate(&self) -> Result<(), StartsError> {
        if self.counts.len() != self.dimension() {
            return Err(StartsError::Counts { counts: self.counts.len(), components: self.dimension() });
        }
        unbounded(&self.bounds)
    }

    fn recipe(&self) -> Option<Recipe> {
        Some(Points::Grid { bounds: self.bounds.clone(), counts: self.counts.clone() }.into())
    }

    fn fill(&self, lane: usize, point: &mut [f64], _: &mut [f64]) {
        let mut rest = lane;
        let sides = self.bounds.lower().iter().zip(self.bounds.upper());
        for ((x, &count), (&low, &high)) in point.iter_mut().zip(&self.counts).zip(sides) {
            let k = rest % count;
            rest /= count;
            let part = if count > 1 { k as f64 / (count - 1) as f64 } else { 0.5 };
            // Weighted so that the ends are met to the bit.
            *x = low * (1.0 - part) + high * part;
        }
    }
}

struct Around {
    point: Vec<f64>,
    bounds: Bounds,
    seed: u64,
    others: Starts,
}

impl Source for Around {
    fn lanes(&self) -> usize {
        self.others.lanes()
    }

    fn dimension(&self) -> usize {
        self.point.len()
    }

    fn validate(&self) -> Result<(), StartsError> {
        if self.point.len() != self.bounds.dimension() {
            return Err(StartsError::Dimension { starts: self.bounds.dimension(), problem: self.point.len() });
        }
        self.others.source().validate()
    }

    fn recipe(&self) -> Option<Recipe> {
        let Self { point, bounds, seed, .. } = self;
        Some(Points::Around { point: point.clone(), bounds: bounds.clone(), lanes: self.lanes(), seed: *seed }.into())
    }

    fn fill(&self, lane: usize, point: &mut [f64], parameters: &mut [f64]) {
        if lane == 0 {
            point.copy_from_slice(&self.point);
        } else {
            self.others.source().fill(lane, point, parameters);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_has_every_combination_once_and_its_corners() {
        let bounds = Bounds::new(&[-1.0, 0.0, 5.0], &[1.0, 0.3, 7.0]).expect("a box");
        let starts = Starts::grid(&bounds, &[3, 4, 1]);
        let mut points: Vec<Vec<f64>> = (0..starts.lanes()).map(|lane| starts.point(lane)).collect();
        assert_eq!((points[0].as_slice(), points[11].as_slice()), (&[-1.0, 0.0, 6.0][..], &[1.0, 0.3, 6.0][..]));
        points.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
        points.dedup();
        assert_eq!(points.len(), 12);
    }

    #[test]
    fn a_grid_that_does_not_fit_is_an_error() {
        let bounds = Bounds::new(&[0.0; 2], &[1.0; 2]).expect("a box");
        assert_eq!(Starts::grid(&bounds, &[3]).source().validate(), Err(StartsError::Counts { counts: 1, components: 2 }));
        assert_eq!(Starts::grid(&bounds, &[3, 0]).lanes(), 0, "which is refused as no lanes");
        assert_eq!(Starts::grid(&bounds, &[usize::MAX, 4]).lanes(), usize::MAX, "which is refused as too many");
    }

    #[test]
    fn what_is_around_a_point_must_fit_it() {
        assert!(Starts::around(&[1.0], &[1.0, 2.0], 3, 0).is_err());
        assert!(Starts::around(&[1.0], &[-1.0], 3, 0).is_err());
        assert_eq!(Starts::around(&[1.0], &[0.0], 3, 0).expect("one point").point(2), [1.0]);
    }
}
