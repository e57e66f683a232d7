//! Objectives that people minimise.

use std::f64::consts::{E, PI};

use manymin::prelude::*;

use super::{Case, Number, square, wave};

pub(super) fn all() -> Vec<Case> {
    vec![
        rosenbrock(),
        chained_rosenbrock(),
        ackley(),
        rastrigin(),
        lennard_jones(),
        gaussian_fit(),
        decay(),
        log_likelihood(),
        styblinski(),
        griewank(),
        michalewicz(),
        torsion(),
    ]
}

/// The energy of `atoms` Lennard-Jones atoms.
pub(crate) fn lennard_jones_problem(atoms: usize) -> manymin::Result<Problem> {
    Problem::new(3 * atoms, |x| {
        x.sum(0..atoms, |i| {
            x.sum((i + 1).to(atoms), |j| {
                let r2 = (x.at(3 * i) - x.at(3 * j)).powi(2)
                    + (x.at(3 * i + 1) - x.at(3 * j + 1)).powi(2)
                    + (x.at(3 * i + 2) - x.at(3 * j + 2)).powi(2);
                let s6 = r2.powi(-3);
                4.0 * (s6 * s6 - s6)
            })
        })
    })
}

fn rosenbrock() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        square(x[1] - square(x[0])) * 100.0 + square(x[0] - 1.0)
    }
    let problem = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2));
    Case::new("Rosenbrock's valley", problem, oracle, oracle).at([-1.2, 1.0]).at([0.7, 0.3]).at([1.0, 1.0])
}

fn chained_rosenbrock() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        x.windows(2).map(|w| square(w[1] - square(w[0])) * 100.0 + square(w[0] - 1.0)).sum()
    }
    let problem = Problem::new(50, |x| x.sum(0..49, |i| 100.0 * (x.at(i + 1) - x.at(i) * x.at(i)).powi(2) + (1.0 - x.at(i)).powi(2)));
    Case::new("Rosenbrock's valley in 50 dimensions", problem, oracle, oracle).at_point(wave(50, 1.5, 0.3), &[])
}

fn ackley() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let n = x.len() as f64;
        let squares: D = x.iter().map(|v| square(*v)).sum();
        let cosines: D = x.iter().map(|v| (*v * 2.0 * PI).cos()).sum();
        -((squares / n).sqrt() * -0.2).exp() * 20.0 - (cosines / n).exp() + 20.0 + E
    }
    let problem = Problem::new(10, |x| {
        let n = x.len() as f64;
        let squares = x.sum(0..10, |i| x.at(i) * x.at(i));
        let cosines = x.sum(0..10, |i| (2.0 * PI * x.at(i)).cos());
        -20.0 * (-0.2 * (squares / n).sqrt()).exp() - (cosines / n).exp() + 20.0 + E
    });
    Case::new("Ackley's function", problem, oracle, oracle).at_point(wave(10, 3.0, 0.3), &[]).at_point(wave(10, 0.3, 1.3), &[])
}

fn rastrigin() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        x.iter().map(|v| square(*v) - (*v * 2.0 * PI).cos() * 10.0 + 10.0).sum()
    }
    let problem = Problem::new(20, |x| x.sum(0..20, |i| x.at(i) * x.at(i) - 10.0 * (2.0 * PI * x.at(i)).cos() + 10.0));
    Case::new("Rastrigin's function", problem, oracle, oracle).at_point(wave(20, 5.0, 0.3), &[])
}

fn lennard_jones() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let atoms: Vec<&[D]> = x.chunks(3).collect();
        let mut energy = D::from(0.0);
        for (i, a) in atoms.iter().enumerate() {
            for b in &atoms[..i] {
                let r2: D = a.iter().zip(*b).map(|(p, q)| square(*p - *q)).sum();
                energy += (r2.powi(-6) - r2.powi(-3)) * 4.0;
            }
        }
        energy
    }
    // A cubic grid, shaken.
    let shaken = |size: f64| {
        wave(39, size, 0.3)
            .iter()
            .enumerate()
            .map(|(k, v)| {
                v + 1.2
                    * f64::from(match k % 3 {
                        0 => k as u32 / 3 % 3,
                        1 => k as u32 / 9 % 3,
                        _ => k as u32 / 27,
                    })
            })
            .collect()
    };
    Case::new("Lennard-Jones", lennard_jones_problem(13), oracle, oracle).at_point(shaken(0.1), &[]).at_point(shaken(0.02), &[])
}

fn gaussian_fit() -> Case {
    fn table() -> (Vec<f64>, Vec<f64>) {
        let t: Vec<f64> = (0..40).map(|k| f64::from(k) * 0.1).collect();
        let y = t.iter().map(|t| 2.0 * (-(t - 1.8).powi(2) / 0.6).exp() + 0.1 * (7.0 * t).sin()).collect();
        (t, y)
    }
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let (t, y) = table();
        t.iter().zip(&y).map(|(&t, &y)| square(x[0] * (-square(x[1] - t) / (square(x[2]) * 2.0)).exp() + x[3] - y)).sum()
    }
    let (t, y) = table();
    let problem = Problem::builder(4).data("t", &t).data("y", &y).build(|x, c| {
        let (t, y) = (c.data("t"), c.data("y"));
        x.sum(0..t.len(), |i| (x[0] * (-(t.at(i) - x[1]).powi(2) / (2.0 * x[2] * x[2])).exp() + x[3] - y.at(i)).powi(2))
    });
    Case::new("a Gaussian fitted to data", problem, oracle, oracle).at([1.5, 1.2, 0.4, 0.3]).at([2.5, 2.2, 0.9, -0.3])
}

fn decay() -> Case {
    const TIMES: [f64; 4] = [0.0, 0.5, 1.5, 4.0];
    fn oracle<D: Number>(x: &[D], p: &[f64]) -> D {
        (0..4).map(|i| square(x[0] * (-x[1] * TIMES[i]).exp() - p[i])).sum()
    }
    let problem = Problem::builder(2)
        .parameters(4)
        .data("t", &TIMES)
        .build(|x, c| x.sum(0..4, |i| (x[0] * (-x[1] * c.data("t").at(i)).exp() - c.parameter(i)).powi(2)));
    Case::new("exponential decay", problem, oracle, oracle)
        .at_point(vec![3.0, 0.4], &[4.0, 2.5, 1.0, 0.1])
        .at_point(vec![1.0, 0.9], &[1.0, 0.6, 0.4, 0.2])
}

fn log_likelihood() -> Case {
    fn table() -> (Vec<f64>, Vec<f64>) {
        (wave(60, 2.0, 0.4), (0..20).map(|k| f64::from(k % 3 % 2)).collect())
    }
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let (features, label) = table();
        (0..20)
            .map(|i| {
                let score = x[3] + (0..3).map(|k| x[k] * features[3 * i + k]).sum::<D>();
                (score.exp() + 1.0).ln() - score * label[i]
            })
            .sum()
    }
    let (features, label) = table();
    let problem = Problem::builder(4).data("features", &features).data("label", &label).build(|x, c| {
        let features = c.data("features");
        x.sum(0..20, |i| {
            let score = x[3] + x.sum(0..3, |k| x.at(k) * features.at(3 * i + k));
            (1.0 + score.exp()).ln() - c.data("label").at(i) * score
        })
    });
    Case::new("logistic regression", problem, oracle, oracle).at([0.3, -0.8, 0.5, 0.1]).at([1.3, 0.8, -0.5, -1.0])
}

fn styblinski() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        x.iter().map(|v| v.powi(4) - v.powi(2) * 16.0 + *v * 5.0).sum::<D>() / 2.0
    }
    let problem = Problem::new(8, |x| x.sum(0..8, |i| x.at(i).powi(4) - 16.0 * x.at(i).powi(2) + 5.0 * x.at(i)) / 2.0);
    Case::new("Styblinski and Tang's function", problem, oracle, oracle).at_point(wave(8, 4.0, 0.3), &[])
}

fn griewank() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let squares: D = x.iter().map(|v| square(*v)).sum();
        let product: D = x.iter().enumerate().map(|(k, v)| (*v / (k as f64 + 1.0).sqrt()).cos()).product();
        squares / 4000.0 - product + 1.0
    }
    let problem = Problem::new(4, |x| {
        let mut product = x.constant(1.0);
        for k in 0..4 {
            product *= (x[k] / (k as f64 + 1.0).sqrt()).cos();
        }
        x.sum(0..4, |i| x.at(i) * x.at(i)) / 4000.0 - product + 1.0
    });
    Case::new("Griewank's function", problem, oracle, oracle).at([0.7, -1.3, 2.0, 4.0]).at([10.0, -21.3, 2.0, 4.0])
}

fn michalewicz() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        -x.iter().enumerate().map(|(k, v)| v.sin() * (square(*v) * (k as f64 + 1.0) / PI).sin().powi(20)).sum::<D>()
    }
    let problem = Problem::new(5, |x| -x.sum(0..5, |i| x.at(i).sin() * ((i.number() + 1.0) * x.at(i) * x.at(i) / PI).sin().powi(20)));
    // The 20th power multiplies a relative error by 20.
    Case::new("Michalewicz's function", problem, oracle, oracle)
        .at([2.2, 1.57, 1.28, 1.92, 1.72])
        .at([0.5, 1.0, 1.5, 2.0, 2.5])
        .condition(20.0 * super::BENIGN)
}

fn torsion() -> Case {
    // The angle at each inner bead of a chain in the plane.
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        (1..7)
            .map(|i| {
                let (ax, ay) = (x[2 * i] - x[2 * i - 2], x[2 * i + 1] - x[2 * i - 1]);
                let (bx, by) = (x[2 * i + 2] - x[2 * i], x[2 * i + 3] - x[2 * i + 1]);
                let bend = (ax * by - ay * bx).atan2(ax * bx + ay * by);
                square(bend) + square((square(ax) + square(ay)).sqrt() - 1.0) * 10.0
            })
            .sum()
    }
    let problem = Problem::new(16, |x| {
        x.sum(1..7, |i| {
            let (ax, ay) = (x.at(2 * i) - x.at(2 * i - 2), x.at(2 * i + 1) - x.at(2 * i - 1));
            let (bx, by) = (x.at(2 * i + 2) - x.at(2 * i), x.at(2 * i + 3) - x.at(2 * i + 1));
            (ax * by - ay * bx).atan2(ax * bx + ay * by).powi(2) + 10.0 * (ax.hypot(ay) - 1.0).powi(2)
        })
    });
    let chain = (0..16).map(|k| if k % 2 == 0 { 0.9 * f64::from(k / 2) } else { 0.4 * (f64::from(k) * 1.3).sin() }).collect();
    Case::new("a chain of beads", problem, oracle, oracle).at_point(chain, &[])
}
