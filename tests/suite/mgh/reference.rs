//! The reference data, `tests/data/mgh.json`, whose README tells where it comes from.

use manymin::prelude::*;
use manymin::problem::ProblemBuilder;
use serde_json::Value;

/// One problem in one size, with all that is known of it.
pub(crate) struct Reference {
    /// The problem's number, 1 to 35.
    pub(crate) id: u64,
    /// The instance's name.
    pub(crate) key: String,
    pub(crate) n: usize,
    /// The number of residuals.
    pub(crate) m: usize,
    pub(crate) start: Vec<f64>,
    /// The measured numbers that a fit is to, by name.
    pub(crate) data: Vec<(String, Vec<f64>)>,
    /// Where value and gradient are known: at the start and near it.
    pub(crate) checks: [Check; 2],
}

pub(crate) struct Check {
    pub(crate) point: Vec<f64>,
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f64>,
}

impl Reference {
    /// All of them, in the file's order.
    pub(crate) fn all() -> Vec<Self> {
        let file: Value = serde_json::from_str(include_str!("../../data/mgh.json")).unwrap();
        file["problems"].as_array().unwrap().iter().map(Self::read).collect()
    }

    fn read(entry: &Value) -> Self {
        let key = entry["key"].as_str().unwrap();
        let count = |name: &str| entry[name].as_u64().unwrap() as usize;
        let (start, check) = (numbers(&entry["x0"]), &entry["check"]);
        let at = |point: Vec<f64>, f: &str, g: &str| Check { point, value: number(&check[f]), gradient: numbers(&check[g]) };
        Self {
            id: entry["id"].as_u64().unwrap(),
            key: key.into(),
            n: count("n"),
            m: count("m"),
            data: entry["data"].as_object().into_iter().flatten().map(|(name, values)| (name.clone(), numbers(values))).collect(),
            checks: [at(start.clone(), "f_x0", "g_x0"), at(numbers(&check["x1"]), "f_x1", "g_x1")],
            start,
        }
    }

    /// Begins the problem, with its data.
    pub(crate) fn builder(&self) -> ProblemBuilder {
        self.data.iter().fold(Problem::builder(self.n), |builder, (name, values)| builder.data(name, values))
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(number).collect()
}
