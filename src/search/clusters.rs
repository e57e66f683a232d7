//! Points that stand for the minima found so far, and which of them a new one belongs to.

use std::collections::{BTreeMap, HashMap};

use super::distinct::Distinct;

/// Minima in the order in which they were founded.
#[derive(Clone, Debug)]
pub(super) struct Clusters {
    distinct: Distinct,
    /// 1 / w_i: see [`Distinct`].
    scale: Vec<f64>,
    founders: Vec<Founder>,
    /// By value alone: founders by their value.
    by_value: BTreeMap<Ordered, usize>,
    /// By point: founders by the cell that they are in.
    by_cell: HashMap<[i64; AXES], Vec<usize>>,
}

/// The point that founded a minimum.
#[derive(Clone, Debug)]
struct Founder {
    value: f64,
    /// Scaled.
    point: Vec<f64>,
}

/// Cells are those of a grid over so many directions: what is near in space is in the same cell or the next along each.
const AXES: usize = 3;

impl Clusters {
    pub(super) fn new(distinct: Distinct, spread: &[f64]) -> Self {
        Self {
            distinct,
            scale: spread.iter().map(|w| 1.0 / w).collect(),
            founders: Vec::new(),
            by_value: BTreeMap::new(),
            by_cell: HashMap::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.founders.len()
    }

    /// The earliest founded minimum that this point belongs to.
    pub(super) fn find(&self, value: f64, point: &[f64]) -> Option<usize> {
        match self.distinct {
            Distinct::Value { .. } => {
                // A founder's tolerance is relative to its own value: what is farther than twice ours is too far by its own.
                let reach = 2.0 * self.distinct.value() * value.abs().max(1.0);
                let near = self.by_value.range(Ordered(value - reach)..=Ordered(value + reach));
                near.filter(|(_, founder)| self.is_level(**founder, value)).map(|(_, founder)| *founder).min()
            }
            Distinct::Point { distance, .. } => {
                let point = self.scaled(point);
                let cell = cell(&point, distance);
                let near = neighbours(cell).filter_map(|cell| self.by_cell.get(&cell)).flatten().copied();
                near.filter(|&founder| self.is_level(founder, value) && apart(&self.founders[founder].point, &point) <= distance).min()
            }
        }
    }

    /// Founds a minimum.
    pub(super) fn found(&mut self, value: f64, point: &[f64]) -> usize {
        let founder = self.founders.len();
        let point = self.scaled(point);
        match self.distinct {
            Distinct::Value { .. } => _ = self.by_value.entry(Ordered(value)).or_insert(founder),
            Distinct::Point { distance, .. } => self.by_cell.entry(cell(&point, distance)).or_default().push(founder),
        }
        self.founders.push(Founder { value, point });
        founder
    }

    fn scaled(&self, point: &[f64]) -> Vec<f64> {
        point.iter().zip(&self.scale).map(|(x, scale)| x * scale).collect()
    }

    /// Whether a value is that of a founder.
    fn is_level(&self, founder: usize, value: f64) -> bool {
        let founder = self.founders[founder].value;
        (founder - value).abs() <= self.distinct.value() * founder.abs().max(1.0)
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

/// The cell of a point along directions of length 1, as wide as points of one minimum are apart at most.
fn cell(point: &[f64], distance: f64) -> [i64; AXES] {
    let (n, width) = (point.len() as f64, distance.max(f64::MIN_POSITIVE));
    std::array::from_fn(|axis| {
        // Signs in the pattern of a Hadamard matrix: directions at right angles.
        let sign = |i: usize| if (i & (axis + 1)).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
        let along: f64 = point.iter().enumerate().map(|(i, x)| sign(i) * x).sum();
        (along / n.sqrt() / width).floor() as i64
    })
}

/// A cell and those around it.
fn neighbours(cell: [i64; AXES]) -> impl Iterator<Item = [i64; AXES]> {
    (0..3_i64.pow(AXES as u32)).map(move |k| std::array::from_fn(|axis| cell[axis].saturating_add(k / 3_i64.pow(axis as u32) % 3 - 1)))
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
                clusters.is_level(founder, value) && apart(&clusters.founders[founder].point, &clusters.scaled(point)) <= distance
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
                found.unwrap_or_else(|| clusters.found(value, point));
            }
            assert!(distinct.value() == 0.0 || joined > 100, "{distinct:?}: {joined} joined");
        }
    }

    #[test]
    fn points_beyond_all_cells_are_still_compared() {
        let mut clusters = Clusters::new(Distinct::default(), &[1.0]);
        clusters.found(0.0, &[1e300]);
        assert_eq!(clusters.find(0.0, &[1e300]), Some(0));
        assert_eq!(clusters.find(0.0, &[-1e300]), None);
    }
}
