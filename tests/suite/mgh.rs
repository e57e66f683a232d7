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
mod verdicts;

use manymin::prelude::*;

use reference::Reference;

use crate::devices::starts_at;

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
pub(crate) fn instances() -> Vec<(Reference, Problem)> {
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

/// Instances that are to end in success at a listed minimum.
const REACHED: usize = 49;
/// Evaluations beside those of SciPy's L-BFGS-B, on an instance that both solve.
const COST: f64 = 1.5;
/// The same over all instances that both solve. Half of them are one instance's, `disc_bv_n50`, whose count is much of it chance: 2,800
/// of SciPy's, 1,346 here, and 2,548 on average from starts nearby.
const TOTAL_COST: f64 = 1.0;
/// Evaluations that a lane may take: what can be solved takes a tenth.
const MOST_EVALUATIONS: u32 = 20_000;

/// One setting for all. One instance is out of its reach: Watson's with 12 variables has a Hessian of condition 6e13, and its gradient
/// is below 1e-8 long before f is near its minimum of 4.7e-10.
#[test]
fn lbfgs_reaches_listed_minima() {
    let (mut reached, mut ours, mut theirs) = (0, 0, 0);
    let mut faults = Vec::new();
    for (of, problem) in instances() {
        let lane = Minimizer::new(Lbfgs { memory: 10 })
            .tolerances(Tolerances { gradient_max: 1e-8, ..Tolerances::default() })
            .limits(Limits { iterations: MOST_EVALUATIONS, evaluations: MOST_EVALUATIONS })
            .minimize(&Device::cpu(Precision::F64), &problem, &starts_at(&[&of.start]))
            .unwrap()
            .lane(0);
        let minimum = of.reached(lane.value).filter(|_| lane.status.is_success());
        let ratio = f64::from(lane.evaluations) / f64::from(of.scipy.evaluations);
        println!(
            "{:18} {:18} at {:10} f {:.9e} gradient {:.1e} | {:4} iterations {:4} evaluations, SciPy {:4} {:5}, ratio {ratio:.2}",
            of.key,
            lane.status.name(),
            minimum.map_or("none".into(), |minimum| format!("{minimum:.4e}")),
            lane.value,
            lane.gradient_max,
            lane.iterations,
            lane.evaluations,
            of.scipy.evaluations,
            if of.scipy.reached { "" } else { "fails" },
        );
        reached += usize::from(minimum.is_some());
        if minimum.is_some() && of.scipy.reached {
            ours += lane.evaluations;
            theirs += of.scipy.evaluations;
            if ratio > COST {
                faults.push(format!("{}: {} evaluations, SciPy {}", of.key, lane.evaluations, of.scipy.evaluations));
            }
        }
    }
    println!("{reached} reached; on those that both solve {ours} evaluations, SciPy {theirs}");
    assert!(reached >= REACHED, "{reached} of 50 reach a listed minimum");
    assert!(f64::from(ours) <= TOTAL_COST * f64::from(theirs), "{ours} evaluations, SciPy {theirs}");
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The other quasi-Newton method and searches, on the same instances: how many they bring to a listed minimum, and at least so many.
/// BFGS leaves Gulf's with 10 residuals at 5e-8, on a plateau where the gradient is below 1e-8, as L-BFGS with the other search does.
#[test]
fn other_ways_to_walk_reach_listed_minima() {
    let exact = MoreThuente { approximate_armijo: true, ..MoreThuente::default() };
    let walks: [(&str, Minimizer<'_>, usize); 3] = [
        ("BFGS", Minimizer::new(Bfgs::default()), 49),
        ("L-BFGS, More-Thuente", Minimizer::new(Lbfgs { memory: 10 }).line_search(exact), 48),
        ("conjugate gradients, PR+", Minimizer::new(ConjugateGradient::default()), 44),
    ];
    for (name, minimizer, least) in walks {
        let minimizer = minimizer
            .tolerances(Tolerances { gradient_max: 1e-8, ..Tolerances::default() })
            .limits(Limits { iterations: MOST_EVALUATIONS, evaluations: MOST_EVALUATIONS });
        let (mut reached, mut evaluations) = (0, 0);
        for (of, problem) in instances() {
            let mut batch = minimizer.start(&Device::cpu(Precision::F64), &problem, &starts_at(&[&of.start])).unwrap();
            batch.run().unwrap();
            let lane = batch.finish().unwrap().lane(0);
            let minimum = of.reached(lane.value).filter(|_| lane.status.is_success());
            if minimum.is_none() {
                println!("{name}: {} ends as {} at {:e} after {}", of.key, lane.status.name(), lane.value, lane.evaluations);
            }
            reached += usize::from(minimum.is_some());
            evaluations += lane.evaluations;
        }
        println!("{name}: {reached} of 50, {evaluations} evaluations");
        assert!(reached >= least, "{name}: {reached} of 50");
    }
}
