//! The nine problems of the study in single precision that the method's rules come from, with its figures.

use std::f64::consts::{E, TAU};

use manymin::prelude::*;
use nalgebra::DMatrix;

use crate::devices::rosenbrock;

pub(crate) const LANES: usize = 1000;

/// What the study found in f32: history 8, gradient tolerance 1e-5, at most 2,000 evaluations a lane.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    /// Lanes that ended in failure, in percent.
    pub(crate) failures: f64,
    /// Evaluations a lane, the mean.
    pub(crate) evaluations: f64,
    /// Half of the lanes are this near to their minimum in f64, and 99 % this near: max |x_i - x*_i| / (1 + |x*_i|).
    pub(crate) median_error: f64,
    pub(crate) most_error: f64,
}

pub(crate) struct Study {
    pub(crate) name: &'static str,
    pub(crate) problem: Problem,
    pub(crate) starts: Starts,
    pub(crate) figures: Figures,
    /// Has a gradient everywhere.
    pub(crate) smooth: bool,
}

/// The study's generator: xorshift64 with shifts 13, 7, 17.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 * (-53.0_f64).exp2()
    }

    fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

/// The problems in the study's order, each from so many starts; the order decides on the random numbers that each gets.
pub(crate) fn problems(lanes: usize) -> Vec<Study> {
    let mut random = Random(12345);
    let figures = |failures, evaluations, median_error, most_error| Figures { failures, evaluations, median_error, most_error };
    let mut boxed = |name, problem: Problem, low, high, figures| {
        let points = (0..lanes * problem.dimension()).map(|_| random.within(low, high));
        let starts = Starts::from_matrix(DMatrix::from_iterator(problem.dimension(), lanes, points));
        Study { name, problem, starts, figures, smooth: true }
    };
    let mut all = vec![
        boxed("rosen2", rosenbrock(2), -2.0, 2.0, figures(0.0, 38.1, 3.0e-8, 1.5e-6)),
        boxed("rosen10", rosenbrock(10), -2.0, 2.0, figures(2.0, 90.5, 1.7e-7, 1.5e-6)),
        boxed("rosen10+1e3", raised_rosenbrock(), -2.0, 2.0, figures(0.0, 88.8, 1.8e-7, 2.0e-6)),
        boxed("quad20", quadratic(), -5.0, 5.0, figures(0.0, 486.6, 3.9e-6, 1.4e-4)),
        boxed("rastrigin6", rastrigin(), -5.12, 5.12, figures(0.0, 23.8, 3.1e-8, 1.5e-7)),
        boxed("styblinski10", styblinski(), -5.0, 5.0, figures(0.0, 16.6, 5.4e-8, 1.8e-7)),
        Study { smooth: false, ..boxed("ackley6", ackley(6), -5.0, 5.0, figures(0.0, 23.1, 6.9e-8, 5.1e-7)) },
        boxed("expsum6", exponentials(), -5.0, 30.0, figures(0.0, 68.5, 3.9e-7, 1.4e-6)),
    ];
    all.push(gaussian(&mut random, lanes, figures(0.0, 23.6, 6.3e-8, 3.5e-7)));
    all
}

/// An offset hides the last digits of what falls.
fn raised_rosenbrock() -> Problem {
    Problem::new(10, |x| 1000.0 + x.sum(0..9, |i| 100.0 * (x.at(i + 1) - x.at(i) * x.at(i)).powi(2) + (1.0 - x.at(i)).powi(2))).unwrap()
}

/// Condition 1e4.
fn quadratic() -> Problem {
    let stiffness: Vec<f64> = (0..20).map(|i| 1e4_f64.powf(f64::from(i) / 19.0)).collect();
    Problem::builder(20)
        .data("l", &stiffness)
        .build(|x, c| x.sum(0..20, |i| 0.5 * c.data("l").at(i) * (x.at(i) - (1.0 + 0.1 * i.number())).powi(2)))
        .unwrap()
}

fn rastrigin() -> Problem {
    Problem::new(6, |x| x.sum(0..6, |i| 10.0 + x.at(i).powi(2) - 10.0 * (TAU * x.at(i)).cos())).unwrap()
}

fn styblinski() -> Problem {
    Problem::new(10, |x| x.sum(0..10, |i| 0.5 * x.at(i).powi(4) - 8.0 * x.at(i).powi(2) + 2.5 * x.at(i))).unwrap()
}

/// Many minima, and a kink at the lowest, 0.
pub(crate) fn ackley(n: usize) -> Problem {
    Problem::new(n, |x| {
        let mean = 1.0 / n as f64;
        let radius = (mean * x.sum(0..n, |i| x.at(i).powi(2))).sqrt();
        let waves = mean * x.sum(0..n, |i| (TAU * x.at(i)).cos());
        -20.0 * (-0.2 * radius).exp() - waves.exp() + 20.0 + E
    })
    .unwrap()
}

/// Steep: the squares of the gradient overflow in f32 at many starts.
fn exponentials() -> Problem {
    Problem::new(6, |x| x.sum(0..6, |i| ((1.0 + 0.3 * i.number()) * x.at(i)).exp() - 3.0 * x.at(i))).unwrap()
}

/// A curve of 40 values a lane, as parameters, to be fitted by A exp(-(t - mu)^2 / (2 s^2)) + b.
fn gaussian(random: &mut Random, lanes: usize, figures: Figures) -> Study {
    const VALUES: usize = 40;
    let problem = Problem::builder(4)
        .parameters(VALUES)
        .build(|x, c| {
            x.sum(0..VALUES, |t| {
                let model = x[0] * (-(t.number() - x[1]).powi(2) / (2.0 * x[2].powi(2))).exp() + x[3];
                (model - c.parameter(t)).powi(2)
            })
        })
        .unwrap();
    let mut points = Vec::new();
    let mut curves = Vec::new();
    for _ in 0..lanes {
        let (height, middle) = (random.within(50.0, 100.0), random.within(15.0, 25.0));
        let (width, base) = (random.within(2.0, 6.0), random.within(5.0, 10.0));
        for t in 0..VALUES {
            let noise = 3.0 * ((0..4).map(|_| random.unit()).sum::<f64>() - 2.0);
            curves.push(height * (-(t as f64 - middle).powi(2) / (2.0 * width * width)).exp() + base + noise);
        }
        points.push(height * random.within(0.7, 1.3));
        points.push(middle + random.within(-1.0, 1.0));
        points.push(width * random.within(0.7, 1.3));
        points.push(base * random.within(0.5, 1.5));
    }
    let parameters = DMatrix::from_vec(VALUES, lanes, curves);
    let starts = Starts::from_matrix(DMatrix::from_vec(4, lanes, points)).with_parameters(parameters);
    Study { name: "gaussfit", problem, starts, figures, smooth: true }
}
