//! NIST's reference data sets for nonlinear regression, with certified values.
//!
//! Models are traced from the formulas in the files, read as the example `nist_fit` reads them.

#[path = "../../examples/nist_fit/file.rs"]
mod file;
#[path = "../../examples/nist_fit/model.rs"]
mod model;
#[path = "../../examples/nist_fit/objective.rs"]
mod objective;

use std::path::Path;

use file::DataSet;
use manymin::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Certified values have eleven digits; parameters rounded to those move what depends on them by more.
const AGREEMENT: f64 = 1e-8;

/// The data sets, by name, each with the sum of the squares of `model - response` in NIST's own parameters.
fn all() -> Vec<(DataSet, Problem)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/nist");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|extension| extension == "dat")).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let data = DataSet::read(&std::fs::read_to_string(path).unwrap()).unwrap();
        let ones = vec![1.0; data.parameters.len()];
        let problem = objective::sum_of_squares(&data, &ones, |model, response| model - response).unwrap();
        (data, problem)
    };
    files.iter().map(read).collect()
}

fn relative(found: f64, exact: f64) -> f64 {
    ((found - exact) / exact).abs()
}

#[test]
fn standard_deviations_are_those_that_nist_certifies() {
    let sets = all();
    assert_eq!(sets.len(), 27, "all data sets");
    for (data, problem) in sets {
        assert_eq!(problem.residual_count(), Some(data.observations()), "{}: a residual for each observation", data.name);
        let certified: Vec<f64> = data.parameters.iter().map(|p| p.certified).collect();
        let fit = problem.fit_statistics(&certified, &[]).unwrap();
        // Lanczos1's residuals are 1e-13: eleven digits of the parameters do not give them, only what is independent of them.
        let exact = data.name == "Lanczos1";
        let s = fit.residual_standard_deviation();
        if !exact {
            assert!(relative(fit.residual_sum_of_squares, data.residual) < AGREEMENT, "{}: residual sum of squares", data.name);
            assert!(relative(s, data.residual_deviation) < AGREEMENT, "{}: residual standard deviation {s}", data.name);
        }
        for (k, (parameter, error)) in data.parameters.iter().zip(&fit.standard_errors).enumerate() {
            let found = if exact { error / s * data.residual_deviation } else { *error };
            assert!(
                relative(found, parameter.deviation) < AGREEMENT,
                "{}: the standard deviation of b{} is {found} for {}",
                data.name,
                k + 1,
                parameter.deviation
            );
        }
        let observed = fit.observed_standard_errors().expect("certified parameters are a minimum");
        for (by_hessian, by_jacobian) in observed.iter().zip(&fit.standard_errors) {
            assert!((by_hessian / by_jacobian - 1.0).abs() < 0.3, "{}: residuals are small, both ways agree roughly", data.name);
        }
    }
}

/// Six digits of the residual sum of squares.
const SIX_DIGITS: f64 = 5e-7;

#[test]
fn all_sets_are_fitted_from_both_starts_but_the_one_that_rounding_forbids() {
    let device = Device::cpu(Precision::F64);
    let tolerances = Tolerances { gradient_max: 0.0, ..Tolerances::default() };
    let (mut fitted, mut evaluations) = (0, 0);
    for (data, problem) in all() {
        let from = nalgebra::DMatrix::from_fn(data.parameters.len(), 2, |k, start| data.parameters[k].starts[start]);
        let minimizer = Minimizer::new(LevenbergMarquardt::default()).tolerances(tolerances).max_iterations(5_000);
        let outcome = minimizer.minimize(&device, &problem, &Starts::from_matrix(from)).unwrap();
        for lane in outcome.iter() {
            let certified = relative(lane.value, data.residual) < SIX_DIGITS;
            fitted += usize::from(certified);
            evaluations += lane.evaluations;
            let name = format!("{} from start {}", data.name, lane.lane + 1);
            // The data of Lanczos1 are those of the model to 14 digits, and its residuals have the rounding of the model in their third.
            assert!(certified || data.name == "Lanczos1", "{name}: {:e} for {:e}, {}", lane.value, data.residual, lane.status);
            assert!(!certified || lane.status.is_success(), "{name}: {}, {:?}", lane.status, lane.evidence);
        }
    }
    println!("{fitted} of 54 runs, {evaluations} evaluations of f, gradient and J'J");
    assert!(fitted >= 52, "{fitted} of 54 runs");
}
