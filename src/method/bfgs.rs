//! The settings of BFGS.

use serde::{Deserialize, Serialize};

/// The BFGS method: each step goes along `d = -H g`, H the inverse Hessian that all steps so far suggest,
///
/// ```text
///     H <- (I - rho s y^T) H (I - rho y s^T) + rho s s^T,    rho = 1 / s.y
/// ```
///
/// s being a step and y the change of the gradient along it. It begins as the identity, which the first pair scales to
/// `s.y / y.y`. H is a matrix of n (n + 1) / 2 numbers a lane: for problems of few components, where it takes fewer steps than
/// [`Lbfgs`](crate::Lbfgs), whose memory grows as n.
///
/// ```
/// use manymin::prelude::*;
///
/// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let outcome = Minimizer::new(Bfgs::default()).minimize(&Device::auto()?, &rosenbrock, &starts)?;
/// assert!(outcome.statuses().iter().all(|status| status.is_success()));
/// # Ok::<(), manymin::Error>(())
/// ```
///
/// # References
/// J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), algorithm 6.1 and equation 6.20.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bfgs {}
