//! Paths of methods that take constant steps, against plain f64 programs written from the papers.

use manymin::prelude::*;

use super::{distance, dot, plus, rosenbrock_gradient, stretched, stretched_gradient, trajectory};
use crate::devices::{epsilon, gpu, rosenbrock, single};

type Gradient = fn(&[f64]) -> Vec<f64>;

/// Steps compared, and how near f64 comes: rounding, which some paths magnify.
const STEPS: u32 = 40;
const NEAR: f64 = 1e-10;

/// (name, problem, gradient by hand, start, rate)
fn cases() -> [(&'static str, Problem, Gradient, Vec<f64>, f64); 2] {
    [
        ("Rosenbrock", rosenbrock(4), rosenbrock_gradient, vec![-1.2, 1.0, 0.7, -0.3], 4e-4),
        ("stretched", stretched(5), stretched_gradient, vec![1.0, -2.0, 0.5, 3.0, -1.0], 2e-2),
    ]
}

/// Compares each method's path with `reference(gradient, start, rate)`: in f64 to rounding, in f32 to what that is there.
fn compare(method: impl Fn(f64) -> Method, reference: impl Fn(Gradient, &[f64], f64) -> Vec<Vec<f64>>) {
    for (name, problem, gradient, start, rate) in cases() {
        let expected = reference(gradient, &start, rate);
        for device in [Device::cpu(Precision::F64), Device::cpu(Precision::F32), gpu()] {
            // Whole paths in f64, their ends elsewhere.
            let from = if device.precision() == Precision::F64 { 0 } else { STEPS };
            let near = if from == 0 { NEAR } else { 1e4 * epsilon(&device) };
            let minimizer = || Minimizer::new(method(rate));
            let path = if from == 0 {
                trajectory(&device, &problem, &start, STEPS, &minimizer)
            } else {
                vec![single(minimizer().max_iterations(STEPS), &device, &problem, &start).last_point]
            };
            for (k, (x, y)) in (from..).zip(path.iter().zip(&expected[from as usize..])) {
                assert!(distance(x, y) <= near, "{name} on {device}, step {k}: {x:?} and {y:?}");
            }
        }
    }
}

/// v <- mu v - rate g(x), x <- x + v (Sutskever et al., formulas 1 and 2).
fn heavy_ball(gradient: Gradient, start: &[f64], rate: f64, mu: impl Fn(u32) -> f64) -> Vec<Vec<f64>> {
    let (mut path, mut v) = (vec![start.to_vec()], vec![0.0; start.len()]);
    for k in 0..STEPS {
        let x = &path[k as usize];
        v = v.iter().map(|v| v * mu(k)).zip(gradient(x)).map(|(v, g)| v - rate * g).collect();
        path.push(plus(x, 1.0, &v));
    }
    path
}

#[test]
fn classical_momentum_is_the_heavy_ball() {
    compare(|rate| Momentum { rate, ..Momentum::default() }.into(), |gradient, start, rate| heavy_ball(gradient, start, rate, |_| 0.9));
    let switch = Schedule::Switch { low: 0.5, high: 0.8, at: 15 };
    // The k-th step, from 0, is step k + 1.
    compare(
        |rate| Momentum { rate, schedule: switch, ..Momentum::default() }.into(),
        |gradient, start, rate| heavy_ball(gradient, start, rate, |k| if k + 1 >= 15 { 0.8 } else { 0.5 }),
    );
}

#[test]
fn nesterovs_gradient_is_taken_ahead() {
    // v <- mu v - rate g(theta + mu v), theta <- theta + v (Sutskever et al., formulas 3 and 4): the lane's point is theta + mu v
    // with the mu of the step to come.
    compare(
        |rate| Nesterov { rate, schedule: Schedule::Constant(0.8), first: true, ..Nesterov::default() }.into(),
        |gradient, start, rate| {
            let (mut theta, mut v) = (start.to_vec(), vec![0.0; start.len()]);
            let mut path = vec![start.to_vec()];
            for _ in 0..STEPS {
                let ahead = plus(&theta, 0.8, &v);
                v = gradient(&ahead).iter().zip(&v).map(|(g, v)| 0.8 * v - rate * g).collect();
                theta = plus(&theta, 1.0, &v);
                path.push(plus(&theta, 0.8, &v));
            }
            path
        },
    );
    // Nesterov's own momentum: a <- (1 + sqrt(4 a^2 + 1)) / 2, mu = (a_k - 1) / a_{k+1}.
    compare(
        |rate| Nesterov { rate, ..Nesterov::default() }.into(),
        |gradient, start, rate| {
            let (mut path, mut y, mut a) = (vec![start.to_vec()], start.to_vec(), 1.0_f64);
            for k in 0..STEPS as usize {
                let next = (1.0 + (4.0 * a * a + 1.0).sqrt()) / 2.0;
                let (mu, before) = ((a - 1.0) / next, y);
                y = plus(&path[k], -rate, &gradient(&path[k]));
                path.push(plus(&y, mu, &plus(&y, -1.0, &before)));
                a = next;
            }
            path
        },
    );
}

#[test]
fn restarts_by_the_gradient_are_those_of_odonoghue_and_candes() {
    let (wait, q) = (3, 0.01);
    let restarts = std::cell::Cell::new(0);
    let method = |rate| {
        let schedule = Schedule::Convex { q, burn_in: 0 };
        Nesterov { rate, schedule, restart: Some(Restart::Gradient), restart_wait: wait, ..Nesterov::default() }.into()
    };
    compare(method, |gradient, start, rate| {
        let (mut path, mut y, mut theta, mut since) = (vec![start.to_vec()], start.to_vec(), 1.0_f64, 0);
        for k in 0..STEPS as usize {
            let (x, before) = (path[k].clone(), y);
            let g = gradient(&x);
            y = plus(&x, -rate, &g);
            let mut w = plus(&y, -1.0, &before);
            let waited = restarts.get() == 0 || since > wait;
            if k > 0 && dot(&g, &w) > 0.0 && waited {
                // From here, as at the start.
                (theta, since) = (1.0, 0);
                restarts.set(restarts.get() + 1);
                w = vec![0.0; w.len()];
            }
            since += 1;
            let c = q - theta * theta;
            let next = (c + (c * c + 4.0 * theta * theta).sqrt()) / 2.0;
            path.push(plus(&y, theta * (1.0 - theta) / (theta * theta + next), &w));
            theta = next;
        }
        println!("{} restarts", restarts.get());
        assert!(restarts.replace(0) > 0, "the case has restarts");
        path
    });
}

#[test]
fn delta_bar_delta_is_jacobs() {
    for (step_up, grow) in [(StepUp::Times(1.1), (|gain| gain * 1.1) as fn(f64) -> f64), (StepUp::Plus(0.2), |gain| gain + 0.2)] {
        compare(
            |rate| DeltaBarDelta { rate, step_up, ..DeltaBarDelta::default() }.into(),
            |gradient, start, rate| {
                let (mut path, mut gains, mut means) = (vec![start.to_vec()], vec![1.0; start.len()], vec![0.0; start.len()]);
                for k in 0..STEPS as usize {
                    let g = gradient(&path[k]);
                    let mut x = path[k].clone();
                    for i in 0..x.len() {
                        gains[i] = if k == 0 || means[i] * g[i] > 0.0 { grow(gains[i]) } else { gains[i] * 0.5 };
                        means[i] = 0.9 * g[i] + 0.1 * means[i];
                        x[i] -= rate * gains[i] * g[i];
                    }
                    path.push(x);
                }
                path
            },
        );
    }
}

#[test]
fn mize_has_the_same_values() {
    // The tables of mize's article on Nesterov's method: Rosenbrock's function at a rate of 0.001 and mu = 0.95.
    let (rate, schedule) = (1e-3, Schedule::Constant(0.95));
    let momentum = Momentum { rate, schedule, ..Momentum::default() };
    let nesterov = Nesterov { rate, schedule, ..Nesterov::default() };
    let tables: [(Method, [f64; 5]); 4] = [
        (momentum.into(), [5.35, 25.54, 22.49, 4.32, 18.83]),
        (Momentum { first: true, ..momentum }.into(), [5.35, 25.54, 22.49, 4.32, 18.83]),
        (nesterov.into(), [5.35, 5.26, 4.13, 4.10, 4.07]),
        (Nesterov { first: true, ..nesterov }.into(), [34.96, 7.04, 5.02, 3.85, 3.75]),
    ];
    for (method, values) in tables {
        for (k, value) in (1..).zip(values) {
            let lane = single(Minimizer::new(method).max_iterations(k), &Device::cpu(Precision::F64), &rosenbrock(2), &[-1.2, 1.0]);
            assert!((lane.last_value - value).abs() < 0.02, "{method:?}, step {k}: {} and {value}", lane.last_value);
        }
    }
}
