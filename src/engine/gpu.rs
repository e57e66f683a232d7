//! The GPU engine: the lane's state machine in WGSL, an invocation a lane.

mod shader;
