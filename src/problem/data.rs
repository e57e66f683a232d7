//! Data that become others.

use std::sync::Arc;

use super::{Problem, Shared};
use crate::error::{ProblemError, Result, SteerError};

impl Problem {
    /// The same objective over other values of one data array.
    pub(crate) fn with_data(&self, name: &str, values: &[f64]) -> Result<Self> {
        let Shared { dimension, parameters, data, objective } = &*self.shared;
        let known = || data.iter().map(|(name, _)| name.clone()).collect();
        let Some(at) = data.iter().position(|(known, _)| known == name) else {
            return Err(ProblemError::UnknownData { name: name.into(), known: known() }.into());
        };
        let wanted = data[at].1.len();
        if values.len() != wanted {
            return Err(SteerError::Length { what: format!("the data `{name}`"), given: values.len(), wanted }.into());
        }
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(ProblemError::NonFiniteData { name: name.into(), index, value: values[index] }.into());
        }
        let mut data = data.clone();
        data[at].1 = values.to_vec();
        let shared = Shared { dimension: *dimension, parameters: *parameters, data, objective: objective.clone() };
        Ok(Self { shared: Arc::new(shared) })
    }
}
