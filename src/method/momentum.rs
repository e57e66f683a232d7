//! The settings of methods that keep some of their speed: classical momentum and Nesterov's accelerated gradient.

use serde::{Deserialize, Serialize};

use super::line_search::check;
use crate::error::Result;

/// Gradient descent with classical momentum, the heavy ball:
///
/// ```text
///     x_{k+1} = x_k + d_k,    d_k = mu_k v_k - rate g_k,    v_k = x_k - x_{k-1},
/// ```
///
/// mu_k from a [`Schedule`]. Unless another search is set, every step is taken ([`ConstantStep`](crate::ConstantStep) of 1)
/// and f may rise: the lowest point met is what a lane reports, as [`LaneResult::point`](crate::LaneResult::point). A lane that
/// rises and falls by more than rounding isn't stagnant. One whose steps are too long ends as
/// [`Status::Diverged`](crate::Status::Diverged).
///
/// With a step of alpha, `x_{k+1} = x_k + alpha_k d_k` and v_k is `(x_k - x_{k-1}) / alpha_{k-1}`. With a search that wants f to
/// fall, a d_k that doesn't descend is replaced by `-rate g_k`, which counts as a restart.
///
/// # References
/// B. T. Polyak: Some methods of speeding up the convergence of iteration methods, USSR Comput. Math. Math. Phys. 4 (1964)
/// 1-17. I. Sutskever, J. Martens, G. Dahl, G. Hinton: On the importance of initialization and momentum in deep learning,
/// ICML 2013.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Momentum {
    /// The step along -g, above 0; 1e-3 unless set. Constant steps go round a minimum with largest curvature L, and don't leave
    /// it, if it is below `2 (1 + mu) / L`.
    pub rate: f64,
    /// How mu grows; 0.9 throughout unless set.
    pub schedule: Schedule,
    /// Whether the first step, and that after a restart, has momentum too; `false` unless set. It makes a difference only
    /// with `weighted`, since there is no velocity yet.
    pub first: bool,
    /// Whether the gradient's part has the weight `1 - mu`, so that speed does not grow with mu; `false` unless set.
    pub weighted: bool,
    /// When velocity is dropped; never unless set.
    pub restart: Option<Restart>,
    /// Steps after a restart before there can be another; 10 unless set.
    pub restart_wait: u32,
}

/// Nesterov's accelerated gradient:
///
/// ```text
///     y_{k+1} = x_k - rate g(x_k),    x_{k+1} = y_{k+1} + mu_k (y_{k+1} - y_k),
/// ```
///
/// mu_k from a [`Schedule`]; `y_0 = x_0`. A lane's point is x, where f and g are evaluated, one evaluation a step: what is
/// reported belongs together. (In the form of Sutskever et al. y is the point, x the look-ahead.)
///
/// What [`Momentum`] says of steps, searches and ends holds here too; with a step of alpha, `y_{k+1} - x_k` and
/// `x_{k+1} - x_k` are alpha times as long.
///
/// # References
/// Y. Nesterov: A method of solving a convex programming problem with convergence rate O(1/k^2), Soviet Math. Dokl. 27 (1983)
/// 372-376. B. O'Donoghue, E. Candès: Adaptive restart for accelerated gradient schemes, Found. Comput. Math. 15 (2015)
/// 715-732, arXiv:1204.3982, algorithm 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nesterov {
    /// The step along -g, above 0; 1e-3 unless set. Best about `1 / L`, L being the largest curvature.
    pub rate: f64,
    /// How mu grows; [`Schedule::Convex`] with q = 0 unless set.
    pub schedule: Schedule,
    /// Whether the first step, and that after a restart, has momentum too; `false` unless set. It is then `1 + mu` times as
    /// long.
    pub first: bool,
    /// When momentum is dropped; never unless set.
    pub restart: Option<Restart>,
    /// Steps after a restart before there can be another; 10 unless set.
    pub restart_wait: u32,
}

/// The momentum mu of step t, counted from 1 since the start or the last restart; mu is 0 at t = 1 unless `first` is set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Schedule {
    /// The same throughout, 0 to 1.
    Constant(f64),
    /// Nesterov's: theta_0 = 1, `theta_t^2 = (1 - theta_t) theta_{t-1}^2 + q theta_t`,
    /// `mu_t = theta_{t-1} (1 - theta_{t-1}) / (theta_{t-1}^2 + theta_t)`.
    Convex {
        /// The inverse condition number, as far as known, 0 to 1: 0 gives the largest momentum, 1 gives none.
        q: f64,
        /// mu is 0 before this step, and the recursion begins with it.
        burn_in: u32,
    },
    /// What that comes to with q = 0: `1 - 3 / (t - burn_in + 5)` after step `burn_in`, 0 up to it (Sutskever et al.).
    Approximate {
        /// See above.
        burn_in: u32,
    },
    /// `low` before step `at`, `high` from there on.
    Switch {
        /// 0 to 1.
        low: f64,
        /// 0 to 1.
        high: f64,
        /// See above.
        at: u32,
    },
    /// From `low` at the first step that has momentum, in a straight line, to `high` at step `steps`, and that from there on.
    Ramp {
        /// 0 to 1.
        low: f64,
        /// 0 to 1.
        high: f64,
        /// At least 3.
        steps: u32,
    },
}

/// When a lane drops its momentum and begins anew from where it is, which [`LaneResult::restarts`](crate::LaneResult::restarts)
/// counts.
///
/// # References
/// B. O'Donoghue, E. Candès, see [`Nesterov`], for the first two. W. Su, S. Boyd, E. J. Candès: A differential equation for
/// modeling Nesterov's accelerated gradient method, J. Mach. Learn. Res. 17 (2016), no. 153, section 5, for the third.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Restart {
    /// When f has risen.
    Value,
    /// When the momentum points uphill: `g_k.v_k > 0`, in Nesterov's method `g_k.(y_{k+1} - y_k) > 0`.
    Gradient,
    /// When the last step was shorter than the one before.
    Speed,
}

/// 1e-3: nothing is known of the objective.
pub(super) const RATE: f64 = 1e-3;
const RESTART_WAIT: u32 = 10;

impl Default for Momentum {
    fn default() -> Self {
        Self { rate: RATE, schedule: Schedule::Constant(0.9), first: false, weighted: false, restart: None, restart_wait: RESTART_WAIT }
    }
}

impl Default for Nesterov {
    fn default() -> Self {
        Self { rate: RATE, schedule: Schedule::default(), first: false, restart: None, restart_wait: RESTART_WAIT }
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Convex { q: 0.0, burn_in: 0 }
    }
}

impl Schedule {
    fn validate(self) -> Result<()> {
        let part = |name, value: f64| check(name, value, (0.0..=1.0).contains(&value), "0 to 1");
        match self {
            Self::Constant(mu) => part("schedule", mu),
            Self::Convex { q, .. } => part("q", q),
            Self::Approximate { .. } => Ok(()),
            Self::Switch { low, high, .. } => part("low", low).and_then(|()| part("high", high)),
            Self::Ramp { low, high, steps } => {
                part("low", low)?;
                part("high", high)?;
                check("steps", steps, steps >= 3, "at least 3")
            }
        }
    }
}

/// What engines are told of both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Inertia {
    pub(crate) rate: f64,
    pub(crate) schedule: Schedule,
    pub(crate) nesterov: bool,
    pub(crate) first: bool,
    pub(crate) weighted: bool,
    pub(crate) restart: Option<Restart>,
    pub(crate) restart_wait: u32,
}

impl Inertia {
    pub(super) fn validate(self) -> Result<()> {
        check_rate(self.rate)?;
        self.schedule.validate()
    }
}

/// A rate that all precisions have.
pub(super) fn check_rate(rate: f64) -> Result<()> {
    check("rate", rate, super::line_search::is_step(rate), "above 0, and a number of f32")
}

impl From<Momentum> for Inertia {
    fn from(momentum: Momentum) -> Self {
        let Momentum { rate, schedule, first, weighted, restart, restart_wait } = momentum;
        Self { rate, schedule, nesterov: false, first, weighted, restart, restart_wait }
    }
}

impl From<Nesterov> for Inertia {
    fn from(nesterov: Nesterov) -> Self {
        let Nesterov { rate, schedule, first, restart, restart_wait } = nesterov;
        Self { rate, schedule, nesterov: true, first, weighted: false, restart, restart_wait }
    }
}
