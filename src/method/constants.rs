//! The numbers of the line search and the L-BFGS update, shared by all engines.
//!
//! They began as those of the f32 study of 1,000 lanes on each of nine problems; each says what it is for.
//!
//! # References
//! W. W. Hager, H. Zhang: A new conjugate gradient method with guaranteed descent and an efficient line search, SIAM J.
//! Optim. 16 (2005), for approximate Wolfe. J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), ch. 3, 7.

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
/// Where to go on after a point that is not finite, as a part of the bracket.
pub(crate) const RETREAT: f64 = 0.1;
/// How near the ends of its bracket a secant step may come, as a part of it.
pub(crate) const MARGIN: f64 = 0.1;
/// A bracket that stays above this part of the one before is bisected.
pub(crate) const SHRINKAGE: f64 = 2.0 / 3.0;
/// A search ends when the bracket is this many EPSILON of every component.
pub(crate) const RESOLUTION: f64 = 2.0;
/// The lower bound of beta by Hager and Zhang is `-1 / (|p| min(BETA_FLOOR, |g'|))`, g' the gradient before.
pub(crate) const BETA_FLOOR: f64 = 0.01;
/// Momentum on convex functions is about `1 - MOMENTUM_NUMERATOR / (t + MOMENTUM_DELAY)` (Sutskever et al. 2013).
pub(crate) const MOMENTUM_NUMERATOR: f64 = 3.0;
/// See [`MOMENTUM_NUMERATOR`].
pub(crate) const MOMENTUM_DELAY: f64 = 5.0;
/// A step longer than this, as a multiple of its direction, whose pair is refused shows that the remembered pairs are of
/// another scale: they are forgotten, and gamma grows by the step. Else a lane that comes from a steep wall onto a
/// plateau of negative curvature creeps along it by the wall's measure, at a whole search a step.
pub(crate) const MISLED: f64 = 64.0;
/// Values tell the curvature at the end of a step to be up to this many times its mean along the step, or as small a part of it:
/// what they tell beyond comes from further than a step can see.
pub(crate) const MOST_BEND: f64 = 10.0;
/// What the excess 2 (f - f_t + s.g_t) / s.y - 1 of values over slopes counts in the curvature at the end of a step: so it is of a
/// cubic (Biggs 1973).
pub(crate) const EXCESS_WEIGHT: f64 = 3.0;
/// Rounding measured in a failed search counts up to this many times what the model of the noise says: more is a jump.
pub(crate) const MEASURED_NOISE: f64 = 64.0;
/// A lane that searches anew by the noise it has measured may find so many times what the model says, in all: residuals of
/// 40 that cancel have thousands. Each time it grows by [`MEASURED_NOISE`] at most.
pub(crate) const MOST_ROUGHNESS: f64 = 4096.0;
/// A gradient so many times as large as what it changes by next to x is no noise: where only values are, x is no floor.
pub(crate) const GRADIENT_TELLS: f64 = 4.0;
/// Restarts along the gradient after a search that found nothing.
pub(crate) const MOST_RESETS: u32 = 3;
/// Accepted steps without progress that end a lane.
pub(crate) const MOST_STAGNANT: u32 = 10;
/// The part of the reference gradient that the gradient must fall to, to be progress.
pub(crate) const GRADIENT_PROGRESS: f64 = 0.9;
/// A stagnant lane whose gradient has grown so many times over the reference gradient is leaving a saddle, and goes on.
pub(crate) const GRADIENT_ESCAPE: f64 = 10.0;
/// Below 1, initial steps of quasi-Newton methods are this many times what was measured, so that steps that near 1 reach it.
pub(crate) const INITIAL_GROWTH: f64 = 1.01;
/// Moré and Thuente: while there is no bracket, a trial goes on at most this many times as far as it was from the best step.
pub(crate) const FARTHEST_TRIAL: f64 = 4.0;
/// Moré and Thuente: the part of the interval that its next trial may take of it, and that two trials must leave of it at most.
pub(crate) const NARROWING: f64 = 0.66;
/// Approximate sufficient decrease: f may be this part of |f| above what it was.
pub(crate) const APPROXIMATE_VALUE: f64 = 1e-6;
