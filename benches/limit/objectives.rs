//! The objectives, as a user of the crate writes them.

use manymin::Problem;

use crate::Result;

/// `sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2`
pub(crate) fn rosenbrock(n: usize) -> Result<Problem> {
    Ok(Problem::new(n, |x| x.sum(0..n - 1, |i| 100.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2) + (1.0 - x.at(i)).powi(2)))?)
}

/// How many observations the decay has.
pub(crate) const OBSERVATIONS: usize = 100;

/// The decay's times and measured values.
pub(crate) fn observations() -> (Vec<f64>, Vec<f64>) {
    let t: Vec<f64> = (0..OBSERVATIONS).map(|k| 4.0 * k as f64 / (OBSERVATIONS - 1) as f64).collect();
    let y = t.iter().map(|t| 2.0 * (-0.7 * t).exp() + 0.5 * (-3.0 * t).exp()).collect();
    (t, y)
}

/// Two exponential decays fitted to data.
pub(crate) fn decay() -> Result<Problem> {
    let (t, y) = observations();
    Ok(Problem::builder(4).data("t", &t).data("y", &y).build(|x, c| {
        let (t, y) = (c.data("t"), c.data("y"));
        x.sum(0..OBSERVATIONS, |k| (x[0] * (-x[1] * t.at(k)).exp() + x[2] * (-x[3] * t.at(k)).exp() - y.at(k)).powi(2))
    })?)
}

/// The energy of a cluster of atoms.
pub(crate) fn lennard_jones(atoms: usize) -> Result<Problem> {
    Ok(Problem::new(3 * atoms, |x| {
        x.sum(0..atoms, |i| {
            x.sum((i + 1).to(atoms), |j| {
                let r2 = (x.at(3 * i) - x.at(3 * j)).powi(2)
                    + (x.at(3 * i + 1) - x.at(3 * j + 1)).powi(2)
                    + (x.at(3 * i + 2) - x.at(3 * j + 2)).powi(2);
                let s6 = r2.powi(-3);
                4.0 * (s6 * s6 - s6)
            })
        })
    })?)
}
