//! TikTak: starts that are drawn towards the best point so far.

use super::collect::Numbers;
use super::task::Task;
use crate::error::{Error, Result};

/// Minimises in waves, each from starts between the sampled ones and the best point so far. Of N starts the one that is i-th, i = 1,
/// 2, ..., N, begins at
///
/// ```text
///     (1 - theta_i) s_i + theta_i x_best,   theta_i = min(max(0.1, (i / N)^(1/2)), 0.995)
/// ```
///
/// with x_best of the waves before its own; the first wave begins where it was sampled. It is meant for starts that were
/// [screened](crate::Search::screen), and takes them in the order of their numbers.
///
/// ```
/// use manymin::prelude::*;
/// use manymin::{Search, TikTak};
///
/// let griewank = Problem::new(2, |x| {
///     1.0 + (x[0].powi(2) + x[1].powi(2)) / 200.0 - x[0].cos() * (x[1] / 2.0_f64.sqrt()).cos()
/// })?;
/// let starts = Starts::sobol(&Bounds::new(&[-100.0; 2], &[100.0; 2])?, 20_000, 42);
/// let found = Search::new(Minimizer::new(Lbfgs::default()))
///     .screen(0.05)
///     .tiktak(TikTak { wave: 100 })
///     .run(&Device::cpu(Precision::F64), &griewank, &starts)?;
/// assert!(found.minima.list[0].value < 1e-9);
/// # Ok::<(), manymin::Error>(())
/// ```
///
/// # References
/// A. Arnoud, F. Guvenen, T. Kleineberg: Benchmarking global optimizers, NBER Working Paper 26340 (2019). There a wave is one start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TikTak {
    /// Lanes that are minimised together, 256 unless set; at least 1.
    pub wave: usize,
}

impl Default for TikTak {
    fn default() -> Self {
        Self { wave: 256 }
    }
}

impl TikTak {
    pub(super) fn validate(&self) -> Result<()> {
        match self.wave {
            0 => Err(Error::Setting { name: "wave", value: "0".into(), must: "at least 1" }),
            _ => Ok(()),
        }
    }

    pub(super) fn run(&self, task: &mut Task<'_, '_>, chosen: &Numbers) -> Result<()> {
        let lanes = chosen.len();
        for first in (0..lanes).step_by(self.wave) {
            if !task.collector.goes_on() {
                return Ok(());
            }
            let numbers = chosen.part(first..(first + self.wave).min(lanes));
            let points = task.collector.best().map(|best| {
                let drawn = |k: usize| {
                    let theta = (((first + k + 1) as f64 / lanes as f64).sqrt()).clamp(0.1, 0.995);
                    let start = task.starts.point(numbers.get(k));
                    start.into_iter().zip(&best.point).map(move |(s, x)| (1.0 - theta) * s + theta * x).collect::<Vec<f64>>()
                };
                (0..numbers.len()).flat_map(drawn).collect()
            });
            task.minimize(numbers, points)?;
        }
        Ok(())
    }
}
