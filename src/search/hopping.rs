//! Basin hopping: from each minimum a random step, and on to the next one.

use super::collect::{Collector, Numbers};
use super::task::Task;
use crate::error::{Error, Result};
use crate::outcome::LaneResult;
use crate::starts::uniform;

/// Each lane hops from minimum to minimum. With x the lane's minimum, w how far starts spread in each component and u uniform:
///
/// ```text
///     y = minimise(x + displacement w u),   u_i in [-1, 1]
///     x = y   if f(y) <= f(x), or with probability exp(-(f(y) - f(x)) / temperature)
/// ```
///
/// Each lane has its own displacement. It is multiplied by `adapt` after a hop that has led back to the same minimum (see
/// [`Distinct`](crate::Distinct)), and was too short, and divided by it after one to a minimum that is not taken, and was too long: lanes find how
/// far minima are apart, which differs from one objective to another and, where minima are nested, on the way down. It grows up to the whole
/// spread and no further.
///
/// Every y is a result of the search. Lanes hop together: all of a portion end before the next hop.
///
/// ```
/// use manymin::prelude::*;
/// use manymin::{BasinHopping, Search};
///
/// let rastrigin = Problem::new(4, |x| {
///     x.sum(0..4, |i| 10.0 + x.at(i).powi(2) - 10.0 * (std::f64::consts::TAU * x.at(i)).cos())
/// })?;
/// let starts = Starts::sobol(&Bounds::new(&[-5.0; 4], &[5.0; 4])?, 64, 42);
/// let found = Search::new(Minimizer::new(Lbfgs::default()))
///     .hopping(BasinHopping { hops: 60, displacement: 0.08, seed: 1, ..BasinHopping::default() })
///     .target(1e-6)
///     .run(&Device::cpu(Precision::F64), &rastrigin, &starts)?;
/// assert!(found.minima.list[0].value < 1e-9);
/// # Ok::<(), manymin::Error>(())
/// ```
///
/// # References
/// D. J. Wales, J. P. K. Doye: Global optimization by basin-hopping and the lowest energy structures of Lennard-Jones clusters
/// containing up to 110 atoms, J. Phys. Chem. A 101 (1997) 5111-5116.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BasinHopping {
    /// Hops of each lane after its first minimum, 20 unless set.
    pub hops: usize,
    /// The longest step of a component at first, as a share of how far starts spread in it (see [`Distinct`](crate::Distinct)), 0.1
    /// unless set; above 0.
    pub displacement: f64,
    /// The factor by which a lane's displacement grows or shrinks, 1.2 unless set; at least 1, which has it stay as it is.
    pub adapt: f64,
    /// How much higher a minimum may be and still be taken, on the scale of f, 1 unless set; at least 0.
    pub temperature: f64,
    /// What the steps begin with, 0 unless set.
    pub seed: u64,
}

impl Default for BasinHopping {
    fn default() -> Self {
        Self { hops: 20, displacement: 0.1, adapt: 1.2, temperature: 1.0, seed: 0 }
    }
}

/// Lanes that hop together.
const PORTION: usize = 1 << 16;

impl BasinHopping {
    pub(super) fn validate(&self) -> Result<()> {
        let Self { displacement, adapt, temperature, .. } = *self;
        if !(displacement > 0.0 && displacement.is_finite()) {
            return Err(Error::Setting { name: "displacement", value: displacement.to_string(), must: "above 0 and finite" });
        }
        if !(adapt >= 1.0 && adapt.is_finite()) {
            return Err(Error::Setting { name: "adapt", value: adapt.to_string(), must: "at least 1 and finite" });
        }
        if !(temperature >= 0.0) {
            return Err(Error::Setting { name: "temperature", value: temperature.to_string(), must: "at least 0" });
        }
        Ok(())
    }

    pub(super) fn run(&self, task: &mut Task<'_, '_>, chosen: &Numbers) -> Result<()> {
        for first in (0..chosen.len()).step_by(PORTION) {
            let numbers = chosen.part(first..(first + PORTION).min(chosen.len()));
            self.hop_together(task, &numbers)?;
        }
        Ok(())
    }

    fn hop_together(&self, task: &mut Task<'_, '_>, numbers: &Numbers) -> Result<()> {
        let spread = task.collector.spread().to_vec();
        let mut at: Vec<Place> = Vec::new();
        for hop in 0..=self.hops {
            if !task.collector.goes_on() {
                return Ok(());
            }
            let points = (hop > 0).then(|| {
                let lane = |k: usize| self.displaced(&at[k], &spread, numbers.get(k), hop);
                (0..numbers.len()).flat_map(lane).collect::<Vec<f64>>()
            });
            task.collector.keep = Some(Vec::with_capacity(numbers.len()));
            task.minimize(numbers.clone(), points)?;
            let mut results = task.collector.keep.take().unwrap_or_default();
            results.sort_unstable_by_key(|result| result.lane);
            if results.len() < numbers.len() {
                return Ok(());
            }
            if hop == 0 {
                let place = |result: LaneResult| Place { value: result.value, point: result.point, displacement: self.displacement };
                at = results.into_iter().map(place).collect();
                continue;
            }
            for (k, result) in results.into_iter().enumerate() {
                self.go_on(&mut at[k], result, task.collector, numbers.get(k), hop);
            }
        }
        Ok(())
    }

    /// A point beside that of `place`, for that hop of that lane.
    fn displaced(&self, place: &Place, spread: &[f64], lane: usize, hop: usize) -> Vec<f64> {
        let mut draw = uniform(self.seed, lane as u64, hop as u64);
        place.point.iter().zip(spread).map(|(x, w)| x + place.displacement * w * (2.0 * draw() - 1.0)).collect()
    }

    /// Has a lane go on from its new minimum or its old one.
    fn go_on(&self, place: &mut Place, result: LaneResult, collector: &Collector, lane: usize, hop: usize) {
        let chance = uniform(!self.seed, lane as u64, hop as u64)();
        let rise = result.value - place.value;
        let takes = result.value.is_finite() && (!(rise > 0.0) || chance < (-rise / self.temperature).exp());
        if collector.are_one((place.value, &place.point), (result.value, &result.point)) {
            place.displacement = (place.displacement * self.adapt).min(self.displacement.max(1.0));
        } else if !takes {
            place.displacement /= self.adapt;
        }
        if takes {
            (place.value, place.point) = (result.value, result.point);
        }
    }
}

/// Where a lane is, how low, and how far it goes next.
struct Place {
    value: f64,
    point: Vec<f64>,
    displacement: f64,
}
