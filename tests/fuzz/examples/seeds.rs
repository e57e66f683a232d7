//! Writes small checkpoints of several kinds into the directory that is its argument: what a fuzzer begins with.

use std::path::PathBuf;

use manymin::prelude::*;
use nalgebra::DMatrix;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = PathBuf::from(std::env::args().nth(1).ok_or("give a directory")?);
    std::fs::create_dir_all(&directory)?;
    let bowl = Problem::new(2, |x| x[0].powi(2) + (x[1] - 3.0).cosh())?;
    let loops = Problem::new(3, |x| x.sum(0..2, |i| x.sum((i + 1).to(3), |j| (x.at(i) - x.at(j) * (j - i).number()).powi(2))))?;
    let decay = Problem::builder(2).parameters(1).data("t", &[0.0, 1.0, 2.0]).build(|x, c| {
        let t = c.data("t");
        x.sum(0..t.len(), |i| (x[0] * (-x[1] * t.at(i)).exp() - c.parameter(0)).powi(2))
    })?;
    let starts = |n: usize| Bounds::new(&vec![-1.0; n], &vec![2.0; n]).map(|bounds| Starts::uniform(&bounds, 3, 42));
    let given = Starts::from_matrix(DMatrix::from_element(2, 3, 0.5)).with_parameters(DMatrix::from_element(1, 3, 1.0));
    let runs = [
        (bowl.clone(), starts(2)?, Minimizer::new(Lbfgs { memory: 2 })),
        (bowl.clone(), starts(2)?, Minimizer::new(Bfgs::default()).bounds(&Bounds::new(&[-1.0; 2], &[1.0; 2])?)),
        (bowl, starts(2)?, Minimizer::new(Nesterov::default()).fixed(&[true, false])),
        (loops, starts(3)?, Minimizer::new(ConjugateGradient::default()).line_search(Backtracking::default())),
        (decay.clone(), given.clone(), Minimizer::new(LevenbergMarquardt::default())),
        (decay, given.with_limits(vec![Limits { iterations: 3, evaluations: 9 }; 3]), Minimizer::new(DeltaBarDelta::default())),
    ];
    for (k, (problem, starts, minimizer)) in runs.into_iter().enumerate() {
        for precision in [Precision::F32, Precision::F64] {
            let mut batch = minimizer.start(&Device::cpu(precision), &problem, &starts)?;
            for rounds in [0, 2, 9] {
                batch.advance(rounds)?;
                batch.save(directory.join(format!("{k}-{precision}-{rounds}")))?;
                batch.drain_finished();
            }
        }
    }
    Ok(())
}
