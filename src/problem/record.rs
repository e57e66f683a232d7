//! A problem as bytes, and what it is told by.
//!
//! A traced objective is written as the loops, indices and operations that tracing left, in the order of their numbers: built
//! from them again, its program is the same to the last operation, and so is every bit that it computes. What was derived
//! from them is derived anew.

mod nests;
mod rebuild;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_128;

use super::affine::{Affine, Loop, LoopId};
use super::graph::{Fold, Id, Op, Parts};
use super::{Objective, Problem, ProblemBuilder, Traced};

/// What tells problems apart: a hash of the program, its data, and the numbers of components and parameters. Two problems that
/// are traced from the same operations in the same order have the same; it is written as 32 hexadecimal digits.
///
/// ```
/// use manymin::prelude::*;
///
/// let bowl = |center: f64| Problem::new(1, |x| (x[0] - center).powi(2));
/// assert_eq!(bowl(3.0)?.fingerprint(), bowl(3.0)?.fingerprint());
/// assert_ne!(bowl(3.0)?.fingerprint(), bowl(4.0)?.fingerprint());
/// assert_eq!(bowl(3.0)?.fingerprint().to_string().len(), 32);
/// # Ok::<(), manymin::Error>(())
/// ```
///
/// Constants of the objective that are computed from others, such as `x.constant(2.0).exp()`, are as the machine's mathematical
/// library has them, and another release of this crate may simplify a program otherwise: compare fingerprints that come from one
/// release and one kind of machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u128);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A problem as it stands in files.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    dimension: usize,
    parameters: usize,
    data: Cow<'a, [(String, Vec<f64>)]>,
    objective: Written<'a>,
}

#[derive(Serialize, Deserialize)]
enum Written<'a> {
    Traced(Steps<'a>),
    /// WGSL by hand, as it was given.
    Verbatim(Cow<'a, str>),
}

/// What was traced.
#[derive(Serialize, Deserialize)]
struct Steps<'a> {
    loops: Cow<'a, [Loop]>,
    affines: Cow<'a, [Affine]>,
    ops: Cow<'a, [Op]>,
    folds: Vec<Carried<'a>>,
    /// The objective.
    value: Id,
}

/// A fold: its loop, and where its state comes from.
#[derive(Serialize, Deserialize)]
struct Carried<'a> {
    variable: LoopId,
    initial: Cow<'a, [Id]>,
    next: Cow<'a, [Id]>,
}

impl Problem {
    /// What tells this problem from others; a [checkpoint](crate::Batch::load_for) is known by it.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(XxHash3_128::oneshot(&self.to_record()))
    }

    /// The problem as bytes.
    pub(crate) fn to_record(&self) -> Vec<u8> {
        let shared = &*self.shared;
        let objective = match &shared.objective {
            Objective::Traced(traced) => {
                let Parts { loops, affines, ops, folds } = traced.program.graph.parts(traced.mark);
                let carried = |fold: &'_ Fold| Carried {
                    variable: fold.variable,
                    initial: fold.initial.clone().into(),
                    next: fold.next.clone().into(),
                };
                let folds = folds.iter().map(carried).collect();
                let value = traced.program.traced;
                Written::Traced(Steps { loops: loops.into(), affines: affines.into(), ops: ops.into(), folds, value })
            }
            #[cfg(feature = "gpu")]
            Objective::Verbatim(verbatim) => Written::Verbatim(verbatim.text.as_str().into()),
        };
        let data = Cow::Borrowed(&*shared.data);
        let record = Record { dimension: shared.dimension, parameters: shared.parameters, data, objective };
        postcard::to_stdvec(&record).unwrap_or_else(|_| unreachable!("writing to memory does not fail"))
    }

    /// The problem from its bytes, checked as one that is traced; or what is wrong with it.
    pub(crate) fn from_record(bytes: &[u8]) -> Result<Self, String> {
        let (record, rest) = postcard::take_from_bytes::<Record<'_>>(bytes).map_err(|error| error.to_string())?;
        if !rest.is_empty() {
            return Err(format!("{} bytes are left over", rest.len()));
        }
        let Record { dimension, parameters, data, objective } = record;
        let builder = ProblemBuilder { dimension, parameters, data: data.into_owned() };
        match objective {
            Written::Traced(steps) => {
                builder.check().map_err(|error| error.to_string())?;
                let (graph, value) = rebuild::graph(&steps, &builder)?;
                Ok(builder.problem(Objective::Traced(Box::new(Traced::new(graph, value, dimension)))))
            }
            Written::Verbatim(text) => builder.verbatim(&text).map_err(|error| error.to_string()),
        }
    }
}
