//! On in f64, from where lanes have come to.

use super::{Outcome, Polished, Run};
use crate::device::{Device, Precision};
use crate::engine::placement::Placement;
use crate::error::Result;
use crate::method::{Limits, Tolerances};
use crate::minimizer::Settings;
use crate::problem::Problem;
use crate::starts::Starts;

/// Polishing starts near a minimum; so many iterations are for the worst conditioned of them.
const POLISH_ITERATIONS: u32 = 5_000;

impl Settings {
    /// Goes as far as f64 goes, unless starts bring tolerances of their own.
    pub(crate) fn polish(&self, problem: &Problem, starts: &Starts) -> Result<Outcome> {
        self.polisher()
            .tolerances(Tolerances { gradient_max: 0.0, ..Tolerances::default() })
            .limits(Limits { iterations: POLISH_ITERATIONS, ..Limits::default() })
            .minimize(&Device::cpu(Precision::F64), problem, starts)
    }
}

impl Run {
    /// Where lanes began, and what held them.
    pub(crate) fn placement(&self, precision: Precision) -> Placement {
        self.settings.placement(&self.starts, precision, &self.changes)
    }

    /// Takes lanes on in f64 from points of theirs; see [`Outcome::polish`](super::Outcome::polish).
    pub(crate) fn polish(&self, lanes: &[(usize, Vec<f64>)]) -> Result<Vec<Polished>> {
        self.problem.check_cpu("`polish`")?;
        if lanes.is_empty() {
            return Ok(Vec::new());
        }
        let placement = self.placement(Precision::F64);
        let begin = |(lane, point): &(usize, Vec<f64>)| {
            let mut start = placement.start(*lane);
            start.project(point);
            start
        };
        let starts = Starts::new(lanes.iter().map(begin).collect::<Vec<_>>());
        let outcome = self.settings.polish(&self.problem, &starts)?;
        let shift = |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0_f64, |far, (a, b)| far.max((a - b).abs()));
        let polished = outcome.iter().zip(lanes).map(|(result, (lane, before))| Polished {
            lane: *lane,
            value: result.value,
            gradient_max: result.gradient_max,
            status: result.status,
            evaluations: result.evaluations,
            shift: shift(&result.point, before),
            point: result.point,
        });
        Ok(polished.collect())
    }
}
