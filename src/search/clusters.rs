//! Points that stand for the minima found so far, and which of them a new one belongs to.

use std::collections::{BTreeMap, HashMap};

use super::distinct::Distinct;

/// Minima in the order in which they were founded.
#[derive(Clone, Debug)]
pub(super) struct Clusters {
    distinct: Distinct,
    /// 1 / w_i: see [`Distinct`].
    scale: Vec<f64>,
    /// The components of directions of length 1, along which cells lie.
    directions: Vec<[f64; AXES]>,
    founders: Vec<Founder>,
    /// Their points, scaled, one after another.
    points: Vec<f64>,
    /// By value alone: founders by their value.
    by_value: BTreeMap<Ordered, usize>,
    /// By point: the last founder in each cell.
    by_cell: HashMap<Cell, usize>,
}

/// What founded a minimum.
#[derive(Clone, Copy, Debug)]
struct Founder {
    value: f64,
    /// The founder in the same cell before this one.
    before: Option<usize>,
}

/// Of a grid over so many directions: what is near in space is in the same cell along each, or in the next if it is near its
/// edge.
type Cell = [i64; AXES];
const AXES: usize = 4;
/// So many times the distance at which points are of one minimum: few points are near an edge, and minima that are not told apart by
/// distance are few in a cell.
const CELL: f64 = 8.0;
/// Cells are not finer than this, and what is nearer to an edge than the distance by rounding alone is near it.
const FINEST: f64 = 1e-9;
const SLACK: f64 = 1.0 + 1e-6;

impl Clusters {
    pub(super) fn new(distinct: Distinct, spread: &[f64]) -> Self {
        Self {
            distinct,
            scale: spread.iter().map(|w| 1.0 / w).collect(),
            directions: directions(spread.len()),
            founders: Vec::new(),
            points: Vec::new(),
            by_value: BTreeMap::new(),
            by_cell: HashMap::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.founders.len()
    }

    /// The earliest founded minimum that this point belongs to.
    pub(super) fn find(&self, value: f64, point: &[f64]) -> Option<usize> {
        self.find_scaled(value, &self.scaled(point))
    }

    /// As [`find`](Self::find), or a new one, which this point founds.
    pub(super) fn find_or_found(&mut self, value: f64, point: &[f64]) -> usize {
        let point = self.scaled(point);
        self.find_scaled(value, &point).unwrap_or_else(|| self.found(value, &point))
    }

    fn find_scaled(&self, value: f64, point: &[f64]) -> Option<usize> {
        match self.distinct {
            Distinct::Value { .. } => {
                // A founder's tolerance is relative to its own value: what is farther than twice ours is too far by its own.
                let reach = 2.0 * self.distinct.value() * value.abs().max(1.0);
                let near = self.by_value.range(Ordered(value - reach)..=Ordered(value + reach));
                near.filter(|(_, founder)| self.is_level(**founder, value)).map(|(_, founder)| *founder).min()
            }
            Distinct::Point { distance, .. } => {
                let along = self.along(point);
                let [low, high] = [-SLACK, SLACK].map(|by| cell(along.map(|a| a + by * distance), distance));
                let near = cells(low, high)
                    .filter_map(|cell| self.by_cell.get(&cell))
                    .flat_map(|&last| std::iter::successors(Some(last), |&founder| self.founders[founder].before));
                near.filter(|&founder| self.is_level(founder, value) && apart(self.point(founder), point) <= distance).min()
            }
        }
    }

    /// Founds a minimum at a scaled point.
    fn found(&mut self, value: f64, point: &[f64]) -> usize {
        let number = self.founders.len();
        let before = match self.distinct {
            Distinct::Value { .. } => {
                self.by_value.entry(Ordered(value)).or_insert(number);
                None
            }
            Distinct::Point { distance, .. } => self.by_cell.insert(cell(self.along(point), distance), number),
        };
        self.points.extend_from_slice(point);
        self.founders.push(Founder { value, before });
        number
    }

    fn point(&self, founder: usize) -> &[f64] {
        let n = self.scale.len();
        &self.points[founder * n..][..n]
    }

    /// How far a scaled point is along each direction.
    fn along(&self, point: &[f64]) -> [f64; AXES] {
        let mut along = [0.0; AXES];
        for (x, direction) in point.iter().zip(&self.directions) {
            along.iter_mut().zip(direction).for_each(|(along, component)| *along += component * x);
        }
        along
    }

    fn scaled(&self, point: &[f64]) -> Vec<f64> {
        point.iter().zip(&self.scale).map(|(x, scale)| x * scale).collect()
    }

    /// Whether a value is that of a founder.
    fn is_level(&self, founder: usize, value: f64) -> bool {
        self.distinct.is_level(self.founders[founder].value, value)
    }
}

/// A finite number, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ordered(f64);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// The 2-norm of a - b.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// Directions of length 1 in space of n dimensions.
fn directions(n: usize) -> Vec<[f64; AXES]> {
    // Irrational, so that the minima of periodic functions don't fall into few cells.
    const STEPS: [f64; AXES] = [std::f64::consts::SQRT_2, std::f64::consts::E, std::f64::consts::PI, std::f64::consts::LN_2];
    let mut directions: Vec<[f64; AXES]> = (1..=n).map(|i| STEPS.map(|step| (i as f64 * step).fract() - 0.5)).collect();
    for axis in 0..AXES {
        let length = directions.iter().map(|of| of[axis].powi(2)).sum::<f64>().sqrt();
        directions.iter_mut().for_each(|of| of[axis] /= length);
    }
    directions
}

/// The cell that is so far along each direction, where points of one minimum are so far apart at most.
fn cell(along: [f64; AXES], distance: f64) -> Cell {
    let width = (CELL * distance).max(FINEST);
    along.map(|along| (along / width).floor() as i64)
}

/// All cells from `low` to `high`, of which those differ by little.
fn cells(low: Cell, high: Cell) -> impl Iterator<Item = Cell> {
    let widths: [i64; AXES] = std::array::from_fn(|axis| high[axis].saturating_sub(low[axis]) + 1);
    (0..widths.iter().product()).map(move |mut k: i64| {
        std::array::from_fn(|axis| {
            let place = low[axis] + k % widths[axis];
            k /= widths[axis];
            place
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::starts::Starts;

    /// What `find` must give, by comparison with every founder.
    fn by_comparison(clusters: &Clusters, value: f64, point: &[f64]) -> Option<usize> {
        (0..clusters.len()).find(|&founder| match clusters.distinct {
            Distinct::Value { .. } => clusters.is_level(founder, value),
            Distinct::Point { distance, .. } => {
                clusters.is_level(founder, value) && apart(clusters.point(founder), &clusters.scaled(point)) <= distance
            }
        })
    }

    #[test]
    fn cells_and_values_find_what_comparison_with_all_finds() {
        for (n, distinct) in [
            (1, Distinct::Point { distance: 0.02, value: 0.3 }),
            (2, Distinct::Point { distance: 0.1, value: 0.3 }),
            (7, Distinct::Point { distance: 0.8, value: 10.0 }),
            (2, Distinct::Value { value: 0.01 }),
            (2, Distinct::Point { distance: 0.0, value: 0.0 }),
        ] {
            let bounds = crate::Bounds::new(&vec![-3.0; n + 1], &vec![3.0; n + 1]).expect("a box");
            let starts = Starts::uniform(&bounds, 2_000, 9);
            let mut clusters = Clusters::new(distinct, &vec![2.0; n]);
            let mut joined = 0;
            for lane in 0..starts.lanes() {
                let drawn = starts.point(lane);
                let (value, point) = (drawn[n], &drawn[..n]);
                let found = clusters.find(value, point);
                assert_eq!(found, by_comparison(&clusters, value, point), "{distinct:?}");
                joined += usize::from(found.is_some());
                let place = clusters.find_or_found(value, point);
                assert!(found.is_none_or(|found| found == place));
            }
            assert!(distinct.value() == 0.0 || joined > 100, "{distinct:?}: {joined} joined");
        }
    }

    #[test]
    fn points_beyond_all_cells_are_still_compared() {
        let mut clusters = Clusters::new(Distinct::default(), &[1.0]);
        clusters.find_or_found(0.0, &[1e300]);
        assert_eq!(clusters.find(0.0, &[1e300]), Some(0));
        assert_eq!(clusters.find(0.0, &[-1e300]), None);
    }
}
