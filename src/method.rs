//! How one lane moves, as plain data: the method, tolerances, limits, bounds, and how a lane can end.

pub(crate) mod bfgs;
pub(crate) mod bounds;
pub(crate) mod conjugate_gradient;
pub(crate) mod constants;
pub(crate) mod delta_bar_delta;
pub(crate) mod initial_step;
pub(crate) mod lbfgs;
pub(crate) mod levenberg_marquardt;
pub(crate) mod line_search;
pub(crate) mod methods;
pub(crate) mod momentum;
pub(crate) mod pairs;
pub(crate) mod settings;
pub(crate) mod status;
pub(crate) mod steepest_descent;
pub(crate) mod walk;

pub use bfgs::Bfgs;
pub use bounds::Bounds;
pub use conjugate_gradient::{CgUpdate, ConjugateGradient};
pub use delta_bar_delta::{DeltaBarDelta, StepUp};
pub use initial_step::{FirstStep, InitialStep, NextStep};
pub use lbfgs::Lbfgs;
pub use levenberg_marquardt::LevenbergMarquardt;
pub use line_search::{Backtracking, ConstantStep, LineSearch, MoreThuente, SlopeSearch};
pub use methods::Method;
pub(crate) use momentum::Inertia;
pub use momentum::{Momentum, Nesterov, Restart, Schedule};
pub use pairs::Pairs;
pub(crate) use settings::Demands;
pub use settings::{FloorPolicy, Limits, Tolerances};
pub use status::{Evidence, Status, Test};
pub use steepest_descent::SteepestDescent;
pub(crate) use walk::Walk;
