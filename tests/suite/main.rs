//! Tests of the crate through its public interface, in one binary: one compilation, one link.

mod bounds;
mod cases;
mod checkpoints;
#[cfg(feature = "cli")]
mod command_line;
mod devices;
#[cfg(feature = "gpu")]
mod engines_agree;
mod faces;
mod floors;
#[cfg(feature = "gpu")]
mod gpu_device;
#[cfg(feature = "gpu")]
mod gpu_engine;
mod gradients;
mod guards;
mod hessians;
mod invariance;
mod lanes;
mod methods;
mod mgh;
mod misuse;
mod mize_traces;
mod monitors;
mod monitors_at_hand;
#[cfg(any(feature = "plot", feature = "tracing"))]
mod monitors_of_features;
mod moves;
mod multistart;
mod nist;
#[cfg(feature = "gpu")]
mod parity;
mod precision;
mod programs;
mod properties;
mod random;
mod search;
mod searches;
mod shader_text;
mod squares;
mod steering;
mod sweep;
mod tracing_errors;
mod trails;
#[cfg(feature = "gpu")]
mod verbatim;
mod verdicts;
mod vignette;
#[cfg(feature = "wgsl")]
mod wgsl_frontend;
