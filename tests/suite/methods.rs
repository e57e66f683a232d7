//! Methods other than L-BFGS: against formulas, against references in plain f64, and on every device.

mod conjugate_gradient;
mod convergence;
mod cuts;
mod ends;
mod levenberg_marquardt;
mod misuse;
mod momentum;
mod references;

use manymin::prelude::*;

use crate::devices::starts_at;

/// Every method with its defaults, at a rate for problems whose curvature is a few hundred at most, and every branch of
/// their code that a lane may take.
pub(crate) fn methods() -> Vec<(&'static str, Method)> {
    let gradients = |update| ConjugateGradient { update, orthogonality: 0.5, every: 7 };
    let nesterov = Nesterov { rate: 1e-3, restart: Some(Restart::Gradient), restart_wait: 2, ..Nesterov::default() };
    let ramp = Schedule::Ramp { low: 0.1, high: 0.9, steps: 30 };
    vec![
        ("PR+", ConjugateGradient::default().into()),
        ("FR", gradients(CgUpdate::FletcherReeves).into()),
        ("HS", gradients(CgUpdate::HestenesStiefel).into()),
        ("DY", gradients(CgUpdate::DaiYuan).into()),
        ("HZ", gradients(CgUpdate::HagerZhang).into()),
        ("steepest descent", SteepestDescent.into()),
        ("momentum", Momentum { restart: Some(Restart::Value), ..Momentum::default() }.into()),
        ("ramp", Momentum { schedule: ramp, weighted: true, first: true, restart: Some(Restart::Speed), ..Momentum::default() }.into()),
        ("Nesterov", nesterov.into()),
        ("delta-bar-delta", DeltaBarDelta::default().into()),
    ]
}

/// What a lane's point is after each of the first `steps` steps, the start first.
fn trajectory(device: &Device, problem: &Problem, start: &[f64], steps: u32, minimizer: &dyn Fn() -> Minimizer<'static>) -> Vec<Vec<f64>> {
    let minimizer = |k| minimizer().max_iterations(k).tolerances(Tolerances { gradient_max: 0.0, ..Tolerances::default() });
    let point = |k| minimizer(k).minimize(device, problem, &starts_at(&[start])).unwrap().lane(0).last_point;
    (0..=steps).map(point).collect()
}

/// The gradient of `rosenbrock(n)`, by hand.
fn rosenbrock_gradient(x: &[f64]) -> Vec<f64> {
    let mut g = vec![0.0; x.len()];
    for i in 0..x.len() - 1 {
        let (a, b) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
        g[i] -= 400.0 * x[i] * a + 2.0 * b;
        g[i + 1] += 200.0 * a;
    }
    g
}

/// sum (1 + i)^2 x_i^2 / 2, of condition n^2, and its gradient.
fn stretched(n: usize) -> Problem {
    Problem::new(n, |x| x.sum(0..n, |i| 0.5 * (1.0 + i.number()).powi(2) * x.at(i).powi(2))).unwrap()
}

fn stretched_gradient(x: &[f64]) -> Vec<f64> {
    x.iter().enumerate().map(|(i, x)| (1.0 + i as f64).powi(2) * x).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// a + factor b
fn plus(a: &[f64], factor: f64, b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + factor * b).collect()
}

/// max |a - b|
fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |far, (a, b)| far.max((a - b).abs()))
}
