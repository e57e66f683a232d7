//! Shortens the step until it decreases f sufficiently.

use super::judge::{Decision, Seen};
use crate::engine::lane::Scalars;
use crate::method::Backtracking;
use crate::problem::evaluate::real::Real;

/// Judges the trial of lane `l`, and sets the next one.
pub(super) fn decide<T: Real>(lanes: &mut Scalars<T>, l: usize, seen: Seen<T>, search: &Backtracking) -> Decision {
    if !seen.moved {
        return Decision::End;
    }
    if seen.finite && seen.value <= lanes.value.0[l] + T::from_f64(search.armijo) * seen.descent {
        return Decision::Accept;
    }
    lanes.alpha.0[l] = seen.alpha * T::from_f64(search.contraction);
    if lanes.search_evaluations.0[l] >= search.evaluations { Decision::End } else { Decision::GoOn }
}
