//! Whether problem, starts and device fit each other, before anything is set up.

use rayon::prelude::*;

use crate::device::{Device, Precision};
use crate::error::{DeviceError, Error, Result, StartsError};
use crate::method::Limits;
use crate::problem::Problem;
use crate::starts::Starts;

/// The most operations of value and gradient that the CPU engine takes: their rows still fit a core's share of memory.
const MOST_OPERATIONS: usize = 1 << 20;
/// The most that a GPU takes: each is a line of a shader, and drivers compile some lines in ten milliseconds.
const GPU_MOST_OPERATIONS: usize = 1 << 14;

/// Whether starts, problem and parameters fit each other.
pub(crate) fn check_sizes(problem: &Problem, starts: &Starts) -> Result<(), StartsError> {
    let source = starts.source();
    if source.lanes() == 0 {
        return Err(StartsError::NoLanes);
    }
    if source.lanes() > u32::MAX as usize {
        return Err(StartsError::TooManyLanes { lanes: source.lanes() });
    }
    if source.dimension() != problem.dimension() {
        return Err(StartsError::Dimension { starts: source.dimension(), problem: problem.dimension() });
    }
    if source.parameters() != problem.parameters() {
        return Err(StartsError::Parameters { starts: source.parameters(), problem: problem.parameters() });
    }
    source.validate()
}

/// Checks what ends each lane.
pub(super) fn check_demands(starts: &Starts) -> Result<(), StartsError> {
    let source = starts.source();
    let fault = |lane: usize| {
        let tolerances = source.tolerances(lane).map_or(Ok(()), |tolerances| tolerances.validate());
        of_lane(lane, tolerances.and_then(|()| source.limits(lane).map_or(Ok(()), Limits::validate))).err()
    };
    (0..source.lanes()).into_par_iter().find_map_first(fault).map_or(Ok(()), Err)
}

/// What is wrong with the settings of one lane.
fn of_lane(lane: usize, checked: Result<()>) -> Result<(), StartsError> {
    match checked {
        Err(Error::Setting { name, value, must }) => Err(StartsError::Setting { lane, name, value, must }),
        _ => Ok(()),
    }
}

/// Whether the device can compute the problem.
pub(super) fn check_device(device: &Device, problem: &Problem) -> Result<(), DeviceError> {
    if !device.is_gpu() {
        problem.check_cpu("the CPU engine")?;
    }
    let limit = if device.is_gpu() { GPU_MOST_OPERATIONS } else { MOST_OPERATIONS };
    if problem.operations() > limit {
        return Err(DeviceError::ObjectiveTooLarge { operations: problem.operations(), limit });
    }
    let largest = if device.precision() == Precision::F32 { f64::from(f32::MAX) } else { f64::MAX };
    match problem.beyond(largest) {
        Some((what, value)) => Err(DeviceError::Overflow { what, value }),
        None => Ok(()),
    }
}
