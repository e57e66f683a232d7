//! What goes wrong in batch optimizers, one test each.

mod edges;
mod endings;
mod history;
mod isolation;
