//! Which pairs quasi-Newton methods learn from.

use serde::{Deserialize, Serialize};

use super::line_search::check;
use crate::error::Result;

/// Which pairs (s, y) quasi-Newton methods learn from: s is a step, y the change of the gradient along it. A pair is taken if
///
/// ```text
///     s.y > max(cosine EPSILON |s| |y|, noise EPSILON sum |s_i| (|g_i| + |g_t,i|))
/// ```
///
/// where g and g_t are the gradients at its ends, and EPSILON is that of the lanes' precision: s.y is then positive beyond its
/// own rounding.
///
/// What is learned from it is the mean of the curvature along s. By L-BFGS, where `values` is set and the change of f tells more than its noise
/// may make up, it is the curvature at the new end of s, as of a cubic with the same values and slopes: y is multiplied by
///
/// ```text
///     6 (f - f_t + s.g_t) / s.y - 2        kept within 1/10 and 10
/// ```
///
/// It is 1 if f is quadratic. Down an exponential, whose mean curvature along a step is several times what is left at its end, it
/// halves the number of steps; of the problems of Moré, Garbow and Hillstrom it takes a tenth to a sixth of the evaluations.
///
/// # References
/// M. C. Biggs: A note on minimization algorithms which make use of non-quadratic properties of the objective function, J. Inst.
/// Maths Applics 12 (1973) 337-338.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pairs {
    /// The least cosine of the angle between s and y in units of rounding, at least 0; 8 unless set. It is a matter of the
    /// precision: where the condition of the Hessian is 1e12, most true pairs have a cosine below 1e-6.
    pub cosine: f64,
    /// How many units of rounding s.y must exceed, at least 0; 4 unless set.
    pub noise: f64,
    /// A number, at least 0, that is added to s.y and y.y before anything is divided by them; 0 unless set. It makes steps
    /// depend on the scale of f: set it only to walk as a program does that has it, as
    /// [mize](crate::MoreThuente#as-mize-does-it) with `f64::EPSILON`, which moves the ninth digit of values once s.y has fallen
    /// to 1e-7.
    pub offset: f64,
    /// Whether values of f tell L-BFGS of the curvature besides; true unless set. BFGS, whose matrix remembers every pair, goes by
    /// gradients, as most other programs do.
    pub values: bool,
}

impl Default for Pairs {
    fn default() -> Self {
        Self { cosine: 8.0, noise: 4.0, offset: 0.0, values: true }
    }
}

impl Pairs {
    pub(crate) fn validate(self) -> Result<()> {
        const MUST: &str = "a number of f32, at least 0";
        let small = |value: f64| value >= 0.0 && value <= f64::from(f32::MAX);
        check("cosine", self.cosine, small(self.cosine), MUST)?;
        check("noise", self.noise, small(self.noise), MUST)?;
        check("offset", self.offset, small(self.offset), MUST)
    }
}
