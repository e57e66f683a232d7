//! x
mod error;
mod problem;
pub use error::*;
pub use problem::*;
/// p
pub mod prelude { pub use crate::*; }
