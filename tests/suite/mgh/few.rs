//! Problems of few variables, without data.

use std::f64::consts::TAU;

use manymin::prelude::*;

pub(super) fn freudenstein_roth() -> manymin::Result<Problem> {
    Problem::new(2, |x| {
        let first = x[0] - 13.0 + ((5.0 - x[1]) * x[1] - 2.0) * x[1];
        let second = x[0] - 29.0 + ((x[1] + 1.0) * x[1] - 14.0) * x[1];
        first.powi(2) + second.powi(2)
    })
}

pub(super) fn powell_badly_scaled() -> manymin::Result<Problem> {
    Problem::new(2, |x| (1e4 * x[0] * x[1] - 1.0).powi(2) + ((-x[0]).exp() + (-x[1]).exp() - 1.0001).powi(2))
}

pub(super) fn brown_badly_scaled() -> manymin::Result<Problem> {
    Problem::new(2, |x| (x[0] - 1e6).powi(2) + (x[1] - 2e-6).powi(2) + (x[0] * x[1] - 2.0).powi(2))
}

pub(super) fn beale() -> manymin::Result<Problem> {
    Problem::new(2, |x| {
        let residual = |y: f64, i: i32| y - x[0] * (1.0 - x[1].powi(i));
        residual(1.5, 1).powi(2) + residual(2.25, 2).powi(2) + residual(2.625, 3).powi(2)
    })
}

pub(super) fn jennrich_sampson(m: usize) -> manymin::Result<Problem> {
    Problem::new(2, |x| {
        x.sum(0..m, |i| {
            let i = (i + 1).number();
            (2.0 + 2.0 * i - ((i * x[0]).exp() + (i * x[1]).exp())).powi(2)
        })
    })
}

/// The angle jumps where x_1 changes its sign below the axis, not where `atan2` does.
pub(super) fn helical_valley() -> manymin::Result<Problem> {
    Problem::new(3, |x| {
        let turns = (x[1] / x[0]).atan() / TAU + x[0].greater(0.0).select(0.0, 0.5);
        let radius = (x[0].powi(2) + x[1].powi(2)).sqrt();
        100.0 * (x[2] - 10.0 * turns).powi(2) + 100.0 * (radius - 1.0).powi(2) + x[2].powi(2)
    })
}

/// m may be up to 99: at 100 a residual has no derivative.
pub(super) fn gulf(m: usize) -> manymin::Result<Problem> {
    let t: Vec<f64> = (1..=m).map(|i| i as f64 / 100.0).collect();
    let y: Vec<f64> = t.iter().map(|t| 25.0 + (-50.0 * t.ln()).powf(2.0 / 3.0)).collect();
    Problem::builder(3).data("t", &t).data("y", &y).build(|x, c| {
        let (t, y) = (c.data("t"), c.data("y"));
        x.sum(0..m, |i| ((-(y.at(i) - x[1]).abs().powf(x[2]) / x[0]).exp() - t.at(i)).powi(2))
    })
}

pub(super) fn box_three_dimensional(m: usize) -> manymin::Result<Problem> {
    let t: Vec<f64> = (1..=m).map(|i| 0.1 * i as f64).collect();
    let difference: Vec<f64> = t.iter().map(|t| (-t).exp() - (-10.0 * t).exp()).collect();
    Problem::builder(3).data("t", &t).data("difference", &difference).build(|x, c| {
        let (t, difference) = (c.data("t"), c.data("difference"));
        x.sum(0..m, |i| ((-t.at(i) * x[0]).exp() - (-t.at(i) * x[1]).exp() - x[2] * difference.at(i)).powi(2))
    })
}

pub(super) fn wood() -> manymin::Result<Problem> {
    Problem::new(4, |x| {
        let valleys = 100.0 * (x[1] - x[0].powi(2)).powi(2) + 90.0 * (x[3] - x[2].powi(2)).powi(2);
        let ends = (1.0 - x[0]).powi(2) + (1.0 - x[2]).powi(2);
        valleys + ends + 10.0 * (x[1] + x[3] - 2.0).powi(2) + 0.1 * (x[1] - x[3]).powi(2)
    })
}

pub(super) fn brown_dennis(m: usize) -> manymin::Result<Problem> {
    let t: Vec<f64> = (1..=m).map(|i| i as f64 / 5.0).collect();
    let of = |function: fn(f64) -> f64| t.iter().map(|&t| function(t)).collect::<Vec<f64>>();
    let data = Problem::builder(4).data("t", &t).data("exp", &of(f64::exp)).data("sin", &of(f64::sin)).data("cos", &of(f64::cos));
    data.build(|x, c| {
        let (t, exp, sin, cos) = (c.data("t"), c.data("exp"), c.data("sin"), c.data("cos"));
        x.sum(0..m, |i| {
            let line = x[0] + t.at(i) * x[1] - exp.at(i);
            let wave = x[2] + x[3] * sin.at(i) - cos.at(i);
            (line.powi(2) + wave.powi(2)).powi(2)
        })
    })
}

pub(super) fn biggs(m: usize) -> manymin::Result<Problem> {
    let t: Vec<f64> = (1..=m).map(|i| 0.1 * i as f64).collect();
    let y: Vec<f64> = t.iter().map(|t| (-t).exp() - 5.0 * (-10.0 * t).exp() + 3.0 * (-4.0 * t).exp()).collect();
    Problem::builder(6).data("t", &t).data("y", &y).build(|x, c| {
        let (t, y) = (c.data("t"), c.data("y"));
        x.sum(0..m, |i| {
            let decay = |k: usize| (-t.at(i) * x[k]).exp();
            (x[2] * decay(0) - x[3] * decay(1) + x[5] * decay(4) - y.at(i)).powi(2)
        })
    })
}
