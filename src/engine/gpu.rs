//! The GPU engine.

pub(crate) mod adapter;
pub(crate) mod context;
mod large_stack;
mod loop_limit;
pub(crate) mod readback;
#[cfg(test)]
mod tests;
mod trouble;
