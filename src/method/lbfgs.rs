//! The settings of L-BFGS.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The L-BFGS method: each step goes along `d = -H g`, H the inverse Hessian that the last `memory` steps suggest.
///
/// # References
/// J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), algorithms 7.4 and 7.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lbfgs {
    /// Pairs (s, y) remembered, 1 to 64. 8 unless set: more help on ill-conditioned problems, at 2 n numbers a pair.
    pub memory: usize,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self { memory: 8 }
    }
}

/// The longest memory taken.
const LONGEST_MEMORY: usize = 64;

impl Lbfgs {
    pub(crate) fn validate(self) -> Result<()> {
        if (1..=LONGEST_MEMORY).contains(&self.memory) {
            return Ok(());
        }
        Err(Error::Setting { name: "memory", value: self.memory.to_string(), must: "1 to 64" })
    }
}
