//! Starts with something of each lane's own beside them.

use nalgebra::DMatrix;

use super::Starts;
use crate::engine::recipe::{Columns, Recipe};
use crate::engine::source::Source;
use crate::error::StartsError;
use crate::method::{Limits, Tolerances};

/// Starts and what is given for each lane, a column or an entry; what is not given is what the starts bring.
pub(super) struct Given {
    pub(super) starts: Starts,
    pub(super) parameters: Option<DMatrix<f64>>,
    /// Lower bounds and upper ones; they narrow such as the starts bring.
    pub(super) bounds: Option<[DMatrix<f64>; 2]>,
    pub(super) tolerances: Option<Vec<Option<Tolerances>>>,
    pub(super) limits: Option<Vec<Option<Limits>>>,
}

impl Given {
    /// Nothing besides the starts.
    pub(super) fn nothing(starts: Starts) -> Self {
        Self { starts, parameters: None, bounds: None, tolerances: None, limits: None }
    }

    /// What the starts bring.
    fn own(&self) -> &dyn Source {
        &*self.starts.source
    }
}

impl Source for Given {
    fn lanes(&self) -> usize {
        self.own().lanes()
    }

    fn dimension(&self) -> usize {
        self.own().dimension()
    }

    fn parameters(&self) -> usize {
        self.parameters.as_ref().map_or(self.own().parameters(), DMatrix::nrows)
    }

    fn tolerances(&self, lane: usize) -> Option<Tolerances> {
        self.tolerances.as_ref().and_then(|all| all[lane]).or_else(|| self.own().tolerances(lane))
    }

    fn limits(&self, lane: usize) -> Option<Limits> {
        self.limits.as_ref().and_then(|all| all[lane]).or_else(|| self.own().limits(lane))
    }

    fn has_bounds(&self) -> bool {
        self.bounds.is_some() || self.own().has_bounds()
    }

    fn fill_bounds(&self, lane: usize, lower: &mut [f64], upper: &mut [f64]) {
        self.own().fill_bounds(lane, lower, upper);
        let Some([own_lower, own_upper]) = &self.bounds else { return };
        narrow(lower, upper, own_lower.column(lane).as_slice(), own_upper.column(lane).as_slice());
    }

    fn validate(&self) -> Result<(), StartsError> {
        self.own().validate()?;
        let (dimension, starts) = (self.dimension(), self.lanes());
        if let Some(parameters) = self.parameters.as_ref().map(DMatrix::ncols).filter(|&parameters| parameters != starts) {
            return Err(StartsError::Lanes { parameters, starts });
        }
        for (what, matrix) in ["lower", "upper"].into_iter().zip(self.bounds.iter().flatten()) {
            let (rows, columns) = matrix.shape();
            if (rows, columns) != (dimension, starts) {
                return Err(StartsError::BoundsSize { what, rows, columns, dimension, lanes: starts });
            }
        }
        let counts = [("tolerances", self.tolerances.as_ref().map(Vec::len)), ("limits", self.limits.as_ref().map(Vec::len))];
        match counts.into_iter().find_map(|(what, given)| given.filter(|&given| given != starts).map(|given| (what, given))) {
            Some((what, given)) => Err(StartsError::Each { what, given, starts }),
            None => Ok(()),
        }
    }

    fn recipe(&self) -> Option<Recipe> {
        let mut recipe = self.own().recipe()?;
        if let Some(parameters) = &self.parameters {
            recipe.parameters = Some(Columns(parameters.clone()));
        }
        if let Some(own) = &self.bounds {
            let [mut lower, mut upper] = own.clone();
            if let Some([low, high]) = &recipe.bounds {
                narrow(lower.as_mut_slice(), upper.as_mut_slice(), low.0.as_slice(), high.0.as_slice());
            }
            recipe.bounds = Some([lower, upper].map(Columns));
        }
        recipe.tolerances = over(self.tolerances.as_deref(), recipe.tolerances);
        recipe.limits = over(self.limits.as_deref(), recipe.limits);
        Some(recipe)
    }

    fn fill(&self, lane: usize, point: &mut [f64], parameters: &mut [f64]) {
        let Some(given) = &self.parameters else { return self.own().fill(lane, point, parameters) };
        // Parameters that the starts bring already are replaced.
        self.own().fill(lane, point, &mut vec![0.0; self.own().parameters()]);
        parameters.copy_from_slice(given.column(lane).as_slice());
    }
}

/// Narrows bounds by others; of these what is not a number is taken over, and found when the batch starts.
fn narrow(lower: &mut [f64], upper: &mut [f64], other_lower: &[f64], other_upper: &[f64]) {
    let narrower = |bound: f64, other: f64, within: bool| if within || other.is_nan() { other } else { bound };
    lower.iter_mut().zip(other_lower).for_each(|(low, &other)| *low = narrower(*low, other, other > *low));
    upper.iter_mut().zip(other_upper).for_each(|(high, &other)| *high = narrower(*high, other, other < *high));
}

/// What is given for each lane, in the place of what there was before.
fn over<T: Copy>(given: Option<&[Option<T>]>, before: Option<Vec<Option<T>>>) -> Option<Vec<Option<T>>> {
    match (given, before) {
        (None, before) => before,
        (Some(given), None) => Some(given.to_vec()),
        (Some(given), Some(before)) => Some(given.iter().zip(before).map(|(given, before)| given.or(before)).collect()),
    }
}
