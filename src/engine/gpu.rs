//! The GPU engine: the lane's state machine in WGSL, an invocation a lane.
//!
//! Shaders stand in `shaders/`, one stage a file; what they share with the CPU engine is generated before them. The host
//! sends off rounds, reads a few words back, and exchanges lanes that have ended for such as wait.

pub(crate) mod adapter;
mod clock;
pub(crate) mod context;
pub(crate) mod engine;
pub(crate) mod evaluator;
mod exchange;
mod failed;
mod flight;
mod kernels;
mod loop_limit;
pub(crate) mod memory;
mod method_settings;
mod pace;
mod pack;
pub(crate) mod probe;
pub(crate) mod readback;
pub(crate) mod shader;
mod shape;
mod stages;
mod state;
#[cfg(test)]
mod tests;
mod trouble;
