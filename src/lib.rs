//! Minimise one objective from thousands to millions of starting points, or for thousands of parameter sets, at once.
//!
//! Every *lane* is an independent minimisation
//!
//! ```text
//!     min f(x; p)    over x in R^n, or in a box
//! ```
//!
//! from its own start x, with its own parameters p, by L-BFGS or another [`Method`]. You write f once, as a Rust closure; its
//! gradient is derived. All lanes run at once, none waits for another, and each ends with a verdict and the evidence for it.
//!
//! # In a minute
//!
//! ```
//! use manymin::prelude::*;
//!
//! // f(x) = sum over i of 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2, in ten variables: the sum stays a loop.
//! let rosenbrock = Problem::new(10, |x| {
//!     x.sum(0..9, |i| 100.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2) + (1.0 - x.at(i)).powi(2))
//! })?;
//!
//! // 1,000 starts in a box, all the same on every machine.
//! let starts = Starts::uniform(&Bounds::new(&[-2.0; 10], &[2.0; 10])?, 1_000, 42);
//!
//! let outcome = Minimizer::new(Lbfgs::default()).minimize(&Device::auto()?, &rosenbrock, &starts)?;
//! assert!(outcome.best().value < 1e-9);
//! for (status, lanes) in outcome.status_counts() {
//!     println!("{lanes:>6} lanes {status}");
//! }
//! # Ok::<(), manymin::Error>(())
//! ```
//!
//! # Where to go on
//!
//! | to | see |
//! | --- | --- |
//! | write an objective with parameters and data | [`Problem::builder`], [`problem`] |
//! | write value and gradient in WGSL by hand, for GPUs | [`Problem::verbatim`] |
//! | hold lanes inside a box, or components where they start | [`Minimizer::bounds`], [`Starts::with_bounds`], [`Minimizer::fixed`] |
//! | set tolerances and budgets | [`Tolerances`], [`Limits`] |
//! | set them for each lane | [`Starts::with_tolerances`], [`Starts::with_limits`] |
//! | choose a method, a line search, and where it begins | [`Method`], [`LineSearch`], [`InitialStep`] |
//! | fit by least squares, on the CPU engine | [`LevenbergMarquardt`] |
//! | know how well a fit determines its parameters | [`Problem::fit_statistics`] |
//! | know second derivatives | [`Problem::hessian`], [`Minimizer::inverse_hessian_diagonals`] |
//! | walk as the R package mize does | [`MoreThuente`](MoreThuente#as-mize-does-it) |
//! | own the loop: step, look, stop, branch | [`Batch`] |
//! | go on elsewhere, also after a device has failed | [`Batch::move_to`], [`Batch::sync`] |
//! | run for a time, or until a condition holds | [`Batch::run_for`], [`Batch::run_until`] |
//! | be called while it runs; record, plot, stop early | [`monitor`] |
//! | know the last steps of each lane, without watching | [`Minimizer::trail`] |
//! | stop, pause, restart or move lanes | [`Batch::stop_lanes`], [`Batch::pause`], [`Batch::restart`], [`Batch::replace`], [`Batch::set_point`] |
//! | go on after a limit | [`Batch::resume`] |
//! | change the objective, bounds or settings in mid-run | [`Batch::set_parameters`], [`Batch::set_data`], [`Batch::set_bounds`], [`Batch::set_tolerances`], [`Batch::set_limits`], [`Batch::set_line_search`], [`Batch::set_method`] |
//! | save a run, and go on another day | [`Batch::save`], [`Batch::load`] |
//! | find all minima, or the lowest | [`Search`], [`Outcome::minima`] |
//! | minimise for each of many sets of parameters | [`Sweep`] |
//! | make starts as they are needed, a million of them | [`Source`] |
//! | understand how a lane ended | [`Status`], [`Evidence`] |
//! | find here what SciPy's callbacks and mize's stateful optimizer do | [`coming_from`] |
//! | more digits | [`Outcome::polish`], [`Outcome::certify`] |
//!
//! # What is guaranteed
//!
//! A lane's result depends on its start, its parameters, the objective and the settings, and on nothing else: not on the
//! other lanes, their order, the pool, the number of threads or the way a run is cut into steps. It is the same to the bit
//! on one device. Another machine's mathematical library, or a GPU's, may give other last bits of functions such as `atan`,
//! and from other bits a lane may go another way.
//!
//! Three outcomes are never mixed. A trial point that the objective rejects (infinite or not a number) is dealt with
//! inside the line search. The end of a lane is a [`Status`]. Misuse, and a device that fails, is an [`Error`].
//!
//! # References
//!
//! J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed., Springer 2006, chapters 3 and 7. W. W. Hager, H. Zhang: A new
//! conjugate gradient method with guaranteed descent and an efficient line search, SIAM J. Optim. 16 (2005) 170-192. D. P.
//! Bertsekas: Projected Newton methods for optimization problems with simple constraints, SIAM J. Control Optim. 20 (1982) 221-246.
#![warn(missing_docs)]

mod batch;
mod checkpoint;
#[cfg(any(doc, doctest))]
#[doc = include_str!("coming_from.md")]
pub mod coming_from {}
mod device;
mod engine;
mod error;
#[cfg(any(feature = "gpu", feature = "wgsl"))]
mod large_stack;
mod method;
mod minimizer;
pub mod monitor;
mod on_device;
mod outcome;
#[doc(hidden)]
pub mod probe;
pub mod problem;
mod search;
mod starts;
mod sweep;

pub use batch::{Batch, Memory};
pub use device::{Device, DeviceInfo, DeviceKind, DeviceLimits, Precision};
pub use engine::source::Source;
pub use engine::telemetry::{StageSeconds, Telemetry};
pub use engine::trail::Progress;
pub use engine::{Summary, Totals};
pub use error::{
    BoundsError, CheckpointError, DeviceError, Error, FitError, MonitorError, ProblemError, Result, StartsError, SteerError, TableError,
    WgslError,
};
pub use method::{
    Backtracking, Bfgs, Bounds, CgUpdate, ConjugateGradient, ConstantStep, DeltaBarDelta, Evidence, FirstStep, FloorPolicy, InitialStep,
    Lbfgs, LevenbergMarquardt, Limits, LineSearch, Method, Momentum, MoreThuente, Nesterov, NextStep, Pairs, Restart, Schedule,
    SlopeSearch, Status, SteepestDescent, StepUp, Test, Tolerances,
};
pub use minimizer::Minimizer;
pub use monitor::{Control, Every, Monitor, Step};
pub use outcome::{LaneResult, Outcome, Polished};
#[cfg(feature = "wgsl")]
pub use problem::WgslSource;
pub use problem::{Evaluation, Fingerprint, FitStatistics, GradientCheck, Problem};
pub use search::{BasinHopping, Certificate, Distinct, Found, Minima, Minimum, Search, SearchEnd, TikTak};
pub use starts::{Rows, Starts, Table};
pub use sweep::{Row, Sweep, Swept};

/// The crate whose `DMatrix` holds starts, parameters and points, one column a lane, in the version that is taken here.
pub use nalgebra;

/// What most programs need: `use manymin::prelude::*;`
pub mod prelude {
    #[cfg(feature = "wgsl")]
    pub use crate::WgslSource;
    pub use crate::problem::{Array, Condition, Context, Index, Point, Scalar, select};
    pub use crate::{
        Backtracking, Batch, Bfgs, Bounds, CgUpdate, ConjugateGradient, ConstantStep, Control, DeltaBarDelta, Device, Evaluation, Every,
        FirstStep, InitialStep, LaneResult, Lbfgs, LevenbergMarquardt, Limits, LineSearch, Memory, Method, Minimizer, Momentum, Monitor,
        MoreThuente, Nesterov, NextStep, Outcome, Pairs, Polished, Precision, Problem, Restart, Schedule, SlopeSearch, Source, Starts,
        Status, SteepestDescent, Step, StepUp, Summary, Test, Tolerances,
    };
}

/// The examples of the README, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
