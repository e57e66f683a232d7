//! What a round's evaluation means for each lane: the default line search goes by chunks of lanes, the others lane by lane.

use pulp::Simd;

use super::tile::{Rules, Tile};
use super::trial::Trial;
use super::{backtracking, line_search, more_thuente};
use crate::engine::lane::{Phase, Scalars};
use crate::method::LineSearch;
use crate::problem::evaluate::chunk::{CHUNK, Mask};
use crate::problem::evaluate::real::Real;

/// What a round's evaluation means for each lane.
pub(super) struct Verdict<T: Real> {
    /// The trial is the lane's next point; a start's own evaluation is.
    pub(super) accepted: Mask<T>,
    /// The search, or the start, ends without.
    pub(super) ended: Mask<T>,
}

impl<T: Real> Verdict<T> {
    /// That nothing comes of it.
    pub(super) fn new() -> Self {
        Self { accepted: Mask::none(), ended: Mask::none() }
    }
}

/// Judges the trial of each lane by the line search of the run, and sets the next one.
#[inline(always)]
pub(super) fn judge<S: Simd, T: Real>(simd: S, tile: &mut Tile<T>, trial: &Trial<T>, rules: &Rules<T>) -> Verdict<T> {
    match &rules.walk.line_search {
        LineSearch::Slopes(search) => line_search::judge(simd, tile, trial, search),
        LineSearch::MoreThuente(search) => lane_by_lane(tile, trial, |lanes, l, seen| more_thuente::decide(lanes, l, seen, search)),
        LineSearch::Backtracking(search) => lane_by_lane(tile, trial, |lanes, l, seen| backtracking::decide(lanes, l, seen, search)),
        LineSearch::Constant(_) => lane_by_lane(tile, trial, |_, _, seen| constant_step(seen)),
    }
}

/// One lane's trial.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<T> {
    pub(super) alpha: T,
    /// f_t, and g_t.d
    pub(super) value: T,
    pub(super) slope: T,
    /// g.(x_t - x)
    pub(super) descent: T,
    /// f_t, its gradient and its slope are finite.
    pub(super) finite: bool,
    /// x_t is not x to the bit.
    pub(super) moved: bool,
}

/// What a trial means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    GoOn,
    Accept,
    End,
}

/// Has `decide` judge the lanes that search, one after another, and set their next trials.
#[inline(never)]
fn lane_by_lane<T: Real>(tile: &mut Tile<T>, trial: &Trial<T>, decide: impl Fn(&mut Scalars<T>, usize, Seen<T>) -> Decision) -> Verdict<T> {
    let (mut accepted, mut ended) = ([false; CHUNK], [false; CHUNK]);
    for l in trial.asks.each() {
        let decision = judge_lane(&mut tile.lanes, l, trial, &decide);
        accepted[l] = decision == Decision::Accept;
        ended[l] = decision == Decision::End;
    }
    Verdict { accepted: Mask::lanes(|l| accepted[l]), ended: Mask::lanes(|l| ended[l]) }
}

fn judge_lane<T: Real>(
    lanes: &mut Scalars<T>,
    l: usize,
    trial: &Trial<T>,
    decide: impl Fn(&mut Scalars<T>, usize, Seen<T>) -> Decision,
) -> Decision {
    lanes.search_evaluations.0[l] += 1;
    lanes.evaluations.0[l] += 1;
    let (value, slope) = (trial.value.0[l], trial.slope.0[l]);
    let finite = trial.finite.has(l);
    if lanes.phase.0[l] != Phase::Search as u32 {
        return if finite { Decision::Accept } else { Decision::End };
    }
    if value < -T::HUGE {
        return Decision::End;
    }
    let (alpha, descent, moved) = (trial.alpha.0[l], trial.descent.0[l], trial.moved.has(l));
    let seen = Seen { alpha, value, slope, descent, finite: finite && slope.is_finite(), moved };
    let has_safe = lanes.has_safe.0[l] != 0;
    let lowest = if has_safe { lanes.safe_value.0[l] } else { lanes.value.0[l] };
    let decision = decide(lanes, l, seen);
    if decision == Decision::Accept {
        return decision;
    }
    // On the last evaluation there is none left to go back by, and going back by one takes one.
    let evaluations = lanes.evaluations.0[l];
    if evaluations >= lanes.evaluation_limit.0[l] && seen.finite && seen.moved && value < lowest {
        return Decision::Accept;
    }
    let goes_back = lanes.has_safe.0[l] != 0 && evaluations.saturating_add(1) >= lanes.evaluation_limit.0[l];
    if goes_back { Decision::End } else { decision }
}

/// Every point is as good as another, as long as it is one.
fn constant_step<T: Real>(seen: Seen<T>) -> Decision {
    if seen.finite && seen.moved { Decision::Accept } else { Decision::End }
}
