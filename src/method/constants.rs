//! The numbers of the line search and the L-BFGS update, shared by all engines.
//!
//! They began as those of the f32 study of 1,000 lanes on each of nine problems; each says what it is for.
//!
//! # References
//! W. W. Hager, H. Zhang: A new conjugate gradient method with guaranteed descent and an efficient line search, SIAM J.
//! Optim. 16 (2005), for approximate Wolfe. J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), ch. 3, 7.

/// Sufficient decrease (c1 of the Wolfe conditions): `f_t <= f + ARMIJO g.(x_t - x)`.
pub(crate) const ARMIJO: f64 = 1e-4;
/// Curvature (c2 of the Wolfe conditions): `s_t >= CURVATURE s0`.
pub(crate) const CURVATURE: f64 = 0.9;
/// The upper slope of approximate Wolfe, as a factor of s0: 2 * 0.1 - 1.
pub(crate) const APPROXIMATE: f64 = -0.8;
/// The noise of f is `(NOISE_UNITS + log2 terms) EPSILON max(|f|, scale / NOISE_SHARE)`.
pub(crate) const NOISE_UNITS: f64 = 8.0;
/// See [`NOISE_UNITS`].
pub(crate) const NOISE_SHARE: f64 = 4.0;
/// How much a step grows while f still falls along it.
pub(crate) const EXPANSION: f64 = 4.0;
/// Expansions in one search.
pub(crate) const MOST_EXPANSIONS: u32 = 12;
/// Evaluations in one search.
pub(crate) const MOST_SEARCH_EVALUATIONS: u32 = 30;
/// Where to go on after a point that is not finite, as a part of the bracket.
pub(crate) const RETREAT: f64 = 0.1;
/// How near the ends of its bracket a secant step may come, as a part of it.
pub(crate) const MARGIN: f64 = 0.1;
/// A bracket that stays above this part of the one before is bisected.
pub(crate) const SHRINKAGE: f64 = 2.0 / 3.0;
/// A search ends when the bracket is this many EPSILON of every component.
pub(crate) const RESOLUTION: f64 = 2.0;
/// A pair is kept if `s.y > PAIR_COSINE EPSILON |s||y|`, which is a matter of the precision: where the condition of the
/// Hessian is 1e12, most true pairs have a cosine below 1e-6 ...
pub(crate) const PAIR_COSINE: f64 = 8.0;
/// ... and `s.y > PAIR_NOISE EPSILON sum |s_i| (|g_i| + |g_t,i|)`, which its rounding may make of nothing.
pub(crate) const PAIR_NOISE: f64 = 4.0;
/// A step longer than this, as a multiple of its direction, whose pair is refused shows that the remembered pairs are of
/// another scale: they are forgotten, and gamma grows by the step. Else a lane that comes from a steep wall onto a
/// plateau of negative curvature creeps along it by the wall's measure, at a whole search a step.
pub(crate) const MISLED: f64 = 64.0;
/// Rounding measured in a failed search counts up to this many times what the model of the noise says: more is a jump.
pub(crate) const MEASURED_NOISE: f64 = 64.0;
/// Restarts along the gradient after a search that found nothing.
pub(crate) const MOST_RESETS: u32 = 3;
/// Accepted steps without progress that end a lane.
pub(crate) const MOST_STAGNANT: u32 = 10;
/// The part of the reference gradient that the gradient must fall to, to be progress.
pub(crate) const GRADIENT_PROGRESS: f64 = 0.9;
/// A stagnant lane whose gradient has grown so many times over the reference gradient is leaving a saddle, and goes on.
pub(crate) const GRADIENT_ESCAPE: f64 = 10.0;
