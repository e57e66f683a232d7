//! Fits to data that the file has.

use manymin::prelude::*;

use super::reference::Reference;

pub(super) fn bard(of: &Reference) -> manymin::Result<Problem> {
    let m = of.m;
    of.builder().build(|x, c| {
        let y = c.data("y");
        x.sum(0..m, |i| {
            let (u, v) = ((i + 1).number(), (m - i).number());
            (y.at(i) - (x[0] + u / (v * x[1] + u.min(v) * x[2]))).powi(2)
        })
    })
}

pub(super) fn gaussian(of: &Reference) -> manymin::Result<Problem> {
    of.builder().build(|x, c| {
        let y = c.data("y");
        x.sum(0..y.len(), |i| {
            let t = 0.5 * (7.0 - i.number());
            (x[0] * (-0.5 * x[1] * (t - x[2]).powi(2)).exp() - y.at(i)).powi(2)
        })
    })
}

pub(super) fn meyer(of: &Reference) -> manymin::Result<Problem> {
    of.builder().build(|x, c| {
        let y = c.data("y");
        x.sum(0..y.len(), |i| {
            let t = 50.0 + 5.0 * i.number();
            (x[0] * (x[1] / (t + x[2])).exp() - y.at(i)).powi(2)
        })
    })
}

pub(super) fn kowalik_osborne(of: &Reference) -> manymin::Result<Problem> {
    of.builder().build(|x, c| {
        let (y, u) = (c.data("y"), c.data("u"));
        x.sum(0..y.len(), |i| {
            let u = u.at(i);
            (y.at(i) - x[0] * (u * u + u * x[1]) / (u * u + u * x[2] + x[3])).powi(2)
        })
    })
}

pub(super) fn osborne_1(of: &Reference) -> manymin::Result<Problem> {
    of.builder().build(|x, c| {
        let y = c.data("y");
        x.sum(0..y.len(), |i| {
            let t = 10.0 * i.number();
            (y.at(i) - (x[0] + x[1] * (-t * x[3]).exp() + x[2] * (-t * x[4]).exp())).powi(2)
        })
    })
}

pub(super) fn osborne_2(of: &Reference) -> manymin::Result<Problem> {
    of.builder().build(|x, c| {
        let y = c.data("y");
        x.sum(0..y.len(), |i| {
            let t = 0.1 * i.number();
            let decay = x[0] * (-t * x[4]).exp();
            // Peaks 1 to 3: heights x_2 to x_4, sharpnesses x_6 to x_8, places x_9 to x_11.
            let peak = |k: usize| x[k] * (-(t - x[7 + k]).powi(2) * x[4 + k]).exp();
            (y.at(i) - (decay + peak(1) + peak(2) + peak(3))).powi(2)
        })
    })
}
