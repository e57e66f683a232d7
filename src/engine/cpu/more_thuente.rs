//! The search of Moré and Thuente, one evaluation a round.
//!
//! # References
//! J. J. Moré, D. J. Thuente, ACM Trans. Math. Softw. 20 (1994) 286-307; MINPACK's cvsrch and cstep. In their words: stx, fx,
//! dx are `low`, and sty, fy, dy are `high`; while there is no bracket, `high` is the farthest next trial.

use super::judge::{Decision, Seen};
use crate::engine::lane::Scalars;
use crate::method::MoreThuente;
use crate::method::constants::{APPROXIMATE_VALUE, FARTHEST_TRIAL, NARROWING};
use crate::problem::evaluate::real::Real;

/// The function along the line at one step.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sample<T> {
    alpha: T,
    value: T,
    slope: T,
}

impl<T: Real> Sample<T> {
    /// Of f less the line of sufficient decrease, whose slope is `test`.
    fn below(self, test: T) -> Self {
        Self { value: self.value - self.alpha * test, slope: self.slope - test, ..self }
    }
}

/// The cases of Moré and Thuente.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// The trial is higher than the best point: a minimum lies between.
    Higher,
    /// It is lower, and its slope has the other sign: so it does too.
    Crossed,
    /// It is lower, its slope has the same sign and is flatter.
    Flatter,
    /// It is lower, its slope has the same sign and is no flatter.
    Steeper,
}

/// Judges the trial of lane `l`, and sets the next one.
pub(super) fn decide<T: Real>(lanes: &mut Scalars<T>, l: usize, seen: Seen<T>, search: &MoreThuente) -> Decision {
    let (f, slope, alpha) = (lanes.value.0[l], lanes.slope.0[l], seen.alpha);
    let bracketed = lanes.bracketed.0[l] != 0;
    if lanes.search_evaluations.0[l] == 1 {
        lanes.low_value.0[l] = f;
        lanes.high.0[l] = farthest(alpha, T::ZERO);
        lanes.width_before.0[l] = T::HUGE;
        lanes.second_stage.0[l] = 0;
    }
    let (lower, upper) = (lanes.low.0[l].min(lanes.high.0[l]), lanes.low.0[l].max(lanes.high.0[l]));
    let exhausted = lanes.search_evaluations.0[l] >= search.evaluations;
    if !seen.finite {
        lanes.alpha.0[l] = (lower + alpha) * T::from_f64(0.5);
        return if exhausted { Decision::End } else { Decision::GoOn };
    }
    let armijo = T::from_f64(search.armijo);
    let decreases = seen.value <= f + armijo * seen.descent
        || search.approximate_armijo
            && seen.value <= f + T::from_f64(APPROXIMATE_VALUE) * f.abs()
            && seen.slope <= T::from_f64(2.0 * search.armijo - 1.0) * slope;
    if seen.moved && decreases && seen.slope.abs() <= -T::from_f64(search.curvature) * slope {
        return Decision::Accept;
    }
    let resolved = bracketed && (alpha <= lower || alpha >= upper || upper - lower <= T::EPSILON * upper || !seen.moved);
    if exhausted || resolved {
        let lowest = if lanes.has_safe.0[l] != 0 { lanes.safe_value.0[l] } else { f };
        if seen.moved && seen.value < lowest {
            (lanes.has_safe.0[l], lanes.safe_alpha.0[l], lanes.safe_value.0[l]) = (1, alpha, seen.value);
        }
        return Decision::End;
    }
    // The first stage looks for a step below the line of sufficient decrease whose slope is no steeper than that line's.
    if decreases && seen.slope >= armijo * slope {
        lanes.second_stage.0[l] = 1;
    }
    let trial = Sample { alpha, value: seen.value, slope: seen.slope };
    let modified = lanes.second_stage.0[l] == 0 && seen.value <= lanes.low_value.0[l] && !decreases;
    narrow(lanes, l, trial, if modified { armijo * slope } else { T::ZERO }, (lower, upper));
    Decision::GoOn
}

/// The farthest step that may be tried after `alpha` while there is no bracket.
fn farthest<T: Real>(alpha: T, low: T) -> T {
    alpha + T::from_f64(FARTHEST_TRIAL) * (alpha - low)
}

/// Narrows lane `l`'s interval by a trial, and sets the next one within `bounds`; the cases are told by f less a line whose slope
/// is `test`.
fn narrow<T: Real>(lanes: &mut Scalars<T>, l: usize, trial: Sample<T>, test: T, bounds: (T, T)) {
    let low = Sample { alpha: lanes.low.0[l], value: lanes.low_value.0[l], slope: lanes.low_slope.0[l] };
    let high = Sample { alpha: lanes.high.0[l], value: lanes.high_value.0[l], slope: lanes.high_slope.0[l] };
    let was_bracketed = lanes.bracketed.0[l] != 0;
    let (case, next) = next_step(low.below(test), high.below(test), trial.below(test), was_bracketed, bounds);
    let (low, high) = match case {
        Case::Higher => (low, trial),
        Case::Crossed => (trial, low),
        Case::Flatter | Case::Steeper => (trial, high),
    };
    let bracketed = was_bracketed || matches!(case, Case::Higher | Case::Crossed);
    let mut next = bounds.0.max(bounds.1.min(next));
    let width = high.alpha - low.alpha;
    if bracketed {
        if matches!(case, Case::Higher | Case::Flatter) {
            let nearest = low.alpha + T::from_f64(NARROWING) * width;
            next = if width > T::ZERO { nearest.min(next) } else { nearest.max(next) };
        }
        // An interval that two steps have not narrowed is halved.
        if width.abs() >= T::from_f64(NARROWING) * lanes.width_before.0[l] {
            next = low.alpha + T::from_f64(0.5) * width;
        }
        lanes.width_before.0[l] = lanes.width.0[l];
        lanes.width.0[l] = width.abs();
    } else {
        lanes.expansions.0[l] += 1;
    }
    if low.alpha > T::ZERO && low.value < lanes.value.0[l] {
        (lanes.has_safe.0[l], lanes.safe_alpha.0[l], lanes.safe_value.0[l]) = (1, low.alpha, low.value);
    }
    (lanes.low.0[l], lanes.low_value.0[l], lanes.low_slope.0[l]) = (low.alpha, low.value, low.slope);
    (lanes.high_value.0[l], lanes.high_slope.0[l]) = (high.value, high.slope);
    lanes.high.0[l] = if bracketed { high.alpha } else { farthest(next, low.alpha) };
    lanes.bracketed.0[l] = u32::from(bracketed);
    lanes.alpha.0[l] = next;
}

/// Which case a trial is beside the best point and the interval's other end, and the step that it suggests.
fn next_step<T: Real>(low: Sample<T>, high: Sample<T>, trial: Sample<T>, bracketed: bool, bounds: (T, T)) -> (Case, T) {
    let parabola = trial.alpha + trial.slope / (trial.slope - low.slope) * (low.alpha - trial.alpha);
    let outwards = if trial.alpha > low.alpha { bounds.1 } else { bounds.0 };
    let distance = |a: T, b: T| (a - b).abs();
    let (case, next) = if trial.value > low.value {
        let (cubic, _) = cubic(low, trial);
        let across = trial.alpha - low.alpha;
        // Of the values and one slope.
        let parabola = low.alpha + low.slope / ((low.value - trial.value) / across + low.slope) * T::from_f64(0.5) * across;
        let nearer = distance(cubic, low.alpha) < distance(parabola, low.alpha);
        (Case::Higher, if nearer { cubic } else { cubic + (parabola - cubic) * T::from_f64(0.5) })
    } else if (trial.slope < T::ZERO) != (low.slope < T::ZERO) && trial.slope != T::ZERO {
        let (cubic, _) = cubic(trial, low);
        (Case::Crossed, if distance(cubic, trial.alpha) > distance(parabola, trial.alpha) { cubic } else { parabola })
    } else if trial.slope.abs() < low.slope.abs() {
        let (cubic, has_minimum) = cubic(trial, low);
        // A cubic is of use if its minimum lies beyond the trial.
        let beyond = has_minimum && (trial.alpha - low.alpha) * (cubic - trial.alpha) > T::ZERO;
        let cubic = if beyond { cubic } else { outwards };
        let nearer = distance(trial.alpha, cubic) < distance(trial.alpha, parabola);
        let farther = distance(trial.alpha, cubic) > distance(trial.alpha, parabola);
        (Case::Flatter, if if bracketed { nearer } else { farther } { cubic } else { parabola })
    } else if bracketed {
        (Case::Steeper, cubic(trial, high).0)
    } else {
        (Case::Steeper, outwards)
    };
    // Products that overflow suggest nothing.
    (case, if next.is_finite() { next } else { (bounds.0 + bounds.1) * T::from_f64(0.5) })
}

/// The minimum of the cubic that has the values and slopes of two samples, seen from the first of them, and whether it has one.
fn cubic<T: Real>(from: Sample<T>, to: Sample<T>) -> (T, bool) {
    let across = to.alpha - from.alpha;
    let theta = T::from_f64(3.0) * (from.value - to.value) / across + from.slope + to.slope;
    let scale = theta.abs().max(from.slope.abs()).max(to.slope.abs());
    let part = theta / scale;
    let root = scale * T::ZERO.max(part * part - from.slope / scale * (to.slope / scale)).sqrt();
    let gamma = if across < T::ZERO { -root } else { root };
    let ratio = (gamma - from.slope + theta) / (gamma - from.slope + gamma + to.slope);
    (from.alpha + ratio * across, root != T::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(alpha: f64, f: impl Fn(f64) -> f64, slope: impl Fn(f64) -> f64) -> Sample<f64> {
        Sample { alpha, value: f(alpha), slope: slope(alpha) }
    }

    /// (a - 2)^3 - 3 (a - 2): its minimum is at 3.
    fn at(alpha: f64) -> Sample<f64> {
        sample(alpha, |a| (a - 2.0).powi(3) - 3.0 * (a - 2.0), |a| 3.0 * (a - 2.0).powi(2) - 3.0)
    }

    fn assert_near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn cubics_are_met_at_their_minimum_from_either_side() {
        for (from, to) in [(2.0, 5.0), (5.0, 2.0), (2.5, 3.5), (3.5, 2.5)] {
            let (minimum, has) = cubic(at(from), at(to));
            assert!(has);
            assert_near(minimum, 3.0);
        }
        let line = |alpha| sample(alpha, |a| -a, |_| -1.0);
        assert!(!cubic(line(0.0), line(1.0)).1, "a line has no minimum");
    }

    #[test]
    fn a_higher_trial_is_answered_between_by_cubic_or_the_middle_of_cubic_and_parabola() {
        let (low, trial) = (at(2.0), at(4.5));
        let (case, next) = next_step(low, low, trial, false, (2.0, 20.0));
        assert_eq!(case, Case::Higher);
        // The parabola of f(2) = 0, f'(2) = -3 and f(4.5) = 8.125 has its minimum at 2.30.
        let parabola = 2.0 + 3.0 / (8.125 / 2.5 + 3.0) / 2.0 * 2.5;
        assert_near(next, 3.0 + (parabola - 3.0) / 2.0);
    }

    #[test]
    fn a_slope_of_the_other_sign_is_answered_by_the_farther_of_cubic_and_secant() {
        let (low, trial) = (at(2.0), at(3.2));
        let (case, next) = next_step(low, low, trial, false, (2.0, 20.0));
        assert_eq!(case, Case::Crossed);
        let secant = 3.2 + trial.slope / (trial.slope - low.slope) * (2.0 - 3.2);
        assert_near(next, if (3.0 - 3.2_f64).abs() > (secant - 3.2).abs() { 3.0 } else { secant });
    }

    #[test]
    fn a_flatter_slope_is_followed_farther_without_a_bracket_and_nearer_within() {
        let (low, trial) = (at(2.0), at(2.5));
        let secant = 2.5 + trial.slope / (trial.slope - low.slope) * (2.0 - 2.5);
        let (case, next) = next_step(low, low, trial, false, (2.0, 20.0));
        assert_eq!(case, Case::Flatter);
        assert_near(next, secant.max(3.0));
        let (case, next) = next_step(low, at(5.0), trial, true, (2.0, 5.0));
        assert_eq!(case, Case::Flatter);
        assert_near(next, secant.min(3.0));
        // A cubic without a minimum: its slope turns back between.
        let (low, trial) = (Sample { alpha: 0.0, value: 0.0, slope: -3.0 }, Sample { alpha: 1.0, value: -5.0 / 3.0, slope: -2.0 });
        assert!(!cubic(trial, low).1);
        let (case, next) = next_step(low, low, trial, false, (0.0, 20.0));
        assert_eq!((case, next), (Case::Flatter, 20.0));
    }

    #[test]
    fn a_slope_no_flatter_is_followed_to_the_bound_or_to_the_cubic_of_the_other_end() {
        let (low, trial) = (at(1.5), at(2.0));
        let (case, next) = next_step(low, low, trial, false, (1.5, 20.0));
        assert_eq!((case, next), (Case::Steeper, 20.0));
        let (case, next) = next_step(low, at(4.0), trial, true, (1.5, 4.0));
        assert_eq!(case, Case::Steeper);
        assert_near(next, 3.0);
    }
}
