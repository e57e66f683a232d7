//! Minimise one objective from thousands to millions of starting points, or for thousands of parameter sets, at once.
//!
//! Every *lane* is an independent L-BFGS minimisation of
//!
//! ```text
//!     min f(x; p)    over x in R^n
//! ```
//!
//! from its own start x, with its own parameters p.
#![warn(missing_docs)]

mod batch;
mod device;
mod engine;
mod error;
mod method;
mod minimizer;
mod monitor;
mod outcome;
pub mod problem;
mod starts;

pub use batch::Batch;
pub use device::{Device, Precision};
pub use engine::source::Source;
pub use engine::{Summary, Totals};
pub use error::{BoundsError, DeviceError, Error, ProblemError, Result, StartsError};
pub use method::{Bounds, Evidence, Lbfgs, Limits, Status, Test, Tolerances};
pub use minimizer::Minimizer;
pub use monitor::{Answer, Control, Monitor, Step};
pub use outcome::{LaneResult, Outcome, Polished};
pub use problem::{Evaluation, GradientCheck, Problem};
pub use starts::Starts;

/// What most programs need: `use manymin::prelude::*;`
pub mod prelude {
    pub use crate::problem::{Array, Condition, Context, Index, Point, Scalar, select};
    pub use crate::{
        Batch, Bounds, Control, Device, Evaluation, LaneResult, Lbfgs, Limits, Minimizer, Monitor, Outcome, Polished, Precision, Problem,
        Source, Starts, Status, Step, Summary, Test, Tolerances,
    };
}
