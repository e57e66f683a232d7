//! The residuals of a sum of squares as a vector, and their Jacobian.

use nalgebra::DMatrix;

use super::affine::{Affine, LoopId, extreme};
use super::differentiate::Scatter;
use super::graph::Graph;
use super::program::Program;
use super::squares::{Squares, rounds};
use super::tangent::{Direction, tangents};
use super::{Problem, Traced};
use crate::error::{Error, FitError, Result};

/// More residuals than this are not listed one by one: each takes a kibibyte where it is computed.
pub(super) const MOST_LISTED: usize = 1 << 17;

/// The loops of a residual as a box: a place for every value of the variables between their extremes, also where an inner
/// range is narrower than that.
struct Extent {
    /// (variable, its least value, how many values, how far they are apart)
    axes: Vec<(LoopId, i64, i64, i64)>,
    places: i64,
}

impl Extent {
    fn new(nest: &[LoopId], graph: &Graph) -> Option<Self> {
        let mut places = 1_i64;
        let mut axes = Vec::new();
        for &variable in nest.iter().rev() {
            let range = &graph.loops[variable as usize];
            let (least, end) = (extreme(&range.start, -1, &graph.loops), extreme(&range.end, 1, &graph.loops));
            let values = end.saturating_sub(least).max(0);
            axes.push((variable, least, values, places));
            places = places.checked_mul(values)?;
        }
        Some(Self { axes, places })
    }

    /// The place of a round in boxes that begin at `first`.
    fn index(&self, first: i64) -> Affine {
        let from = self.axes.iter().map(|&(_, least, _, stride)| least * stride).sum::<i64>();
        let mut terms: Vec<(LoopId, i64)> = self.axes.iter().map(|&(variable, _, _, stride)| (variable, stride)).collect();
        terms.sort_unstable();
        Affine { constant: first - from, terms }
    }
}

/// Where each residual is among the outputs of a program that lists them.
struct Places {
    /// The index of each kind of residual, in the variables of its loops.
    indices: Vec<Affine>,
    /// All places that there are.
    outputs: usize,
    /// Those that hold a residual, in order.
    taken: Vec<usize>,
}

impl Places {
    fn new(squares: &Squares) -> Option<Self> {
        let mut first = 0_i64;
        let mut indices = Vec::new();
        for residual in &squares.residuals {
            let extent = Extent::new(&residual.nest, &squares.graph)?;
            indices.push(extent.index(first));
            first = first.checked_add(extent.places)?;
        }
        if first > MOST_LISTED as i64 {
            return None;
        }
        let mut taken = Vec::with_capacity(squares.count);
        for (residual, index) in squares.residuals.iter().zip(&indices) {
            rounds(&residual.nest, &squares.graph.loops, &mut Vec::new(), &mut |outer, inner| {
                let from = outer.iter().fold(index.constant, |sum, &(id, v)| sum + index.coefficient(id) * v);
                let stride = residual.nest.last().map_or(0, |&id| index.coefficient(id));
                taken.extend(inner.map(|i| (from + stride * i) as usize));
            });
        }
        Some(Self { indices, outputs: first as usize, taken })
    }
}

impl Problem {
    /// m, the number of residuals, if the objective is a sum of squares as far as can be seen from how it is written:
    /// squares `r.powi(2)` or `r * r`, with weights that can't be negative, added up.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let squares = Problem::new(3, |x| 0.5 * x.sum(0..3, |i| (x.at(i) - 1.0).powi(2)) + (x[0] * x[1]).powi(2))?;
    /// assert_eq!(squares.residual_count(), Some(4));
    /// let other = Problem::new(1, |x| x[0].sin())?;
    /// assert_eq!(other.residual_count(), None);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn residual_count(&self) -> Option<usize> {
        self.traced().and_then(|traced| self.squares(traced)).map(|squares| squares.count)
    }

    /// The residuals r at a point, in f64: `f = sum over k of r_k^2`. A weight is in them: `w * r.powi(2)` is the square of
    /// `sqrt(w) r`.
    ///
    /// They come in the order in which their squares are written, those of one square in the order of its loops.
    ///
    /// # Errors
    /// As [`Problem::evaluate`]; [`FitError::NotSquares`] if the objective is no sum of squares,
    /// [`FitError::TooMany`] if there are more than can be listed.
    pub fn residuals(&self, point: &[f64], parameters: &[f64]) -> Result<Vec<f64>> {
        let (squares, places) = self.listed("`residuals`", point, parameters)?;
        let program = listing(squares, &places, None);
        let mut machine = self.machine_of::<f64>(self.compile(&program, 0), 0);
        machine.set_lane(0, point, parameters);
        machine.evaluate(1);
        let outputs = machine.outputs();
        Ok(places.taken.iter().map(|&place| outputs[place][0].get().0[0]).collect())
    }

    /// The Jacobian of the residuals at a point, `J[k, i] = d r_k / dx_i`, in f64, with a row for each residual.
    ///
    /// # Errors
    /// As [`Problem::residuals`].
    pub fn jacobian(&self, point: &[f64], parameters: &[f64]) -> Result<DMatrix<f64>> {
        let (squares, places) = self.listed("`jacobian`", point, parameters)?;
        let n = self.dimension();
        let program = listing(squares, &places, Some(Direction::Parameters { first: self.parameters() }));
        let mut machine = self.machine_of::<f64>(self.compile(&program, n), n);
        let columns = self.along_units(&mut machine, point, parameters, places.outputs..2 * places.outputs);
        Ok(columns.select_rows(&places.taken))
    }

    fn listed(&self, what: &'static str, point: &[f64], parameters: &[f64]) -> Result<(&Squares, Places)> {
        self.check_lengths(point, parameters)?;
        self.check_cpu(what)?;
        let squares = self.sum_of_squares()?;
        let places = Places::new(squares).ok_or(FitError::TooMany { residuals: squares.count, limit: MOST_LISTED })?;
        Ok((squares, places))
    }

    /// The objective as a sum of squares, or why there is none.
    pub(super) fn sum_of_squares(&self) -> Result<&Squares> {
        self.traced().and_then(|traced| self.squares(traced)).ok_or(Error::Fit(FitError::NotSquares))
    }

    fn squares<'a>(&'a self, traced: &'a Traced) -> Option<&'a Squares> {
        let nonnegative = |array: u32| self.shared.data[array as usize].1.iter().all(|&v| v >= 0.0);
        let find = || Squares::find(&traced.program.graph, traced.program.traced, &nonnegative);
        traced.derived.squares.get_or_init(find).as_ref()
    }
}

/// The program that gives every residual at its place, and, behind them, their derivatives along a direction.
fn listing(squares: &Squares, places: &Places, direction: Option<Direction>) -> Program {
    let mut graph = squares.graph.clone();
    let at = |k: usize, value, behind: usize| {
        let mut index = places.indices[k].clone();
        index.constant += behind as i64;
        Scatter { nest: squares.residuals[k].nest.clone(), index, value }
    };
    let mut scatters: Vec<Scatter> = squares.residuals.iter().enumerate().map(|(k, residual)| at(k, residual.value, 0)).collect();
    let mut outputs = places.outputs;
    if let Some(direction) = direction {
        let values: Vec<_> = squares.residuals.iter().map(|residual| residual.value).collect();
        let along = tangents(&mut graph, &values, direction);
        scatters.extend(along.into_iter().enumerate().filter_map(|(k, tangent)| Some(at(k, tangent?, places.outputs))));
        outputs *= 2;
    }
    // Nothing else is asked of it: the value is that of a constant.
    let nothing = graph.constant(0.0);
    Program::with_outputs(graph, nothing, scatters, outputs)
}
