//! What can keep a fit by least squares from being judged.

use thiserror::Error;

/// What a sum of squares is needed for can't be done with this objective, or not at this point.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum FitError {
    /// The objective is not a sum of squares, or not written as one.
    #[error(
        "the objective is not seen to be a sum of squares: write each residual as `r.powi(2)` or `r * r`, add them up with `+` and `sum`, and multiply them by nothing but what is known not to be negative (positive constants, data, squares)"
    )]
    NotSquares,
    /// More residuals than can be listed.
    #[error("there are {residuals} residuals, more than the {limit} that are listed one by one")]
    TooMany {
        /// How many there are.
        residuals: usize,
        /// The most that are listed.
        limit: usize,
    },
    /// More components than J'J is held for.
    #[error("the point has {components} components, more than the {limit} that normal equations are set up for")]
    TooLarge {
        /// n
        components: usize,
        /// The most that are taken.
        limit: usize,
    },
    /// No degrees of freedom.
    #[error(
        "{residuals} residuals leave nothing to judge a fit of {components} components by: there must be more residuals than components"
    )]
    TooFew {
        /// m
        residuals: usize,
        /// n
        components: usize,
    },
    /// The Jacobian has not full rank.
    #[error("the residuals do not determine component {component}: to rounding, changing it along with others changes no residual")]
    Undetermined {
        /// The component.
        component: usize,
    },
    /// Residuals or derivatives that are infinite or not numbers.
    #[error("residuals or their derivatives are not finite at this point")]
    NotFinite,
}
