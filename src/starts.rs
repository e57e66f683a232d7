//! Starting points: given as a matrix or a file, drawn at random or quasi-random, placed on a grid, or from a source of your own.

mod drawn;
mod given;
mod latin;
mod placed;
mod sobol;
mod table;

use std::sync::Arc;

use nalgebra::DMatrix;

pub(crate) use self::drawn::uniform;
use self::drawn::{Draw, Drawn};
use self::given::Given;
pub use self::table::{Rows, Table};
use crate::engine::recipe::{Columns, Points, Recipe};
use crate::engine::source::Source;
use crate::method::{Bounds, Limits, Tolerances};

/// The starts of a batch, one a lane, with the lanes' parameters. Cloning is cheap.
///
/// Starts are made as they are needed; only those given as a matrix are in memory.
#[derive(Clone)]
pub struct Starts {
    source: Arc<dyn Source>,
}

impl Starts {
    /// Starts from any [`Source`].
    pub fn new(source: impl Source + 'static) -> Self {
        Self { source: Arc::new(source) }
    }

    /// `lanes` points drawn independently and uniformly from the box `bounds`, which places the starts and no more: to
    /// hold the lanes inside is for [`Minimizer::bounds`](crate::Minimizer::bounds).
    ///
    /// Start i depends on `seed` and i alone, and is the same on every machine.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 10_000, 42);
    /// assert_eq!(starts.lanes(), 10_000);
    /// assert_eq!(starts.point(7), Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 8, 42).point(7));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// An infinite bound is an error when the batch starts.
    ///
    /// # References
    /// G. L. Steele, D. Lea, C. H. Flood: Fast splittable pseudorandom number generators, OOPSLA 2014 (SplitMix64).
    pub fn uniform(bounds: &Bounds, lanes: usize, seed: u64) -> Self {
        Self::new(Drawn { bounds: bounds.clone(), lanes, seed, by: Draw::Uniform })
    }

    /// The columns of `points`, one a lane.
    ///
    /// ```
    /// use manymin::prelude::*;
    /// use nalgebra::DMatrix;
    ///
    /// let starts = Starts::from_matrix(DMatrix::from_row_slice(2, 3, &[
    ///     0.0, 1.0, 2.0,
    ///     5.0, 5.0, 5.0,
    /// ]));
    /// assert_eq!((starts.lanes(), starts.point(2)), (3, vec![2.0, 5.0]));
    /// ```
    pub fn from_matrix(points: DMatrix<f64>) -> Self {
        Self::new(Matrix { points })
    }

    /// These starts with the columns of `parameters` as the lanes' parameters. That there is one for each lane is checked
    /// when the batch starts.
    pub fn with_parameters(self, parameters: DMatrix<f64>) -> Self {
        Self::new(Given { parameters: Some(parameters), ..Given::nothing(self) })
    }

    /// These starts with tolerances of each lane's own, in the place of [`Minimizer::tolerances`](crate::Minimizer::tolerances).
    /// That there is one for each lane, and their values, are checked when the batch starts.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let bowl = Problem::new(2, |x| x[0].powi(2) + 10.0 * x[1].powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 2, 42);
    /// let to = |gradient_max| Tolerances { gradient_max, ..Tolerances::default() };
    /// let starts = starts.with_tolerances(vec![to(1e-2), to(1e-9)]);
    /// let outcome = Minimizer::new(Lbfgs::default()).minimize(&Device::cpu(Precision::F64), &bowl, &starts)?;
    /// assert!(outcome.lane(1).gradient_max <= 1e-9);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn with_tolerances(self, tolerances: Vec<Tolerances>) -> Self {
        Self::new(Given { tolerances: Some(tolerances.into_iter().map(Some).collect()), ..Given::nothing(self) })
    }

    /// These starts with limits of each lane's own, in the place of [`Minimizer::limits`](crate::Minimizer::limits). That there
    /// is one for each lane, and their values, are checked when the batch starts.
    pub fn with_limits(self, limits: Vec<Limits>) -> Self {
        Self::new(Given { limits: Some(limits.into_iter().map(Some).collect()), ..Given::nothing(self) })
    }

    /// These starts with a box for each lane, which holds it inside: the columns of `lower` and `upper`, inclusive. Infinite
    /// bounds bound nothing, equal ones fix the component. A lane stays in what these bounds, such as the starts bring
    /// already, and those of [`Minimizer::bounds`](crate::Minimizer::bounds) have in common; that this is not empty is
    /// checked when the batch starts, and so is that there is a column for each lane.
    ///
    /// ```
    /// use manymin::prelude::*;
    /// use nalgebra::DMatrix;
    ///
    /// // (x - 3)^2 in three boxes.
    /// let bowl = Problem::new(1, |x| (x[0] - 3.0).powi(2))?;
    /// let starts = Starts::from_matrix(DMatrix::from_element(1, 3, 0.5));
    /// let (lower, upper) = (DMatrix::zeros(1, 3), DMatrix::from_row_slice(1, 3, &[1.0, 2.0, f64::INFINITY]));
    /// let device = Device::cpu(Precision::F64);
    /// let outcome = Minimizer::new(Lbfgs::default()).minimize(&device, &bowl, &starts.with_bounds(lower, upper))?;
    /// assert_eq!((outcome.lane(0).point[0], outcome.lane(1).point[0]), (1.0, 2.0));
    /// assert!((outcome.lane(2).point[0] - 3.0).abs() < 1e-5);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn with_bounds(self, lower: DMatrix<f64>, upper: DMatrix<f64>) -> Self {
        Self::new(Given { bounds: Some([lower, upper]), ..Given::nothing(self) })
    }

    /// How many lanes there are.
    pub fn lanes(&self) -> usize {
        self.source.lanes()
    }

    /// The components of a starting point.
    pub fn dimension(&self) -> usize {
        self.source.dimension()
    }

    /// The starting point of a lane as it is given: bounds may move it.
    pub fn point(&self, lane: usize) -> Vec<f64> {
        let (mut point, mut parameters) = (vec![0.0; self.dimension()], vec![0.0; self.source.parameters()]);
        self.source.fill(lane, &mut point, &mut parameters);
        point
    }

    /// The starts that a recipe makes.
    pub(crate) fn from_recipe(recipe: Recipe) -> Self {
        let Recipe { points, parameters, bounds, tolerances, limits } = recipe;
        let starts = match points {
            Points::Uniform { bounds, lanes, seed } => Self::uniform(&bounds, lanes, seed),
            Points::Matrix(points) => Self::from_matrix(points.0),
            Points::Sobol { bounds, lanes, seed } => Self::sobol(&bounds, lanes, seed),
            Points::Latin { bounds, lanes, seed } => Self::latin_hypercube(&bounds, lanes, seed),
            Points::Grid { bounds, counts } => Self::grid(&bounds, &counts),
            Points::Around { point, bounds, lanes, seed } => Self::around_in(point, &bounds, lanes, seed),
        };
        if parameters.is_none() && bounds.is_none() && tolerances.is_none() && limits.is_none() {
            return starts;
        }
        let (parameters, bounds) = (parameters.map(|table| table.0), bounds.map(|sides| sides.map(|table| table.0)));
        Self::new(Given { starts, parameters, bounds, tolerances, limits })
    }

    pub(crate) fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }
}

impl std::fmt::Debug for Starts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Starts").field("lanes", &self.lanes()).field("dimension", &self.dimension()).finish_non_exhaustive()
    }
}

struct Matrix {
    points: DMatrix<f64>,
}

impl Source for Matrix {
    fn lanes(&self) -> usize {
        self.points.ncols()
    }

    fn dimension(&self) -> usize {
        self.points.nrows()
    }

    fn recipe(&self) -> Option<Recipe> {
        Some(Points::Matrix(Columns(self.points.clone())).into())
    }

    fn fill(&self, lane: usize, point: &mut [f64], _: &mut [f64]) {
        point.copy_from_slice(self.points.column(lane).as_slice());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_for_each_lane_stays_whatever_is_given_after_it() {
        let matrix = |value: f64| DMatrix::from_element(1, 3, value);
        type With = Box<dyn Fn(Starts) -> Starts>;
        let with: [With; 4] = [
            Box::new(move |starts| starts.with_parameters(matrix(7.0))),
            Box::new(move |starts| starts.with_bounds(matrix(-1.0), matrix(1.0))),
            Box::new(|starts| starts.with_tolerances(vec![Tolerances { gradient_max: 0.25, ..Tolerances::default() }; 3])),
            Box::new(|starts| starts.with_limits(vec![Limits { iterations: 9, evaluations: 99 }; 3])),
        ];
        for first in 0..with.len() {
            let order = (0..with.len()).map(|k| &with[(first + k) % with.len()]);
            let starts = order.fold(Starts::from_matrix(matrix(0.5)), |starts, with| with(starts));
            let source = starts.source();
            source.validate().expect("all of it fits");
            let (mut point, mut parameters) = ([0.0], [0.0]);
            let (mut lower, mut upper) = ([f64::NEG_INFINITY], [f64::INFINITY]);
            source.fill(2, &mut point, &mut parameters);
            source.fill_bounds(2, &mut lower, &mut upper);
            assert_eq!((point, parameters, lower, upper), ([0.5], [7.0], [-1.0], [1.0]), "from {first} on");
            assert_eq!(source.tolerances(2).map(|t| t.gradient_max), Some(0.25), "from {first} on");
            assert_eq!(source.limits(2), Some(Limits { iterations: 9, evaluations: 99 }), "from {first} on");
        }
    }

    #[test]
    fn seeds_and_lanes_give_different_points() {
        let bounds = Bounds::new(&[0.0; 4], &[1.0; 4]).expect("a box");
        let draw = |seed, lane| Starts::uniform(&bounds, 10, seed).point(lane);
        assert_ne!(draw(0, 0), draw(0, 1), "lanes");
        assert_ne!(draw(0, 0), draw(1, 0), "seeds");
        assert_ne!(draw(0, 1), draw(1, 0), "a lane's number is not added to the seed");
    }
}
