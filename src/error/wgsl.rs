//! What can be wrong with an objective's WGSL.

use thiserror::Error;

use super::Number;
use super::device::Excerpt;

/// Mistakes in the WGSL of an objective: of a problem file, `WgslSource`, which becomes a program, or of
/// [`Problem::verbatim`](crate::Problem::verbatim).
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
    /// What the compiler refuses in a problem file, or what can't become a program.
    #[error("line {line}, column {column}: {message}\n{excerpt}{help}")]
    At {
        /// What is wrong.
        message: String,
        /// What to do about it; may be empty.
        help: String,
        /// The line of the text, from 1.
        line: u32,
        /// The column, from 1, in characters.
        column: u32,
        /// The line as it stands, with a caret below the place.
        excerpt: String,
    },
    /// A text that is more than is read.
    #[error("the text has {given} {what}, more than the {limit} that are read; write repeated parts as loops, and long tables as data")]
    TooLong {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        given: usize,
        /// The most that is read.
        limit: usize,
    },
    /// A constant that the text does not have.
    #[error("there is no module constant `{name}`; {}", if known.is_empty() { "the text has none: write `const NAME = value;`".to_string() } else { format!("the text has {}", known.join(", ")) })]
    UnknownConstant {
        /// The name asked for.
        name: String,
        /// The constants that there are.
        known: Vec<String>,
    },
    /// A value that a constant can't have.
    #[error("constant `{name}` can't be {}: it must be {must}", Number(*value))]
    ConstantValue {
        /// The constant.
        name: String,
        /// The value given.
        value: f64,
        /// What it must be.
        must: &'static str,
    },
    /// Data for an array that the text does not have.
    #[error("there is no array `{name}` to fill; {}", if known.is_empty() { "the text has none: write `@group(0) @binding(0) var<storage, read> NAME: array<f32>;`".to_string() } else { format!("the text has {}", known.join(", ")) })]
    UnknownArray {
        /// The name asked for.
        name: String,
        /// The arrays that there are.
        known: Vec<String>,
    },
    /// An array of the text that was not filled.
    #[error("array `{name}` has no numbers; fill it with `.data(\"{name}\", &values)`, or `--data {name}=FILE:COLUMN` on the command line")]
    NoNumbers {
        /// The array.
        name: String,
    },
    /// Data of another length than the text says.
    #[error("array `{name}` takes {wanted} numbers and is given {given}; declare it as `array<f32>` to take any number of them")]
    ArrayLength {
        /// The array.
        name: String,
        /// Numbers that were given.
        given: usize,
        /// Numbers that the text declares.
        wanted: usize,
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
