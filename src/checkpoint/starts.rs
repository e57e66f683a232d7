//! Where lanes start, in files: how starts are made, or, of a source of the user's own, all of them.

use nalgebra::DMatrix;

use crate::engine::recipe::{Columns, Points, Recipe};
use crate::engine::source::Source;

/// How the starts of `source` are made again.
pub(super) fn recipe(source: &dyn Source) -> Recipe {
    source.recipe().unwrap_or_else(|| materialised(source))
}

/// All starts as they are.
fn materialised(source: &dyn Source) -> Recipe {
    let (dimension, parameters, lanes) = (source.dimension(), source.parameters(), source.lanes());
    let [mut points, mut values] = [dimension, parameters].map(|rows| DMatrix::zeros(rows, lanes));
    let columns = points.column_iter_mut().zip(values.column_iter_mut()).enumerate();
    columns.for_each(|(lane, (mut point, mut values))| source.fill(lane, point.as_mut_slice(), values.as_mut_slice()));
    let bounds = source.has_bounds().then(|| {
        let mut lower = DMatrix::from_element(dimension, lanes, f64::NEG_INFINITY);
        let mut upper = DMatrix::from_element(dimension, lanes, f64::INFINITY);
        let columns = lower.column_iter_mut().zip(upper.column_iter_mut()).enumerate();
        columns.for_each(|(lane, (mut low, mut high))| source.fill_bounds(lane, low.as_mut_slice(), high.as_mut_slice()));
        [lower, upper].map(Columns)
    });
    Recipe {
        points: Points::Matrix(Columns(points)),
        parameters: (parameters > 0).then_some(Columns(values)),
        bounds,
        tolerances: given((0..lanes).map(|lane| source.tolerances(lane))),
        limits: given((0..lanes).map(|lane| source.limits(lane))),
    }
}

/// What is given for each lane, if it is for any.
fn given<T>(each: impl Iterator<Item = Option<T>>) -> Option<Vec<Option<T>>> {
    let each: Vec<Option<T>> = each.collect();
    each.iter().any(Option::is_some).then_some(each)
}
