//! What can be wrong with an objective's WGSL.

use thiserror::Error;

use super::device::Excerpt;

/// Mistakes in the WGSL of an objective; see [`Problem::verbatim`](crate::Problem::verbatim).
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum WgslError {
    /// What the compiler refuses, or what an objective can't have.
    #[error("{} is refused: {message}\n{}", if *line > 0 { format!("line {line}") } else { "the text".into() }, Excerpt { text, line: *line })]
    Refused {
        /// What is wrong.
        message: String,
        /// The line of the text, from 1; 0 if it is not known.
        line: u32,
        /// The whole text.
        text: String,
    },
    /// No function `objective`.
    #[error("there is no function `objective`; write `fn objective() -> f32 {{ ... }}`")]
    NoObjective,
    /// A function `objective` with arguments, or with another result.
    #[error(
        "line {line}: `objective` is `{found}` and must be `fn objective() -> f32`, or `-> vec2<f32>` for the value and the sum of the \
         absolute values of its terms; read the point as `x_at(i)` and give the gradient by `add_gradient(i, value)`"
    )]
    Signature {
        /// What it is.
        found: String,
        /// The line of the text, from 1.
        line: u32,
    },
    /// Nothing that `objective` runs gives a gradient, so that every start would look like a minimum.
    #[error("`objective` never calls `add_gradient(i, value)`: it must give its gradient as well")]
    NoGradient,
    /// The text's own `DIM` differs from the problem's dimension.
    #[error("the text has `DIM` = {text} and the problem has {problem} components; leave `DIM` out, and it is provided")]
    Dimension {
        /// What the text says.
        text: u32,
        /// Components of the problem's point.
        problem: usize,
    },
    /// `p_at` in a text of a problem without parameters.
    #[error("line {line} reads parameters and the problem has none; use `Problem::builder(n).parameters(count).verbatim(text)`")]
    NoParameters {
        /// The line of the text, from 1.
        line: u32,
    },
    /// A declaration of what is provided.
    #[error("line {line} declares `{name}`, which is provided; take another name")]
    Taken {
        /// The name.
        name: String,
        /// The line of the text, from 1.
        line: u32,
    },
    /// An index beyond the point, the parameters or the data, met while the objective was computed.
    #[error("an index is out of range: check what is given to `x_at`, `p_at`, `add_gradient` and the like, which count from 0")]
    OutOfRange,
    /// Data whose name can't stand in WGSL.
    #[error(
        "data `{name}` can't be read in WGSL as `{name}_at(i)`: its name must begin with a letter and have letters, digits and `_` only, and \
         be neither `x` nor `p`"
    )]
    DataName {
        /// The name.
        name: String,
    },
    /// A build without the GPU engine.
    #[error("WGSL is for GPUs, and this build of manymin has the CPU engine only: build it with its feature `gpu`, or write a closure")]
    NotBuilt,
}
