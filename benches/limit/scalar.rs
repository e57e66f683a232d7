//! The same objectives in plain Rust, one lane after another: what a user would write without this crate.

use crate::blocks::Observations;

pub(crate) fn rosenbrock(x: &[f32], g: &mut [f32]) -> f32 {
    let mut f = 0.0;
    g.fill(0.0);
    for i in 0..x.len() - 1 {
        let valley = x[i + 1] - x[i] * x[i];
        let slope = 1.0 - x[i];
        f += 100.0 * valley * valley + slope * slope;
        g[i] -= 400.0 * x[i] * valley + 2.0 * slope;
        g[i + 1] += 200.0 * valley;
    }
    f
}

pub(crate) fn decay(x: &[f32], g: &mut [f32], data: &Observations) -> f32 {
    let mut f = 0.0;
    g.fill(0.0);
    for (&t, &y) in data.t.iter().zip(&data.y) {
        let (first, second) = ((-x[1] * t).exp(), (-x[3] * t).exp());
        let residual = x[0] * first + x[2] * second - y;
        f += residual * residual;
        g[0] += 2.0 * residual * first;
        g[1] -= 2.0 * residual * x[0] * first * t;
        g[2] += 2.0 * residual * second;
        g[3] -= 2.0 * residual * x[2] * second * t;
    }
    f
}
