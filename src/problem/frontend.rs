//! Objectives written in WGSL that become programs: with a gradient, on every engine.

mod access;
mod arithmetic;
mod builtins;
mod carried;
mod digits;
mod expressions;
mod facts;
mod integers;
mod loops;
mod lower;
mod parse;
mod repeat;
mod source;
mod statements;
mod text;
mod tidy;
mod value;

pub use source::WgslSource;
