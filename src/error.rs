//! What can go wrong: one [`Error`], with a small typed cause for each part of the crate.

mod checkpoint;
mod device;
mod fit;
mod monitor;
mod steer;
mod table;
mod wgsl;

use std::fmt;

use thiserror::Error;

pub use checkpoint::CheckpointError;
pub use device::DeviceError;
pub use fit::FitError;
pub use monitor::MonitorError;
pub use steer::SteerError;
pub use table::TableError;
pub use wgsl::WgslError;

/// Misuse, or a device that failed. How a lane ended is no error: that is its [`Status`](crate::Status).
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A mistake in the objective, or in what it is given.
    #[error("{0}")]
    Problem(#[from] ProblemError),
    /// Starts, parameters and problem do not fit each other.
    #[error("the starts don't fit: {0}")]
    Starts(#[from] StartsError),
    /// A setting is out of its range.
    #[error("setting `{name}` is {value}: it must be {must}")]
    Setting {
        /// The field.
        name: &'static str,
        /// What it was set to.
        value: String,
        /// What it must be.
        must: &'static str,
    },
    /// Bounds that leave no point, or do not fit.
    #[error("the bounds don't fit: {0}")]
    Bounds(#[from] BoundsError),
    /// The device can't do what is asked of it.
    #[error("the device can't be used: {0}")]
    Device(#[from] DeviceError),
    /// Least squares can't be done, or judged, with this objective.
    #[error("no fit by least squares: {0}")]
    Fit(#[from] FitError),
    /// A file of numbers can't be taken.
    #[error("{0}")]
    Table(#[from] TableError),
    /// A checkpoint can't be written or read.
    #[error("the checkpoint can't be used: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The run can't be changed in that way.
    #[error("the run can't be changed: {0}")]
    Steer(#[from] SteerError),
    /// A monitor ended the run with an error of its own, or a panic.
    #[error("{0}")]
    Monitor(#[from] MonitorError),
    /// A lane's number that the batch does not have.
    #[error("there is no lane {lane}: the batch has {lanes} lanes, counted from 0")]
    NoSuchLane {
        /// The number asked for.
        lane: usize,
        /// How many there are.
        lanes: usize,
    },
}

/// The result of most functions here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Mistakes in an objective, found while it is traced or its text is read.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ProblemError {
    /// n = 0.
    #[error("the point has no components; give a dimension of at least 1")]
    NoComponents,
    /// An index that a read takes somewhere in its loops.
    #[error(
        "index {index} of `{what}` is out of range: it has {len} elements, counted from 0; check the ranges of the loops around it{}",
        Lengths(lengths)
    )]
    IndexOutOfRange {
        /// `x`, `parameters` or the data's name.
        what: String,
        /// The index.
        index: i64,
        /// The number of elements.
        len: usize,
        /// All data and their lengths, where `what` is data and they differ: else none.
        lengths: Vec<(String, usize)>,
    },
    /// A constant, or an operation on constants, that is infinite or not a number.
    #[error("a constant of the objective is {}: constants and what is computed from them alone must be finite", Number(*value))]
    NonFiniteConstant {
        /// The value met.
        value: f64,
    },
    /// A value used outside the loop it was made in.
    #[error("a value was used outside the loop that it varies in; return it from the closure of `sum` or `fold` instead")]
    LeakedValue,
    /// A data array that was not given.
    #[error("there is no data `{name}`; {}", if known.is_empty() { "none was given: use `Problem::builder(n).data(name, values)`".to_string() } else { format!("given: {}", known.join(", ")) })]
    UnknownData {
        /// The name asked for.
        name: String,
        /// The names given.
        known: Vec<String>,
    },
    /// A data array given twice.
    #[error("data `{name}` is given twice; give each array once")]
    RepeatedData {
        /// Its name.
        name: String,
    },
    /// Data that is infinite or not a number.
    #[error("data `{name}` is {} at index {index}: data must be finite", Number(*value))]
    NonFiniteData {
        /// The array.
        name: String,
        /// Where in it.
        index: usize,
        /// The value there.
        value: f64,
    },
    /// The greatest or least of nothing.
    #[error(
        "the `{what}` over a range that may be empty has no value there; make the range hold an index at all values of the loops around it"
    )]
    EmptyRange {
        /// `maximum` or `minimum`.
        what: &'static str,
    },
    /// Loops inside loops inside loops.
    #[error("sums and folds are nested deeper than {limit}, where a fold over a long range counts as two or more")]
    NestedTooDeep {
        /// The deepest nest taken.
        limit: usize,
    },
    /// More operations than can be held.
    #[error(
        "the objective has more than the {limit} operations that are taken; write repeated parts as `x.sum(range, |i| ...)`, which stays one loop"
    )]
    TooLarge {
        /// The most that are taken.
        limit: usize,
    },
    /// A mistake in the objective's WGSL.
    #[error("{0}")]
    Wgsl(#[from] WgslError),
    /// A point or parameters of the wrong length handed to an evaluation.
    #[error("the length of {what} is {given} where the problem takes {wanted}")]
    WrongLength {
        /// `the point` or `the parameters`.
        what: &'static str,
        /// How many were given.
        given: usize,
        /// How many the problem takes.
        wanted: usize,
    },
}

/// Starts, parameters and data that do not fit the problem.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum StartsError {
    /// No lanes.
    #[error("there are no lanes; give at least one start")]
    NoLanes,
    /// More lanes than can be numbered.
    #[error("there are {lanes} lanes; a batch takes up to 4,294,967,295: split it")]
    TooManyLanes {
        /// The lanes given.
        lanes: usize,
    },
    /// The points' dimension differs from the problem's.
    #[error("starts have {starts} components and the problem has {problem}; a matrix of starts has one column a lane")]
    Dimension {
        /// Components of a start.
        starts: usize,
        /// Components of the problem's point.
        problem: usize,
    },
    /// The number of parameters a lane differs from the problem's.
    #[error(
        "the starts bring {starts} parameters a lane and the problem takes {problem}; use `starts.with_parameters(matrix)`, one column a lane"
    )]
    Parameters {
        /// Parameters that the starts bring.
        starts: usize,
        /// Parameters that the problem takes.
        problem: usize,
    },
    /// What is given for each lane is not for as many lanes as there are.
    #[error("there are {what} for {given} lanes and starts for {starts}")]
    Each {
        /// What was given.
        what: &'static str,
        /// For how many lanes.
        given: usize,
        /// Starts.
        starts: usize,
    },
    /// A setting of one lane's own is out of its range.
    #[error("setting `{name}` of lane {lane} is {value}: it must be {must}")]
    Setting {
        /// The lane.
        lane: usize,
        /// The field.
        name: &'static str,
        /// What it was set to.
        value: String,
        /// What it must be.
        must: &'static str,
    },
    /// The parameters' columns are not as many as the lanes.
    #[error("there are parameters for {parameters} lanes and starts for {starts}")]
    Lanes {
        /// Columns of parameters.
        parameters: usize,
        /// Starts.
        starts: usize,
    },
    /// Matrices of bounds of another size than the starts.
    #[error(
        "there are {what} bounds of {rows} components for {columns} lanes, and starts of {dimension} for {lanes}; a matrix of bounds has one column a lane"
    )]
    BoundsSize {
        /// `lower` or `upper`.
        what: &'static str,
        /// Rows of the matrix.
        rows: usize,
        /// Columns of the matrix.
        columns: usize,
        /// Components of a start.
        dimension: usize,
        /// Lanes.
        lanes: usize,
    },
    /// A row of parameters that is not as long as the problem takes.
    #[error("row {row} has {given} parameters and the problem takes {wanted}; rows count from 0")]
    Row {
        /// The row.
        row: usize,
        /// Its length.
        given: usize,
        /// The parameters of the problem.
        wanted: usize,
    },
    /// A grid with another number of counts than the point has components.
    #[error("the grid has counts for {counts} components and bounds for {components}")]
    Counts {
        /// Counts given.
        counts: usize,
        /// Components of a start.
        components: usize,
    },
    /// A sampler over bounds that are infinite.
    #[error("component {index} has no finite bounds to draw starts from")]
    Unbounded {
        /// The component.
        index: usize,
    },
}

/// Bounds that do not fit.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum BoundsError {
    /// Lower and upper bounds of different length.
    #[error("{lower} lower bounds and {upper} upper ones")]
    Lengths {
        /// Lower bounds given.
        lower: usize,
        /// Upper bounds given.
        upper: usize,
    },
    /// A lower bound above its upper one, or one that is not a number.
    #[error("component {index} is bounded by [{}, {}], which holds no number", Number(*lower), Number(*upper))]
    Empty {
        /// The component.
        index: usize,
        /// Its lower bound.
        lower: f64,
        /// Its upper bound.
        upper: f64,
    },
    /// Bounds of another length than the problem's point.
    #[error("there are bounds for {bounds} components and the problem has {problem}")]
    Dimension {
        /// Components that are bounded.
        bounds: usize,
        /// Components of the problem's point.
        problem: usize,
    },
    /// A mask of fixed components of another length than the problem's point.
    #[error("the mask of fixed components has {fixed} entries and the problem has {problem} components")]
    Fixed {
        /// Entries of the mask.
        fixed: usize,
        /// Components of the problem's point.
        problem: usize,
    },
    /// Bounds of one lane, or what they leave of those of all lanes, that hold no number.
    #[error(
        "component {index} of lane {lane} is bounded by [{}, {}], its own bounds and those of all lanes together, which holds no number",
        Number(*lower), Number(*upper)
    )]
    EmptyLane {
        /// The lane.
        lane: usize,
        /// The component.
        index: usize,
        /// Its lower bound.
        lower: f64,
        /// Its upper bound.
        upper: f64,
    },
    /// Bounds between which there is no number of single precision.
    #[error(
        "component {index} of lane {lane} is bounded by [{}, {}], which holds no number of single precision: lower bounds round up there \
         and upper ones down; make them equal, which fixes the component, or take `Device::cpu(Precision::F64)`",
        Number(*lower), Number(*upper)
    )]
    Rounded {
        /// The lane.
        lane: usize,
        /// The component.
        index: usize,
        /// Its lower bound.
        lower: f64,
        /// Its upper bound.
        upper: f64,
    },
    /// A component that is held at its start, which lies outside the bounds.
    #[error(
        "component {index} of lane {lane} is fixed at its start, {}, which lies outside its bounds [{}, {}]",
        Number(*value), Number(*lower), Number(*upper)
    )]
    FixedOutside {
        /// The lane.
        lane: usize,
        /// The component.
        index: usize,
        /// Where it starts.
        value: f64,
        /// Its lower bound.
        lower: f64,
        /// Its upper bound.
        upper: f64,
    },
}

/// A number as people read it: with an exponent where it is far from 1.
pub(super) struct Number(pub(super) f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size.is_finite() && size != 0.0 && !(1e-5..1e16).contains(&size) { write!(f, "{:e}", self.0) } else { write!(f, "{}", self.0) }
    }
}

/// `; the data differ in length: t has 41, y has 40`
struct Lengths<'a>(&'a [(String, usize)]);

impl fmt::Display for Lengths<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, (name, len)) in self.0.iter().enumerate() {
            write!(f, "{}`{name}` has {len}", if k == 0 { "; the data differ in length: " } else { ", " })?;
        }
        Ok(())
    }
}

/// What [`ProblemError::IndexOutOfRange`] tells of the lengths of all data: nothing where they are the same.
pub(crate) fn differing(data: &[(String, usize)]) -> Vec<(String, usize)> {
    if data.windows(2).all(|two| two[0].1 == two[1].1) { Vec::new() } else { data.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_far_from_one_have_an_exponent() {
        let shown = [0.0, 1.0, -0.5, 1e-5, 1e-6, 123_456.0, 1e300, -1e300, f64::INFINITY].map(|value| Number(value).to_string());
        assert_eq!(shown, ["0", "1", "-0.5", "0.00001", "1e-6", "123456", "1e300", "-1e300", "inf"]);
    }

    #[test]
    fn data_of_different_lengths_are_told() {
        let data = [("t".to_string(), 41), ("y".to_string(), 40)];
        let error = ProblemError::IndexOutOfRange { what: "y".into(), index: 40, len: 40, lengths: differing(&data) };
        assert!(error.to_string().ends_with("; the data differ in length: `t` has 41, `y` has 40"), "{error}");
        assert!(differing(&data[..1]).is_empty());
    }
}
