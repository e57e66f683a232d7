//! How one lane moves, as plain data: the method, tolerances, limits, bounds, and how a lane can end.

pub(crate) mod bounds;
pub(crate) mod conjugate_gradient;
pub(crate) mod constants;
pub(crate) mod lbfgs;
pub(crate) mod methods;
pub(crate) mod settings;
pub(crate) mod status;
pub(crate) mod steepest_descent;

pub use bounds::Bounds;
pub use conjugate_gradient::{CgUpdate, ConjugateGradient};
pub use lbfgs::Lbfgs;
pub use methods::Method;
pub use settings::{Limits, Tolerances};
pub use status::{Evidence, Status, Test};
pub use steepest_descent::SteepestDescent;
