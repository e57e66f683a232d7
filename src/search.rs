//! Global search: many local minimisations, and what is distinct among their results.

mod clusters;
mod distinct;
mod minima;

pub use distinct::Distinct;
pub use minima::{Minima, Minimum};
