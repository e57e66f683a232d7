//! The settings of nonlinear conjugate gradients.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Nonlinear conjugate gradients: each step goes along
///
/// ```text
///     p_0 = -g_0,    p_k = -g_k + beta p_{k-1},
/// ```
///
/// beta being one of the formulas of [`CgUpdate`]. A lane remembers no pairs: it takes four vectors where L-BFGS with its
/// default memory takes twenty.
///
/// Unless set, lanes search by [`MoreThuente`](crate::MoreThuente) with a curvature of 0.1 and `approximate_armijo`, and a search
/// first tries the step that promises the decrease of the last one: [`NextStep::SlopeRatio`](crate::NextStep::SlopeRatio).
///
/// The direction begins anew along -g, which [`LaneResult::restarts`](crate::LaneResult::restarts) counts, where beta is not
/// positive (PR+), where `p_k` does not descend, and by the two rules below.
///
/// # References
/// J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed. (2006), section 5.2. W. W. Hager, H. Zhang: A survey of nonlinear
/// conjugate gradient methods, Pacific J. Optim. 2 (2006) 35-58. M. J. D. Powell: Restart procedures for the conjugate
/// gradient method, Math. Programming 12 (1977) 241-254.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConjugateGradient {
    /// The formula of beta; PR+ unless set.
    pub update: CgUpdate,
    /// The direction begins anew where `|g_k.g_{k-1}| >= orthogonality g_k.g_k`: on a quadratic, exactly searched, successive
    /// gradients are orthogonal. Above 0, infinite is never; 0.2, Powell's choice, unless set.
    pub orthogonality: f64,
    /// The direction begins anew after so many steps; 0, which is never, unless set. A usual choice is n.
    pub every: u32,
}

impl Default for ConjugateGradient {
    fn default() -> Self {
        Self { update: CgUpdate::PolakRibierePlus, orthogonality: 0.2, every: 0 }
    }
}

impl ConjugateGradient {
    pub(crate) fn validate(self) -> Result<()> {
        if self.orthogonality > 0.0 {
            return Ok(());
        }
        Err(Error::Setting { name: "orthogonality", value: self.orthogonality.to_string(), must: "above 0" })
    }
}

/// What of the last direction p goes on, as `beta`. Written with g the new gradient, g' the one before, `y = g - g'`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CgUpdate {
    /// `g.g / g'.g'`: short steps are followed by short ones, so it can jam.
    ///
    /// # References
    /// R. Fletcher, C. M. Reeves: Function minimization by conjugate gradients, Computer J. 7 (1964) 149-154.
    FletcherReeves,
    /// `max(0, g.y / g'.g')`: begins anew by itself after a step that came to nothing.
    ///
    /// # References
    /// E. Polak, G. Ribière, Rev. Française Inform. Rech. Opér. 16 (1969) 35-43, with the bound of J. C. Gilbert, J. Nocedal:
    /// Global convergence properties of conjugate gradient methods, SIAM J. Optim. 2 (1992) 21-42.
    #[default]
    PolakRibierePlus,
    /// `g.y / p.y`: keeps p conjugate whatever the search did.
    ///
    /// # References
    /// M. R. Hestenes, E. Stiefel, J. Res. Nat. Bur. Standards 49 (1952) 409-436.
    HestenesStiefel,
    /// `g.g / p.y`: descends after every step that meets the Wolfe conditions.
    ///
    /// # References
    /// Y. H. Dai, Y. Yuan: A nonlinear conjugate gradient method with a strong global convergence property, SIAM J. Optim. 10
    /// (1999) 177-182.
    DaiYuan,
    /// `max(-1 / (|p| min(0.01, |g'|)), (y - 2 p y.y / p.y).g / p.y)`: descends after any step with p.y not 0.
    ///
    /// # References
    /// W. W. Hager, H. Zhang: A new conjugate gradient method with guaranteed descent and an efficient line search, SIAM J.
    /// Optim. 16 (2005) 170-192, formulas 1.3 and 1.6.
    HagerZhang,
}
