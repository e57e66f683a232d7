//! The test set of Moré, Garbow and Hillstrom: 35 problems, 50 instances.
//!
//! # References
//! J. J. Moré, B. S. Garbow, K. E. Hillstrom: Testing unconstrained optimization software, ACM Trans. Math. Softw. 7 (1981)
//! 17-41.

mod few;
mod fits;
mod grids;
mod reference;
mod sums;

use manymin::prelude::*;

use reference::Reference;

/// How an instance is built.
type Build = fn(&Reference) -> manymin::Result<Problem>;

/// The problems in their order, so that problem k is entry k - 1.
const BUILD: [Build; 35] = [
    |of| sums::extended_rosenbrock(of.n),
    |_| few::freudenstein_roth(),
    |_| few::powell_badly_scaled(),
    |_| few::brown_badly_scaled(),
    |_| few::beale(),
    |of| few::jennrich_sampson(of.m),
    |_| few::helical_valley(),
    fits::bard,
    fits::gaussian,
    fits::meyer,
    |of| few::gulf(of.m),
    |of| few::box_three_dimensional(of.m),
    |of| sums::extended_powell_singular(of.n),
    |_| few::wood(),
    fits::kowalik_osborne,
    |of| few::brown_dennis(of.m),
    fits::osborne_1,
    |of| few::biggs(of.m),
    fits::osborne_2,
    |of| sums::watson(of.n),
    |of| sums::extended_rosenbrock(of.n),
    |of| sums::extended_powell_singular(of.n),
    |of| sums::penalty_1(of.n),
    |of| sums::penalty_2(of.n),
    |of| sums::variably_dimensioned(of.n),
    |of| sums::trigonometric(of.n),
    |of| sums::brown_almost_linear(of.n),
    |of| grids::discrete_boundary_value(of.n),
    |of| grids::discrete_integral_equation(of.n),
    |of| grids::broyden_tridiagonal(of.n),
    |of| grids::broyden_banded(of.n),
    |of| sums::linear_full_rank(of.n, of.m),
    |of| sums::linear_rank_1(of.n, of.m),
    |of| sums::linear_rank_1_with_zeros(of.n, of.m),
    |of| sums::chebyquad(of.n),
];

/// All instances, each with its traced program.
fn instances() -> Vec<(Reference, Problem)> {
    let build = |of: Reference| {
        let problem = BUILD[of.id as usize - 1](&of).unwrap_or_else(|error| panic!("{}: {error}", of.key));
        (of, problem)
    };
    Reference::all().into_iter().map(build).collect()
}

/// The file's numbers and the program's come from different arrangements of one formula in f64, a few dozen roundings of 1e-16
/// each. A residual may cancel what it is made of: a second difference on 50 points leaves 1/2,601 of the points' values.
const AGREEMENT: f64 = 1e-12;

#[test]
fn values_and_gradients_are_those_of_the_reference() {
    let mut faults = Vec::new();
    let instances = instances();
    assert_eq!(instances.len(), 50);
    for (of, problem) in &instances {
        assert_eq!((problem.dimension(), of.start.len()), (of.n, of.n), "{}", of.key);
        for check in &of.checks {
            let at = problem.evaluate(&check.point, &[]).unwrap();
            let steepest = check.gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
            let value = (at.value - check.value).abs() / check.value;
            let slope = at.gradient.iter().zip(&check.gradient).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs())) / steepest;
            println!("{:20} value {value:.1e} gradient {slope:.1e}", of.key);
            if !(value <= AGREEMENT && slope <= AGREEMENT) {
                faults.push(format!("{}: value {value:e}, gradient {slope:e}", of.key));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
