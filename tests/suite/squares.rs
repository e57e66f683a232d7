//! Sums of squares: which objectives are seen to be one, their residuals, and the Jacobian against dual numbers.

use manymin::{Error, FitError, prelude::*};
use num_dual::{Dual64, DualNum};

use super::programs::{between, wave};

/// Dual numbers and the program round differently, some dozens of times.
const AGREEMENT: f64 = 1e-12;

/// A sum of squares and its residuals, in order.
struct Case {
    name: &'static str,
    problem: Problem,
    residuals: fn(&[Dual64], &[f64]) -> Vec<Dual64>,
    point: Vec<f64>,
    parameters: Vec<f64>,
}

fn data() -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    (wave(40, 2.0, 0.4), between(40, 0.1, 3.0, 1.0), wave(120, 1.0, 0.9))
}

fn fitted(n: usize, parameters: usize) -> manymin::problem::ProblemBuilder {
    let (t, w, features) = data();
    Problem::builder(n).parameters(parameters).data("t", &t).data("w", &w).data("features", &features)
}

fn cases() -> Vec<Case> {
    vec![valley(), decay(), weighted(), regression(), peaks(), triangle(), nested_sum(), centred(), selected(), mixed(), quotients()]
}

fn case(
    name: &'static str,
    problem: manymin::Result<Problem>,
    residuals: fn(&[Dual64], &[f64]) -> Vec<Dual64>,
    point: &[f64],
    parameters: &[f64],
) -> Case {
    Case { name, problem: problem.unwrap(), residuals, point: point.to_vec(), parameters: parameters.to_vec() }
}

fn valley() -> Case {
    let problem = Problem::new(6, |x| x.sum(0..5, |i| 100.0 * (x.at(i + 1) - x.at(i) * x.at(i)).powi(2) + (1.0 - x.at(i)).powi(2)));
    let residuals = |x: &[Dual64], _: &[f64]| {
        let (first, second) = (x.windows(2).map(|w| (w[1] - w[0] * w[0]) * 10.0), x[..5].iter().map(|v| -*v + 1.0));
        first.chain(second).collect()
    };
    case("Rosenbrock's valley, whose components depend on the round", problem, residuals, &wave(6, 1.3, 0.2), &[])
}

fn decay() -> Case {
    let problem = fitted(3, 40).build(|x, c| {
        let (t, y) = (c.data("t"), c.parameters());
        x.sum(0..40, |i| (x[0] * (-x[1] * t.at(i)).exp() + x[2] - y.at(i)).powi(2))
    });
    let residuals = |x: &[Dual64], p: &[f64]| data().0.iter().zip(p).map(|(&t, &y)| x[0] * (-x[1] * t).exp() + x[2] - y).collect();
    case("a curve to parameters", problem, residuals, &[1.5, 0.4, -0.3], &wave(40, 1.0, 0.0))
}

fn weighted() -> Case {
    let problem = fitted(2, 1).build(|x, c| {
        let (t, w) = (c.data("t"), c.data("w"));
        let squares = x.sum(0..40, |i| {
            let r = x[0] * t.at(i) + x[1] * x[1];
            w.at(i) * r * r
        });
        0.5 * squares / 3.0
    });
    let residuals = |x: &[Dual64], _: &[f64]| {
        let (t, w, _) = data();
        t.iter().zip(&w).map(|(&t, w)| (x[0] * t + x[1] * x[1]) * (w * 0.5 / 3.0).sqrt()).collect()
    };
    case("weights from data and constants", problem, residuals, &[1.5, 0.4], &[0.0])
}

fn regression() -> Case {
    let problem = fitted(3, 0).build(|x, c| {
        let (t, features) = (c.data("t"), c.data("features"));
        x.sum(0..40, |i| (x.sum(0..3, |k| x.at(k) * features.at(3 * i + k)) - t.at(i)).powi(2))
    });
    let residuals = |x: &[Dual64], _: &[f64]| {
        let (t, _, features) = data();
        (0..40).map(|i| (0..3).map(|k| x[k] * features[3 * i + k]).sum::<Dual64>() - t[i]).collect()
    };
    case("a regression with a sum over components", problem, residuals, &[1.5, 0.4, -2.0], &[])
}

fn peaks() -> Case {
    let problem = fitted(7, 0).build(|x, c| {
        let (t, w) = (c.data("t"), c.data("w"));
        x.sum(0..40, |i| {
            let model = x.sum(0..2, |k| x.at(3 * k) * (-((t.at(i) - x.at(3 * k + 1)) / x.at(3 * k + 2)).powi(2)).exp());
            (model + x[6] - w.at(i)).powi(2)
        })
    });
    let residuals = |x: &[Dual64], _: &[f64]| {
        let (t, w, _) = data();
        let peak = |k: usize, t: f64| x[3 * k] * (-((-x[3 * k + 1] + t) / x[3 * k + 2]).powi(2)).exp();
        t.iter().zip(&w).map(|(&t, &w)| peak(0, t) + peak(1, t) + x[6] - w).collect()
    };
    case("peaks in a loop", problem, residuals, &[1.5, 0.4, 0.7, -1.0, -0.5, 1.2, 0.3], &[])
}

fn triangle() -> Case {
    let problem = Problem::new(5, |x| x.sum(0..5, |i| x.sum((i + 1).to(5), |j| ((x.at(i) - x.at(j)).powi(2) - i.number()).powi(2))));
    let residuals = |x: &[Dual64], _: &[f64]| {
        (0..5).flat_map(|i| (i + 1..5).map(move |j| (i, j))).map(|(i, j)| (x[i] - x[j]) * (x[i] - x[j]) - i as f64).collect()
    };
    case("pairs in a triangle", problem, residuals, &wave(5, 2.0, 0.1), &[])
}

fn nested_sum() -> Case {
    let problem = fitted(2, 0).build(|x, c| {
        let (t, w) = (c.data("t"), c.data("w"));
        x.sum(0..4, |i| w.at(i) * x.sum(0..10, |j| (x[0] * t.at(10 * i + j) + x[1].sin()).powi(4)))
    });
    let residuals = |x: &[Dual64], _: &[f64]| {
        let (t, w, _) = data();
        (0..40).map(|k| (x[0] * t[k] + x[1].sin()).powi(2) * w[k / 10].sqrt()).collect()
    };
    case("weights around an inner loop, and fourth powers", problem, residuals, &[0.8, 0.4], &[])
}

fn centred() -> Case {
    // The mean runs over the same range as the sum around it: one loop variable for both.
    let problem = Problem::new(4, |x| {
        let mean = x.sum(0..4, |i| x.at(i) * i.number()) / 4.0;
        x.sum(0..4, |i| (x.at(i) * mean - 1.0).powi(2))
    });
    let residuals = |x: &[Dual64], _: &[f64]| {
        let mean = (0..4).map(|i| x[i] * i as f64).sum::<Dual64>() / 4.0;
        x.iter().map(|v| *v * mean - 1.0).collect()
    };
    case("a mean inside the sum over what it is of", problem, residuals, &[0.8, 0.4, -1.5, 2.0], &[])
}

fn selected() -> Case {
    let problem = Problem::new(2, |x| {
        x.sum(0..6, |i| {
            let r = x[0] * i.number() - x[1];
            3.0 * r.less(0.0).select(4.0 * r * r, (r * x[1]).powi(2))
        })
    });
    let residuals = |x: &[Dual64], _: &[f64]| {
        let r = |i: usize| x[0] * i as f64 - x[1];
        (0..6).map(|i| if r(i).re < 0.0 { r(i) * 2.0 } else { r(i) * x[1] } * 3.0_f64.sqrt()).collect()
    };
    case("a selection between squares", problem, residuals, &[0.8, 1.9], &[])
}

fn mixed() -> Case {
    let problem = fitted(3, 0).build(|x, c| {
        let t = c.data("t");
        let prior = (x[0] - 1.0).powi(2) / 4.0 + 0.01 * x[2] * x[2];
        prior + x.sum(0..7, |i| (x[1] * t.at(i)).tanh().powi(2) * (x[2] + 2.0).powi(2))
    });
    let residuals = |x: &[Dual64], _: &[f64]| {
        let t = data().0;
        let mut all = vec![(x[0] - 1.0) / 2.0, x[2] * 0.1];
        all.extend((0..7).map(|i| (x[1] * t[i]).tanh() * (x[2] + 2.0)));
        all
    };
    case("lone squares and products of squares", problem, residuals, &[0.8, 1.9, -0.7], &[])
}

fn quotients() -> Case {
    let problem = fitted(2, 0).build(|x, c| {
        let (t, w) = (c.data("t"), c.data("w"));
        x.sum(0..40, |i| (t.at(i) - x[0]).powi(2) / (w.at(i) * w.at(i)) + (x[1] / t.at(i)).powi(2) * w.at(i).exp())
    });
    let residuals = |x: &[Dual64], _: &[f64]| {
        let (t, w, _) = data();
        let first = t.iter().zip(&w).map(|(&t, w)| (-x[0] + t) / *w);
        first.chain(t.iter().zip(&w).map(|(&t, w)| x[1] / t * (w / 2.0).exp())).collect()
    };
    case("deviations that divide", problem, residuals, &[0.8, 1.9], &[])
}

#[test]
fn residuals_and_jacobian_are_those_of_the_oracle() {
    for Case { name, problem, residuals: oracle, point, parameters } in cases() {
        let mut x: Vec<Dual64> = point.iter().map(|&v| Dual64::from(v)).collect();
        let expected = oracle(&x, &parameters);
        assert_eq!(problem.residual_count(), Some(expected.len()), "{name}: how many there are");
        let residuals = problem.residuals(&point, &parameters).unwrap();
        let jacobian = problem.jacobian(&point, &parameters).unwrap();
        assert_eq!((residuals.len(), jacobian.shape()), (expected.len(), (expected.len(), point.len())), "{name}: sizes");
        for (k, (r, e)) in residuals.iter().zip(&expected).enumerate() {
            // A square does not tell the sign of its root.
            assert!((r.abs() - e.re.abs()).abs() <= AGREEMENT * e.re.abs().max(1.0), "{name}: residual {k} is {r} for {}", e.re);
        }
        let value = problem.evaluate(&point, &parameters).unwrap().value;
        let sum: f64 = residuals.iter().map(|r| r * r).sum();
        assert!((sum - value).abs() <= AGREEMENT * value, "{name}: squares add up to {sum} for {value}");
        for i in 0..point.len() {
            x[i].eps = 1.0;
            let slopes = oracle(&x, &parameters);
            x[i].eps = 0.0;
            for (k, e) in slopes.iter().enumerate() {
                let (found, sign) = (jacobian[(k, i)], (residuals[k] * e.re).signum());
                assert!((found * sign - e.eps).abs() <= AGREEMENT * jacobian.amax(), "{name}: J[{k}, {i}] is {found} for {}", e.eps);
            }
        }
    }
}

#[test]
fn what_is_no_sum_of_squares_is_refused() {
    let difference = Problem::new(2, |x| x[0].powi(2) - x[1].powi(2));
    let odd = Problem::new(2, |x| x[0].powi(2) + x[1].powi(3));
    let negative = Problem::new(2, |x| -2.0 * x[0].powi(2));
    let offset = Problem::new(1, |x| x[0].powi(2) + 3.0);
    let signed = fitted(1, 0).build(|x, c| x.sum(0..40, |i| c.data("t").at(i) * (x[0] - 1.0).powi(2)));
    let unknown = fitted(1, 1).build(|x, c| c.parameter(0) * x[0].powi(2));
    for (what, problem) in [("a difference", difference), ("a cube", odd), ("a negative weight", negative), ("an offset", offset)]
        .into_iter()
        .chain([("negative data", signed), ("a parameter of any sign", unknown)])
    {
        let problem = problem.unwrap();
        assert_eq!(problem.residual_count(), None, "{what}");
        let error = problem.residuals(&vec![1.0; problem.dimension()], &vec![1.0; problem.parameters()]).unwrap_err();
        assert_eq!(error, Error::Fit(FitError::NotSquares), "{what}");
        assert!(error.to_string().contains("powi(2)"), "the error says what to write: {error}");
    }
}

#[test]
fn a_fit_is_judged_by_textbook_formulas() {
    // y = a + b t: s^2 = RSS / (m - 2), var b = s^2 / sum (t - mean)^2.
    let (t, y) = ([0.0, 1.0, 2.0, 3.0, 4.0], [1.1, 2.9, 5.2, 7.1, 8.7]);
    let line = Problem::builder(2)
        .data("t", &t)
        .data("y", &y)
        .build(|x, c| x.sum(0..5, |i| (x[0] + x[1] * c.data("t").at(i) - c.data("y").at(i)).powi(2)))
        .unwrap();
    let b = t.iter().zip(&y).map(|(t, y)| (t - 2.0) * y).sum::<f64>() / 10.0;
    let a = y.iter().sum::<f64>() / 5.0 - 2.0 * b;
    let rss: f64 = t.iter().zip(&y).map(|(t, y)| (a + b * t - y).powi(2)).sum();
    let fit = line.fit_statistics(&[a, b], &[]).unwrap();
    let near = |found: f64, exact: f64, what: &str| assert!((found - exact).abs() <= 1e-12 * exact.abs(), "{what}: {found} for {exact}");
    near(fit.residual_sum_of_squares, rss, "residual sum of squares");
    near(fit.residual_variance, rss / 3.0, "residual variance");
    near(fit.residual_standard_deviation(), (rss / 3.0).sqrt(), "residual standard deviation");
    near(fit.standard_errors[1], (rss / 3.0 / 10.0).sqrt(), "the slope's standard error");
    near(fit.standard_errors[0], (rss / 3.0 * (1.0 / 5.0 + 4.0 / 10.0)).sqrt(), "the intercept's standard error");
    near(fit.correlation(0, 1), -2.0 / 6.0_f64.sqrt(), "their correlation");
    let observed = fit.observed_covariance.as_ref().expect("a minimum");
    assert!((observed - &fit.covariance).amax() <= 1e-12 * fit.covariance.amax(), "a linear model's Hessian is 2 J'J");
    near(fit.observed_standard_errors().unwrap()[1], fit.standard_errors[1], "the same by the Hessian");
}

#[test]
fn a_fit_that_can_not_be_judged_says_why() {
    let squares = |n: usize| Problem::new(n, move |x| x.sum(0..n, |i| (x.at(i) - 1.0).powi(2))).unwrap();
    let few = squares(3).fit_statistics(&[0.0; 3], &[]).unwrap_err();
    assert_eq!(few, Error::Fit(FitError::TooFew { residuals: 3, components: 3 }), "as many residuals as components");
    let ridge = Problem::new(2, |x| x.sum(0..5, |i| (x[0] + x[1] - i.number()).powi(2))).unwrap();
    let error = ridge.fit_statistics(&[1.0, 1.0], &[]).unwrap_err();
    assert_eq!(error, Error::Fit(FitError::Undetermined { component: 1 }), "only the sum of the two is determined");
    let idle = Problem::new(2, |x| x.sum(0..5, |i| (x[1] - i.number()).powi(2))).unwrap();
    let error = idle.fit_statistics(&[1.0, 1.0], &[]).unwrap_err();
    assert_eq!(error, Error::Fit(FitError::Undetermined { component: 0 }), "a component that no residual reads");
    let pole = Problem::new(1, |x| x.sum(0..5, |i| (i.number() / x[0]).powi(2))).unwrap();
    assert_eq!(pole.fit_statistics(&[0.0], &[]).unwrap_err(), Error::Fit(FitError::NotFinite), "a pole");
    let sine = Problem::new(1, |x| x[0].sin()).unwrap();
    assert_eq!(sine.fit_statistics(&[0.0], &[]).unwrap_err(), Error::Fit(FitError::NotSquares), "no squares");
}

#[test]
fn more_residuals_than_are_listed_are_judged_all_the_same() {
    let m = 200_000;
    let data: Vec<f64> = wave(m, 1.0, 0.3);
    let mean = Problem::builder(1).data("y", &data).build(|x, c| x.sum(0..m, |i| (x[0] - c.data("y").at(i)).powi(2))).unwrap();
    assert!(matches!(mean.residuals(&[0.0], &[]), Err(Error::Fit(FitError::TooMany { residuals: 200_000, .. }))), "a list of that length");
    let at = data.iter().sum::<f64>() / m as f64;
    let fit = mean.fit_statistics(&[at], &[]).unwrap();
    let exact = (fit.residual_variance / m as f64).sqrt();
    assert!((fit.standard_errors[0] - exact).abs() <= 1e-9 * exact, "the standard error of a mean: {} for {exact}", fit.standard_errors[0]);
}
