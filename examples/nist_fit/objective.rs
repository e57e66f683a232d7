//! The objective of a data set: its model, traced from the formula in the file.

use std::f64::consts::PI;

use manymin::prelude::*;

use super::file::DataSet;
use super::{Result, model};

/// The sum of the squares of `term(model, response)` over the observations, where b_k is `scales[k] * x[k]`.
pub(crate) fn sum_of_squares(
    data: &DataSet,
    scales: &[f64],
    term: impl for<'g> Fn(Scalar<'g>, Scalar<'g>) -> Scalar<'g>,
) -> Result<Problem> {
    let columns = data.columns.iter();
    let builder = columns.fold(Problem::builder(scales.len()), |builder, (name, values)| builder.data(name, values));
    let mut read = Ok(());
    let problem = builder.build(|x, c| {
        c.sum(0..data.observations(), |i| {
            let names = |name: &str| match name.strip_prefix('b').and_then(|number| number.parse::<usize>().ok()) {
                Some(number) => scales.get(number.wrapping_sub(1)).map(|&scale| scale * x[number - 1]),
                None if name == "pi" => Some(c.constant(PI)),
                None => data.columns.iter().any(|column| column.0 == name).then(|| c.data(name).at(i)),
            };
            let sides = model::trace(&data.model, c, &names).and_then(|model| Ok((model, model::trace(&data.response, c, &names)?)));
            match sides {
                Ok((model, response)) => term(model, response).powi(2),
                Err(error) => {
                    read = Err(error);
                    c.constant(0.0)
                }
            }
        })
    });
    read?;
    Ok(problem?)
}
