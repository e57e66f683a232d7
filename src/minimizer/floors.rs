//! Whether lanes at the floor are checked.

use super::Minimizer;

impl Minimizer<'_> {
    /// Whether lanes in f32 that end at the [`PrecisionFloor`](crate::Status::PrecisionFloor) are checked in f64: they are unless
    /// this says otherwise.
    ///
    /// A lane says that it is at the floor by what it remembers, which tells of directions that it has walked. So the host asks
    /// f64 whether f falls from the lane's point by more than 100 roundings of its terms and of the point,
    ///
    /// ```text
    ///     100 EPSILON (S + sum_i |x_i g_i|),    EPSILON = 1.2e-7,    S the sum of the absolute values of the terms of f
    /// ```
    ///
    /// Where a point is found that is so much lower, the lane ends in [`PrecisionLoss`](crate::Status::PrecisionLoss). Its
    /// [evidence](crate::Evidence) is how far f has fallen when that was clear. Its point and value stay as they are: they are what f32 has
    /// found, and [`Outcome::polish`](crate::Outcome::polish) goes on from there. A lane whose gradient in f64 is within its tolerance
    /// stays a success.
    ///
    /// Lanes at a minimum are most often known by the exact Hessian, in n evaluations of some length each; sums of squares that are
    /// almost 0 by a single evaluation. All others are [polished](crate::Outcome::polish), and so are all with n above 64. This is done
    /// when lanes are reported, on all cores, and adds a third to a short run in which all lanes end at the floor: a gradient
    /// tolerance that f32 can reach saves it. It changes nothing of how lanes go. Lanes in f64 and [verbatim](crate::Problem::verbatim)
    /// WGSL are not checked: there is nothing to check them by.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// // Powell's badly scaled function: a curvature of 1e10 hides in f32 how f falls along the other direction.
    /// let problem = Problem::new(2, |x| (1e4 * x[0] * x[1] - 1.0).powi(2) + ((-x[0]).exp() + (-x[1]).exp() - 1.0001).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-0.1, 0.9], &[0.1, 1.1])?, 100, 42);
    /// let device = Device::cpu(Precision::F32);
    /// let minimizer = || Minimizer::new(Lbfgs::default());
    /// let claimed = minimizer().certify_floors(false).minimize(&device, &problem, &starts)?;
    /// let checked = minimizer().minimize(&device, &problem, &starts)?;
    /// for (claimed, checked) in claimed.iter().zip(checked.iter()).filter(|lanes| lanes.1.status == Status::PrecisionLoss) {
    ///     assert_eq!((claimed.status, claimed.value), (Status::PrecisionFloor, checked.value));
    ///     assert!(checked.evidence.measured > checked.evidence.threshold);
    /// }
    /// assert!(checked.status_counts().contains_key(&Status::PrecisionLoss));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # References
    /// S. Boyd, L. Vandenberghe: Convex Optimization (2004), ch. 9.5, for what Newton's step promises.
    pub fn certify_floors(mut self, certify: bool) -> Self {
        self.settings.certify_floors = certify;
        self
    }
}
