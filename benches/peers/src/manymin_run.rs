//! manymin's engines.

use std::time::Instant;

use manymin::{Device, DeviceKind, Lbfgs, Minimizer, Precision, Problem, Starts, Tolerances};

use crate::rosenbrock::{problem, share_minimised};
use crate::{Contestant, ITERATIONS, MEMORY, Measurement, Result, TOLERANCE};

/// manymin on one device.
pub(crate) struct Manymin {
    device: Device,
    problem: Problem,
}

impl Manymin {
    /// The engine of `device`.
    pub(crate) fn new(device: Device) -> Result<Self> {
        Ok(Self { device, problem: problem()? })
    }

    /// The GPU engine, on the first adapter there is: software drivers will do.
    pub(crate) fn on_gpu() -> Result<Option<Self>> {
        let first = Device::list().into_iter().find(|info| info.kind != DeviceKind::Cpu);
        first.map(|info| Self::new(Device::adapter(&info.name)?)).transpose()
    }

    /// Where it computes.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }
}

impl Contestant for Manymin {
    fn name(&self) -> &'static str {
        match self.device.precision() {
            _ if self.device.is_gpu() => "manymin_gpu",
            Precision::F32 => "manymin",
            Precision::F64 => "manymin_f64",
        }
    }

    /// The time has all in it that a user waits for: setting up, drawing the starts, collecting the results.
    fn run(&self, starts: &Starts) -> Result<Measurement> {
        let minimizer = Minimizer::new(Lbfgs { memory: MEMORY })
            .tolerances(Tolerances { gradient_max: TOLERANCE, ..Tolerances::default() })
            .max_iterations(ITERATIONS);
        let begin = Instant::now();
        let outcome = minimizer.minimize(&self.device, &self.problem, starts)?;
        let seconds = begin.elapsed().as_secs_f64();
        let points = (0..outcome.lanes()).map(|lane| outcome.lane(lane).point);
        Ok(Measurement { seconds, share: share_minimised(points) })
    }
}
