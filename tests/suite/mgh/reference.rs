//! The reference data: `tests/data/mgh.json` and `tests/data/mgh_scipy.csv`, whose README tells where they come from.

use manymin::prelude::*;
use manymin::problem::ProblemBuilder;
use serde_json::Value;

/// A minimum is reached if f is so near to it, relatively, or absolutely where it is 0.
const REACHED: f64 = 1e-6;
const REACHED_ZERO: f64 = 1e-10;

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
    /// The values of the minima that are listed.
    pub(crate) minima: Vec<f64>,
    /// The measured numbers that a fit is to, by name.
    pub(crate) data: Vec<(String, Vec<f64>)>,
    /// Where value and gradient are known: at the start and near it.
    pub(crate) checks: [Check; 2],
    pub(crate) scipy: Scipy,
}

pub(crate) struct Check {
    pub(crate) point: Vec<f64>,
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f64>,
}

/// What SciPy's L-BFGS-B makes of it.
pub(crate) struct Scipy {
    pub(crate) reached: bool,
    pub(crate) evaluations: u32,
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
            minima: entry["minima"].as_array().unwrap().iter().map(|minimum| number(&minimum["f"])).collect(),
            data: entry["data"].as_object().into_iter().flatten().map(|(name, values)| (name.clone(), numbers(values))).collect(),
            checks: [at(start.clone(), "f_x0", "g_x0"), at(numbers(&check["x1"]), "f_x1", "g_x1")],
            start,
            scipy: Scipy::of(key),
        }
    }

    /// Begins the problem, with its data.
    pub(crate) fn builder(&self) -> ProblemBuilder {
        self.data.iter().fold(Problem::builder(self.n), |builder, (name, values)| builder.data(name, values))
    }

    /// The listed minimum that `value` is at.
    pub(crate) fn reached(&self, value: f64) -> Option<f64> {
        let near = |&&to: &&f64| if to == 0.0 { value <= REACHED_ZERO } else { (value - to).abs() <= REACHED * to.abs() };
        self.minima.iter().find(near).copied()
    }
}

impl Scipy {
    fn of(key: &str) -> Self {
        let mut rows = include_str!("../../data/mgh_scipy.csv").lines().map(|row| row.split(',').collect::<Vec<_>>());
        let row = rows.find(|row| row[0] == key).unwrap();
        Self { reached: row[1] != "none", evaluations: row[2].parse().unwrap() }
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(number).collect()
}
