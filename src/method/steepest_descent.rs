//! The settings of steepest descent: there are none.

use serde::{Deserialize, Serialize};

/// Steepest descent: each step goes along `d = -g`. The plainest method and the slowest: its steps shrink the error by
/// `(kappa - 1) / (kappa + 1)` at best, kappa being the condition number; here to be compared with.
///
/// Unless set, lanes search as with [`ConjugateGradient`](crate::ConjugateGradient).
///
/// # References
/// J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), section 3.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SteepestDescent;
