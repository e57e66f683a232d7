//! Whether what a file says was changed of lanes is what a batch would have let through.

use crate::engine::changes::{Change, Changes};
use crate::error::{CheckpointError, Result};
use crate::problem::Problem;

pub(super) fn check(changes: &Changes, problem: &Problem, lanes: usize) -> Result<(), CheckpointError> {
    let fault = |lane, fault: &dyn std::fmt::Display| CheckpointError::invalid("changes", format!("lane {lane}: {fault}"));
    for (lane, change) in changes.iter() {
        let Change { point, parameters, bounds, tolerances, limits } = change;
        let lengths = [
            (point.as_ref().map(Vec::len), problem.dimension()),
            (parameters.as_ref().map(Vec::len), problem.parameters()),
            (bounds.as_ref().map(crate::Bounds::dimension), problem.dimension()),
        ];
        if lane >= lanes || lengths.iter().any(|(given, wanted)| given.is_some_and(|given| given != *wanted)) {
            return Err(fault(lane, &"there is no such lane, or it takes another number of numbers"));
        }
        if point.iter().chain(parameters).flatten().any(|number| !number.is_finite()) {
            return Err(fault(lane, &"a number is not finite"));
        }
        tolerances.map_or(Ok(()), |tolerances| tolerances.validate()).map_err(|error| fault(lane, &error))?;
        limits.map_or(Ok(()), |limits| limits.validate()).map_err(|error| fault(lane, &error))?;
    }
    Ok(())
}
