//! The line searches there are: each a struct of settings, gathered in one enum.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How far a lane goes along its direction d from its point x: a step alpha > 0 with
///
/// ```text
///     f(x + alpha d) <= f(x) + armijo alpha g.d          (sufficient decrease)
/// ```
///
/// and, except for [`Backtracking`] and [`ConstantStep`], a slope s(alpha) = g(x + alpha d).d that has become flat enough.
/// Every search is a state machine that takes one evaluation a round, whose trial begins with an
/// [`InitialStep`](crate::InitialStep). A trial where f or its gradient is not finite is never accepted.
///
/// Each search's settings turn into it, so that [`Minimizer::line_search`](crate::Minimizer::line_search) takes them as they
/// are. Unless set, a lane searches as its method likes it best: see [`Method`](crate::Method).
///
/// ```
/// use manymin::prelude::*;
///
/// let search = LineSearch::from(MoreThuente { curvature: 0.1, ..MoreThuente::default() });
/// assert_ne!(search, MoreThuente::default().into());
/// ```
///
/// # References
/// J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), chapter 3.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum LineSearch {
    /// See [`SlopeSearch`].
    Slopes(SlopeSearch),
    /// See [`MoreThuente`].
    MoreThuente(MoreThuente),
    /// See [`Backtracking`].
    Backtracking(Backtracking),
    /// See [`ConstantStep`].
    Constant(ConstantStep),
}

/// The default search: it looks for `s(alpha) >= curvature s(0)`, and knows how much of f is rounding.
///
/// A step is accepted that has sufficient decrease, or whose value is within rounding of f(x) and whose slope is at most
/// -0.8 s(0): near a minimum differences of f are noise, slopes are not. It grows fourfold while f falls, then
/// goes by secant steps on the slopes, kept in the inner 80 % of the bracket, and by bisection where they shrink it too slowly.
///
/// # References
/// W. W. Hager, H. Zhang: A new conjugate gradient method with guaranteed descent and an efficient line search, SIAM J. Optim.
/// 16 (2005) 170-192, for the second way to be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlopeSearch {
    /// Sufficient decrease (c1 of the Wolfe conditions), above 0 and below `curvature`; 1e-4 unless set.
    pub armijo: f64,
    /// Curvature (c2 of the Wolfe conditions), above `armijo` and below 1; 0.9 unless set. It is asked for from below alone: a step
    /// beyond the minimum of the line may have any slope. Where that must be flat, take [`MoreThuente`].
    pub curvature: f64,
    /// The most evaluations of one search; 30 unless set.
    pub evaluations: u32,
}

impl Default for SlopeSearch {
    fn default() -> Self {
        Self { armijo: 1e-4, curvature: 0.9, evaluations: 30 }
    }
}

/// The search of Moré and Thuente, as in MINPACK: it ends at the strong Wolfe conditions, `|s(alpha)| <= -curvature s(0)`
/// and sufficient decrease.
///
/// Trials come from cubics and parabolas through the ends of an interval that holds such a step. Where f or the slope is not finite,
/// the next trial halves the way back. A search that finds none goes on from the lowest point it met, if that is below
/// f(x): it is evaluated again, and counted.
///
/// # As mize does it
/// The R package mize minimises by this search, with the initial steps and the rules for pairs that go with it. Iterates,
/// values and counts of evaluations are then mize's own, as far as rounding lets two programs agree:
///
/// ```
/// use manymin::prelude::*;
///
/// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
/// let start = Starts::from_matrix(nalgebra::DMatrix::from_column_slice(2, 1, &[-1.2, 1.0]));
/// let outcome = Minimizer::new(Lbfgs { memory: 5 })
///     .line_search(MoreThuente::default())
///     .initial_step(InitialStep { first: FirstStep::Rasmussen, next: NextStep::Quadratic })
///     .pairs(Pairs { cosine: 1e-8 / f64::EPSILON, noise: 0.0, offset: f64::EPSILON, values: false })
///     .tolerances(Tolerances { gradient_max: 1e-8, ..Tolerances::default() })
///     .minimize(&Device::cpu(Precision::F64), &rosenbrock, &start)?;
/// assert_eq!((outcome.lane(0).iterations, outcome.lane(0).evaluations), (41, 54));
/// # Ok::<(), manymin::Error>(())
/// ```
///
/// # References
/// J. J. Moré, D. J. Thuente: Line search algorithms with guaranteed sufficient decrease, ACM Trans. Math. Softw. 20 (1994)
/// 286-307.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MoreThuente {
    /// Sufficient decrease (c1 of the Wolfe conditions), above 0 and below `curvature`; 1e-4 unless set.
    pub armijo: f64,
    /// Curvature (c2 of the strong Wolfe conditions), above `armijo` and below 1; 0.9 unless set.
    pub curvature: f64,
    /// Whether a step is taken to decrease sufficiently too where `f(x + alpha d) <= f(x) + 1e-6 |f(x)|` and
    /// `s(alpha) <= (2 armijo - 1) s(0)`; `false` unless set. Helps in f32, where small differences of f are noise.
    pub approximate_armijo: bool,
    /// The most evaluations of one search; 20 unless set.
    pub evaluations: u32,
}

impl Default for MoreThuente {
    fn default() -> Self {
        Self { armijo: 1e-4, curvature: 0.9, approximate_armijo: false, evaluations: 20 }
    }
}

/// Shortens the step until it decreases f sufficiently. Asks nothing of the slope, so that pairs of L-BFGS may be refused.
///
/// # References
/// L. Armijo: Minimization of functions having Lipschitz continuous first partial derivatives, Pacific J. Math. 16 (1966) 1-3.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backtracking {
    /// Sufficient decrease, above 0 and below 1; 1e-4 unless set.
    pub armijo: f64,
    /// The factor that shortens a step, above 0 and below 1; 0.5 unless set.
    pub contraction: f64,
    /// The most evaluations of one search; 30 unless set.
    pub evaluations: u32,
}

impl Default for Backtracking {
    fn default() -> Self {
        Self { armijo: 1e-4, contraction: 0.5, evaluations: 30 }
    }
}

/// No search: every step is `alpha d`, one evaluation each, and is accepted wherever f and its gradient are finite, lower or
/// not. The lowest point met is kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConstantStep {
    /// The step as a multiple of the direction, above 0.
    pub alpha: f64,
}

impl LineSearch {
    pub(crate) fn validate(self) -> Result<()> {
        match self {
            Self::Slopes(SlopeSearch { armijo, curvature, evaluations })
            | Self::MoreThuente(MoreThuente { armijo, curvature, evaluations, .. }) => {
                check("curvature", curvature, curvature > 0.0 && curvature < 1.0, "above 0 and below 1")?;
                check("armijo", armijo, armijo > 0.0 && armijo < curvature, "above 0 and below `curvature`")?;
                check("evaluations", evaluations, evaluations > 0, "at least 1: a search evaluates")
            }
            Self::Backtracking(Backtracking { armijo, contraction, evaluations }) => {
                check("armijo", armijo, armijo > 0.0 && armijo < 1.0, "above 0 and below 1")?;
                check("contraction", contraction, contraction > 0.0 && contraction < 1.0, "above 0 and below 1")?;
                check("evaluations", evaluations, evaluations > 0, "at least 1: a search evaluates")
            }
            Self::Constant(ConstantStep { alpha }) => check("alpha", alpha, is_step(alpha), "above 0, and a number of f32"),
        }
    }
}

/// Whether it is a step that all precisions have.
pub(super) fn is_step(alpha: f64) -> bool {
    alpha >= f64::from(f32::MIN_POSITIVE) && alpha <= f64::from(f32::MAX)
}

/// An error if a setting is not what it must be.
pub(super) fn check(name: &'static str, value: impl ToString, holds: bool, must: &'static str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::Setting { name, value: value.to_string(), must }) }
}

impl From<SlopeSearch> for LineSearch {
    fn from(search: SlopeSearch) -> Self {
        Self::Slopes(search)
    }
}

impl From<MoreThuente> for LineSearch {
    fn from(search: MoreThuente) -> Self {
        Self::MoreThuente(search)
    }
}

impl From<Backtracking> for LineSearch {
    fn from(search: Backtracking) -> Self {
        Self::Backtracking(search)
    }
}

impl From<ConstantStep> for LineSearch {
    fn from(step: ConstantStep) -> Self {
        Self::Constant(step)
    }
}
