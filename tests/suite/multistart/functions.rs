//! Functions of global optimisation with many minima, under the names that SciPy's benchmarks give them.
//!
//! # References
//! M. Jamil, X.-S. Yang: A literature survey of benchmark functions for global optimization problems, Int. J. Math. Model. Numer.
//! Optim. 4 (2013) 150-194. Schwefel's, Langermann's and Levy's functions and the box of EggHolder are those of SciPy's
//! `go_benchmark_functions`.

use std::f64::consts::{E, PI, TAU};

use manymin::prelude::*;

/// A function in so many variables, with one of its global minimisers.
pub(crate) struct Function {
    pub(crate) problem: Problem,
    pub(crate) minimizer: Vec<f64>,
}

impl Function {
    fn new<F>(name: &str, minimizer: Vec<f64>, objective: F) -> Self
    where
        F: for<'g> FnOnce(Point<'g>) -> Scalar<'g>,
    {
        let problem = Problem::new(minimizer.len(), objective).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { problem, minimizer }
    }
}

/// The function of that name in `n` variables.
pub(crate) fn function(name: &str, n: usize) -> Function {
    match name {
        "Branin01" => branin(),
        "SixHumpCamel" => six_hump_camel(),
        "GoldsteinPrice" => goldstein_price(),
        "Rastrigin" => Function::new("Rastrigin", vec![0.0; n], |x| x.sum(0..n, |i| 10.0 + x.at(i).powi(2) - 10.0 * (TAU * x.at(i)).cos())),
        "Ackley01" => ackley(n),
        "Griewank" => Function::new("Griewank", vec![0.0; n], |x| {
            let cosines = x.product(0..n, |i| (x.at(i) / (i.number() + 1.0).sqrt()).cos());
            x.sum(0..n, |i| x.at(i).powi(2)) / 4000.0 - cosines + 1.0
        }),
        "Schwefel26" => Function::new("Schwefel26", vec![420.968_746; n], |x| {
            418.982_887 * n as f64 - x.sum(0..n, |i| x.at(i) * x.at(i).abs().sqrt().sin())
        }),
        "StyblinskiTang" => Function::new("StyblinskiTang", vec![-2.903_534_027_8; n], |x| {
            x.sum(0..n, |i| x.at(i).powi(4) - 16.0 * x.at(i).powi(2) + 5.0 * x.at(i)) / 2.0
        }),
        "Levy03" => levy(n),
        "Hartmann3" => hartmann_3(),
        "Hartmann6" => hartmann_6(),
        "Shekel05" => shekel("Shekel05", 5, [4.000_037_15, 4.000_133_28, 4.000_037_15, 4.000_133_28]),
        "Shekel10" => shekel("Shekel10", 10, [4.000_746_53, 4.000_592_94, 3.999_663_40, 3.999_509_80]),
        "Michalewicz" => Function::new("Michalewicz", vec![2.202_905_52, PI / 2.0], |x| {
            -x.sum(0..n, |i| x.at(i).sin() * ((i.number() + 1.0) * x.at(i).powi(2) / PI).sin().powi(20))
        }),
        "Rosenbrock" => Function::new("Rosenbrock", vec![1.0; n], |x| {
            x.sum(0..n - 1, |i| 100.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2) + (1.0 - x.at(i)).powi(2))
        }),
        "EggHolder" => Function::new("EggHolder", vec![512.0, 404.231_805], |x| {
            let y = x[1] + 47.0;
            -y * (y + x[0] / 2.0).abs().sqrt().sin() - x[0] * (x[0] - y).abs().sqrt().sin()
        }),
        "HimmelBlau" => {
            Function::new("HimmelBlau", vec![3.0, 2.0], |x| (x[0].powi(2) + x[1] - 11.0).powi(2) + (x[0] + x[1].powi(2) - 7.0).powi(2))
        }
        "Colville" => colville(),
        "Trefethen" => trefethen(),
        "Langermann" => langermann(),
        "Shubert01" => shubert(),
        unknown => panic!("no function of the name {unknown}"),
    }
}

fn branin() -> Function {
    Function::new("Branin01", vec![PI, 2.275], |x| {
        let (b, c, t) = (5.1 / (4.0 * PI * PI), 5.0 / PI, 1.0 / (8.0 * PI));
        (x[1] - b * x[0].powi(2) + c * x[0] - 6.0).powi(2) + 10.0 * (1.0 - t) * x[0].cos() + 10.0
    })
}

fn six_hump_camel() -> Function {
    Function::new("SixHumpCamel", vec![0.089_842_013, -0.712_656_402], |x| {
        (4.0 - 2.1 * x[0].powi(2) + x[0].powi(4) / 3.0) * x[0].powi(2) + x[0] * x[1] + (4.0 * x[1].powi(2) - 4.0) * x[1].powi(2)
    })
}

fn goldstein_price() -> Function {
    Function::new("GoldsteinPrice", vec![0.0, -1.0], |point| {
        let (x, y) = (point[0], point[1]);
        let first = 19.0 - 14.0 * x + 3.0 * x.powi(2) - 14.0 * y + 6.0 * x * y + 3.0 * y.powi(2);
        let second = 18.0 - 32.0 * x + 12.0 * x.powi(2) + 48.0 * y - 36.0 * x * y + 27.0 * y.powi(2);
        (1.0 + (x + y + 1.0).powi(2) * first) * (30.0 + (2.0 * x - 3.0 * y).powi(2) * second)
    })
}

fn ackley(n: usize) -> Function {
    Function::new("Ackley01", vec![0.0; n], |x| {
        let mean = x.sum(0..n, |i| x.at(i).powi(2)) / n as f64;
        let cosines = x.sum(0..n, |i| (TAU * x.at(i)).cos()) / n as f64;
        20.0 + E - 20.0 * (-0.2 * mean.sqrt()).exp() - cosines.exp()
    })
}

fn levy(n: usize) -> Function {
    Function::new("Levy03", vec![1.0; n], |x| {
        let inner = x.sum(0..n - 1, |i| {
            let next = 1.0 + (x.at(i + 1) - 1.0) / 4.0;
            ((x.at(i) - 1.0) / 4.0).powi(2) * (1.0 + 10.0 * (PI * next).sin().powi(2))
        });
        (PI * (1.0 + (x[0] - 1.0) / 4.0)).sin().powi(2) + inner + ((x[n - 1] - 1.0) / 4.0).powi(2)
    })
}

fn hartmann_3() -> Function {
    let scales = [[3.0, 10.0, 30.0], [0.1, 10.0, 35.0], [3.0, 10.0, 30.0], [0.1, 10.0, 35.0]];
    let centres = [[0.3689, 0.1170, 0.2673], [0.4699, 0.4387, 0.7470], [0.1091, 0.8732, 0.5547], [0.03815, 0.5743, 0.8828]];
    hartmann("Hartmann3", scales, centres, [0.114_614, 0.555_649, 0.852_547])
}

fn hartmann_6() -> Function {
    let scales = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    let centres = [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ];
    hartmann("Hartmann6", scales, centres, [0.201_689_5, 0.150_010_7, 0.476_874_0, 0.275_332_4, 0.311_651_6, 0.657_300_5])
}

/// Four wells of depth 1, 1.2, 3 and 3.2.
fn hartmann<const N: usize>(name: &str, scales: [[f64; N]; 4], centres: [[f64; N]; 4], minimizer: [f64; N]) -> Function {
    Function::new(name, minimizer.to_vec(), |x| {
        let wells = [1.0, 1.2, 3.0, 3.2].into_iter().zip(scales).zip(centres).map(|((depth, scale), centre)| {
            let terms = (0..N).map(|j| scale[j] * (x[j] - centre[j]).powi(2));
            depth * (-total(terms)).exp()
        });
        -total(wells)
    })
}

fn shekel(name: &str, wells: usize, minimizer: [f64; 4]) -> Function {
    /// Components 0 and 2 of the centres, components 1 and 3, and what the inverse depth is.
    const WELLS: [[f64; 3]; 10] = [
        [4.0, 4.0, 0.1],
        [1.0, 1.0, 0.2],
        [8.0, 8.0, 0.2],
        [6.0, 6.0, 0.4],
        [3.0, 7.0, 0.4],
        [2.0, 9.0, 0.6],
        [5.0, 3.0, 0.3],
        [8.0, 1.0, 0.7],
        [6.0, 2.0, 0.5],
        [7.0, 3.6, 0.5],
    ];
    Function::new(name, minimizer.to_vec(), |x| {
        // The seventh centre is (5, 5, 3, 3), unlike the others.
        let centre = |k: usize, j: usize| if k == 6 { [5.0, 5.0, 3.0, 3.0][j] } else { WELLS[k][j % 2] };
        -total((0..wells).map(|k| (total((0..4).map(|j| (x[j] - centre(k, j)).powi(2))) + WELLS[k][2]).recip()))
    })
}

fn colville() -> Function {
    Function::new("Colville", vec![1.0; 4], |x| {
        let valleys = 100.0 * (x[0] - x[1].powi(2)).powi(2) + 90.0 * (x[3] - x[2].powi(2)).powi(2);
        let bowls = (1.0 - x[0]).powi(2) + (1.0 - x[2]).powi(2) + 10.1 * ((x[1] - 1.0).powi(2) + (x[3] - 1.0).powi(2));
        valleys + bowls + 19.8 * (x[1] - 1.0) * (x[3] - 1.0)
    })
}

/// Of the hundred-dollar, hundred-digit challenge.
fn trefethen() -> Function {
    Function::new("Trefethen", vec![-0.024_403_079_388, 0.210_612_427_188], |point| {
        let (x, y) = (point[0], point[1]);
        let waves = (50.0 * x).sin().exp() + (60.0 * y.exp()).sin() + (70.0 * x.sin()).sin() + (80.0 * y).sin().sin();
        waves - (10.0 * (x + y)).sin() + (x.powi(2) + y.powi(2)) / 4.0
    })
}

fn langermann() -> Function {
    const WELLS: [[f64; 3]; 5] = [[3.0, 5.0, 1.0], [5.0, 2.0, 2.0], [2.0, 1.0, 5.0], [1.0, 4.0, 2.0], [7.0, 9.0, 3.0]];
    Function::new("Langermann", vec![2.002_992_117, 1.006_095_941], |x| {
        -total(WELLS.into_iter().map(|[a, b, depth]| {
            let square = (x[0] - a).powi(2) + (x[1] - b).powi(2);
            depth * (-square / PI).exp() * (PI * square).cos()
        }))
    })
}

fn shubert() -> Function {
    Function::new("Shubert01", vec![-7.083_506_41, 4.858_056_88], |x| {
        let factor = |k: usize| total((1..=5).map(|j| f64::from(j) * (f64::from(j + 1) * x[k] + f64::from(j)).cos()));
        factor(0) * factor(1)
    })
}

/// The sum of one term or more.
fn total<'g>(terms: impl Iterator<Item = Scalar<'g>>) -> Scalar<'g> {
    terms.reduce(|sum, term| sum + term).expect("a term")
}
