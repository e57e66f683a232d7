//! Evaluation on the CPU, over blocks of lanes.

pub(crate) mod chunk;
pub(crate) mod code;
mod compile;
pub(crate) mod dispatch;
mod functions;
pub(crate) mod lanes;
pub(crate) mod machine;
mod math;
mod opcode;
pub(crate) mod real;
mod vector;

pub(crate) use compile::{Layout, compile};
