//! Evaluation on the CPU, over blocks of lanes.

pub(crate) mod chunk;
pub(crate) mod code;
mod compile;
mod functions;
pub(crate) mod machine;
mod math;
pub(crate) mod real;

pub(crate) use compile::compile;
