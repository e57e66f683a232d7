//! How one lane moves, as plain data: the method, tolerances, limits, bounds, and how a lane can end.

pub(crate) mod bounds;
pub(crate) mod constants;
pub(crate) mod lbfgs;
pub(crate) mod methods;
pub(crate) mod settings;
pub(crate) mod status;

pub use bounds::Bounds;
pub use lbfgs::Lbfgs;
pub use methods::Method;
pub(crate) use settings::Demands;
pub use settings::{FloorPolicy, Limits, Tolerances};
pub use status::{Evidence, Status, Test};
