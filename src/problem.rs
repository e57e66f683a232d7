//! What is minimised: an objective written once, with its gradient, for every engine.
//!
//! The closure given to [`Problem::new`] runs once, on values that record what is done to them. What comes out is a
//! small program: scalar operations and sums, each found once, with the gradient by reverse-mode differentiation.
//! Sums stay loops, in the value, the gradient and the shader text: none of them grows with the number of terms. (The CPU
//! evaluator lists the rounds of short loops one after another, up to a fixed length, to save the ends of rounds.)

mod affine;
mod check;
mod curvature;
mod data;
mod differentiate;
pub(crate) mod evaluate;
mod fit;
#[cfg(feature = "wgsl")]
mod frontend;
mod graph;
mod noise;
mod normal;
mod operators;
pub(crate) mod points;
mod program;
mod record;
mod residuals;
mod schedule;
mod simplify;
mod squares;
mod tangent;
mod trace;
pub(crate) mod verbatim;
mod wgsl;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

pub use check::GradientCheck;
use evaluate::code::Compiled;
use evaluate::compile;
use evaluate::machine::Machine;
use evaluate::real::Real;
pub use fit::FitStatistics;
#[cfg(feature = "wgsl")]
pub use frontend::WgslSource;
use graph::{Graph, Id, Mark};
use program::Program;
pub use record::Fingerprint;
use squares::Squares;
use trace::Tracer;
pub use trace::{Array, Condition, Context, Index, IndexRange, IntoIndex, Operand, Point, Scalar, select};

use crate::error::{DeviceError, Error, ProblemError, Result};

/// An objective f(x), or f(x; p) with parameters p that differ from lane to lane, and shared data.
///
/// Cloning is cheap: clones share the program.
///
/// ```
/// use manymin::prelude::*;
///
/// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
/// let at = rosenbrock.evaluate(&[-1.2, 1.0], &[])?;
/// assert!((at.value - 24.2).abs() < 1e-12);
/// assert!((at.gradient[0] + 215.6).abs() < 1e-12);
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Clone)]
pub struct Problem {
    shared: Arc<Shared>,
}

struct Shared {
    dimension: usize,
    parameters: usize,
    data: Vec<(String, Vec<f64>)>,
    objective: Objective,
}

#[derive(Clone)]
enum Objective {
    Traced(Box<Traced>),
    /// WGSL by hand, which GPUs alone run.
    #[cfg(feature = "gpu")]
    Verbatim(verbatim::text::Verbatim),
}

#[derive(Clone)]
struct Traced {
    program: Program,
    /// How much of the program's graph was traced.
    mark: Mark,
    compiled: OnceLock<Arc<Compiled>>,
    derived: Derived,
}

impl Traced {
    /// The objective `value` of `graph`, in which nothing else is yet.
    fn new(graph: Graph, value: Id, dimension: usize) -> Self {
        let mark = graph.mark();
        let program = Program::new(graph, value, dimension);
        Self { program, mark, compiled: OnceLock::new(), derived: Derived::default() }
    }
}

/// Further programs, made when they are first asked for.
#[derive(Clone, Default)]
struct Derived {
    hessian: OnceLock<Arc<Compiled>>,
    squares: OnceLock<Option<Squares>>,
    normal: OnceLock<Arc<Compiled>>,
}

/// An objective's value and gradient at one point, in f64.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Evaluation {
    /// f(x)
    pub value: f64,
    /// The derivatives by each component of x.
    pub gradient: Vec<f64>,
    /// The sum of the absolute values of the terms that f adds up: f's rounding error grows with it.
    pub scale: f64,
}

impl Problem {
    /// The objective that `objective` computes from a point of `dimension` components.
    ///
    /// # Errors
    /// [`ProblemError`] for n = 0 and for every mistake in the closure: an index out of range anywhere in a loop, a
    /// constant that is not finite, a value used outside its loop.
    pub fn new(dimension: usize, objective: impl for<'g> FnOnce(Point<'g>) -> Scalar<'g>) -> Result<Self> {
        Self::builder(dimension).build(|x, _| objective(x))
    }

    /// Begins an objective that has parameters or data as well.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let (t, y) = ([0.0, 1.0, 2.0], [4.0, 1.5, 0.5]);
    /// let decay = Problem::builder(2).parameters(1).data("t", &t).data("y", &y).build(|x, c| {
    ///     let (t, y) = (c.data("t"), c.data("y"));
    ///     x.sum(0..t.len(), |i| (c.parameter(0) * x[0] * (-x[1] * t.at(i)).exp() - y.at(i)).powi(2))
    /// })?;
    /// assert!(decay.evaluate(&[4.0, 1.0], &[1.0])?.value < 0.01);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn builder(dimension: usize) -> ProblemBuilder {
        ProblemBuilder { dimension, parameters: 0, data: Vec::new() }
    }

    /// n, the number of components of the point.
    pub fn dimension(&self) -> usize {
        self.shared.dimension
    }

    /// How many parameters each lane has.
    pub fn parameters(&self) -> usize {
        self.shared.parameters
    }

    /// The scalar operations of value and gradient, each counted once, whatever loop it stands in. Loops stay loops: the
    /// count is the same for 13 and for 1,000 atoms.
    pub fn operations(&self) -> usize {
        match &self.shared.objective {
            Objective::Traced(traced) => traced.program.operations,
            #[cfg(feature = "gpu")]
            Objective::Verbatim(verbatim) => verbatim.operations,
        }
    }

    /// The scalar operations of the value alone; of [verbatim](Problem::verbatim) WGSL all of them, since nobody can tell which
    /// are the value's.
    pub fn value_operations(&self) -> usize {
        self.traced().map_or_else(|| self.operations(), |traced| traced.program.value_operations)
    }

    /// Value and gradient as WGSL functions for the preamble that an engine puts before them: `mm_x(i)`, `mm_p(i)` and
    /// `mm_d(i)` read the point, the parameters and the data (arrays one after another, in the order given), `mm_g(i, v)` adds to
    /// the gradient. The entry is `fn mm_objective() -> vec2<f32>`: the value, and the sum of the absolute values of its terms.
    ///
    /// A traced program has one function a region; [verbatim](Problem::verbatim) WGSL has its own, under names with a prefix.
    pub fn wgsl(&self) -> String {
        self.wgsl_within(None)
    }

    /// As [`wgsl`](Problem::wgsl), for a driver that silently cuts loops short. Where the loops' lengths are not known, the
    /// text itself checks that `reserve` iterations are left after it, and has no value otherwise.
    pub(crate) fn wgsl_within(&self, #[allow(unused_variables, reason = "for GPUs")] reserve: Option<u64>) -> String {
        match &self.shared.objective {
            Objective::Traced(traced) => wgsl::write(&traced.program, &self.shared.array_starts()),
            #[cfg(feature = "gpu")]
            Objective::Verbatim(verbatim) => verbatim.shader(reserve),
        }
    }

    /// The text of a [verbatim](Problem::verbatim) objective, as it was given.
    pub fn verbatim_text(&self) -> Option<&str> {
        match &self.shared.objective {
            Objective::Traced(_) => None,
            #[cfg(feature = "gpu")]
            Objective::Verbatim(verbatim) => Some(&verbatim.text),
        }
    }

    /// Value and gradient at a point, in f64.
    ///
    /// # Errors
    /// [`ProblemError::WrongLength`] if the point or the parameters are not as many as the problem takes,
    /// [`DeviceError::GpuOnly`] for [verbatim](Problem::verbatim) WGSL: use [`evaluate_on`](Problem::evaluate_on).
    pub fn evaluate(&self, point: &[f64], parameters: &[f64]) -> Result<Evaluation> {
        self.check_lengths(point, parameters)?;
        self.check_cpu("`evaluate`")?;
        let mut machine = self.machine::<f64>();
        Ok(self.evaluate_with(&mut machine, point, parameters))
    }

    /// As [`evaluate`](Problem::evaluate), computed in f32 as lanes in f32 do.
    ///
    /// # Errors
    /// As [`evaluate`](Problem::evaluate).
    pub fn evaluate_f32(&self, point: &[f64], parameters: &[f64]) -> Result<Evaluation> {
        self.check_lengths(point, parameters)?;
        self.check_cpu("`evaluate_f32`")?;
        let mut machine = self.machine::<f32>();
        Ok(self.evaluate_with(&mut machine, point, parameters))
    }

    /// The program, unless the objective is a text.
    fn traced(&self) -> Option<&Traced> {
        match &self.shared.objective {
            Objective::Traced(traced) => Some(traced),
            #[cfg(feature = "gpu")]
            Objective::Verbatim(_) => None,
        }
    }

    /// An error if the CPU can't compute the objective, for `what`.
    pub(crate) fn check_cpu(&self, what: &'static str) -> Result<(), DeviceError> {
        self.traced().map(|_| ()).ok_or(DeviceError::GpuOnly { what })
    }

    pub(crate) fn check_lengths(&self, point: &[f64], parameters: &[f64]) -> Result<(), ProblemError> {
        let check = |what, given, wanted| if given == wanted { Ok(()) } else { Err(ProblemError::WrongLength { what, given, wanted }) };
        check("the point", point.len(), self.dimension())?;
        check("the parameters", parameters.len(), self.parameters())
    }

    fn evaluate_with<T: Real>(&self, machine: &mut Machine<T>, point: &[f64], parameters: &[f64]) -> Evaluation {
        machine.set_lane(0, point, parameters);
        machine.evaluate(1);
        let first = |row: &evaluate::chunk::Row<T>| row[0].get().0[0].to_f64();
        Evaluation {
            value: first(machine.value()),
            gradient: machine.gradient().iter().map(first).collect(),
            scale: first(machine.scale()),
        }
    }

    /// The program, with memory to run it in. Who sets one up has asked [`check_cpu`](Problem::check_cpu) before.
    pub(crate) fn machine<T: Real>(&self) -> Machine<T> {
        let Some(traced) = self.traced() else { unreachable!("verbatim WGSL is refused before a machine is set up") };
        self.machine_of(self.compiled(traced), 0)
    }

    /// Memory to run a program in that has `more` parameters behind those of the problem.
    fn machine_of<T: Real>(&self, code: Arc<Compiled>, more: usize) -> Machine<T> {
        let numbers = self.data().chain(code.numbers.iter().copied()).map(T::from_f64).collect();
        Machine::new(code, Arc::new(numbers), self.dimension(), self.parameters() + more)
    }

    /// All data, one array after another.
    pub(crate) fn data(&self) -> impl Iterator<Item = f64> {
        self.shared.data.iter().flat_map(|(_, values)| values.iter().copied())
    }

    /// The most iterations that all loops of one evaluation take together, if that is known.
    pub(crate) fn loop_iterations(&self) -> Option<u64> {
        match &self.shared.objective {
            Objective::Traced(traced) => Some(traced.program.root.loop_iterations(&traced.program.graph)),
            #[cfg(feature = "gpu")]
            Objective::Verbatim(verbatim) => (!verbatim.loops).then_some(0),
        }
    }

    fn compiled(&self, traced: &Traced) -> Arc<Compiled> {
        Arc::clone(traced.compiled.get_or_init(|| self.compile(&traced.program, 0)))
    }

    /// Compiles a program that has `more` parameters behind those of the problem.
    fn compile(&self, program: &Program, more: usize) -> Arc<Compiled> {
        let shared = &*self.shared;
        let layout = evaluate::Layout {
            dimension: shared.dimension as u32,
            outputs: program.outputs as u32,
            parameters: (shared.parameters + more) as u32,
            arrays: shared.array_starts(),
            data: shared.data_length() as u32,
        };
        Arc::new(compile(program, &layout))
    }

    /// The number of terms that the value adds up. Of verbatim WGSL it is a guess: as many as the point has components, or the
    /// longest data elements.
    pub(crate) fn terms(&self) -> f64 {
        let longest = || self.shared.data.iter().map(|(_, values)| values.len()).fold(self.dimension(), usize::max);
        self.traced().map_or_else(|| longest() as f64, |traced| traced.program.terms)
    }

    /// Memory rows that an evaluation of one block takes on the CPU.
    pub(crate) fn rows(&self) -> usize {
        self.traced().map_or(0, |traced| self.compiled(traced).rows)
    }

    /// The first constant or datum whose absolute value is above `largest`, and where it stands.
    pub(crate) fn beyond(&self, largest: f64) -> Option<(String, f64)> {
        let constants = self.traced().map_or_else(Vec::new, |traced| {
            let code = self.compiled(traced);
            code.numbers.iter().copied().chain(code.constants.iter().map(|c| c.1)).collect()
        });
        let constants = constants.into_iter().map(|value| ("a constant of the objective".to_string(), value));
        let data = self
            .shared
            .data
            .iter()
            .flat_map(|(name, values)| values.iter().enumerate().map(move |(i, &v)| (format!("data `{name}`[{i}]"), v)));
        constants.chain(data.filter(|(_, v)| v.abs() > largest)).find(|(_, v)| v.abs() > largest)
    }
}

impl Shared {
    /// Where each data array begins when they stand one after another.
    fn array_starts(&self) -> Vec<usize> {
        let mut at = 0;
        let mut next = |len| {
            at += len;
            at - len
        };
        self.data.iter().map(|(_, values)| next(values.len())).collect()
    }

    /// Numbers in all data arrays.
    fn data_length(&self) -> usize {
        self.data.iter().map(|(_, values)| values.len()).sum()
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data: Vec<(&str, usize)> = self.shared.data.iter().map(|(name, values)| (name.as_str(), values.len())).collect();
        f.debug_struct("Problem")
            .field("dimension", &self.dimension())
            .field("parameters", &self.parameters())
            .field("data", &data)
            .field("operations", &self.operations())
            .finish()
    }
}

/// Gathers what an objective is made of; see [`Problem::builder`].
#[derive(Clone, Debug)]
pub struct ProblemBuilder {
    dimension: usize,
    parameters: usize,
    data: Vec<(String, Vec<f64>)>,
}

impl ProblemBuilder {
    /// Each lane has `count` parameters of its own, 0 unless set: few, or hundreds.
    pub fn parameters(mut self, count: usize) -> Self {
        self.parameters = count;
        self
    }

    /// An array shared by all lanes, read in the closure as `c.data(name).at(i)`.
    pub fn data(mut self, name: &str, values: &[f64]) -> Self {
        self.data.push((name.into(), values.to_vec()));
        self
    }

    /// The objective that `objective` computes from the point and the [`Context`], which has the parameters and data.
    ///
    /// # Errors
    /// As [`Problem::new`]; also for data that is not finite or is given twice.
    pub fn build(self, objective: impl for<'g> FnOnce(Point<'g>, Context<'g>) -> Scalar<'g>) -> Result<Problem> {
        self.check()?;
        let lengths = self.data.iter().map(|(name, values)| (name.clone(), values.len())).collect();
        let tracer = Tracer::new(self.dimension, self.parameters, lengths);
        let components = Point::components(&tracer);
        let result = objective(Point::new(&tracer, &components), Context::new(&tracer));
        let (graph, value) = tracer.finish(result).map_err(Error::Problem)?;
        Ok(self.lowered(graph, value))
    }

    /// The problem whose value is `value` of `graph`.
    fn lowered(self, graph: Graph, value: Id) -> Problem {
        let traced = Traced::new(graph, value, self.dimension);
        self.problem(Objective::Traced(Box::new(traced)))
    }

    fn problem(self, objective: Objective) -> Problem {
        let shared = Shared { dimension: self.dimension, parameters: self.parameters, data: self.data, objective };
        Problem { shared: Arc::new(shared) }
    }

    /// What holds whatever the objective is written in.
    fn check(&self) -> Result<(), ProblemError> {
        if self.dimension == 0 {
            return Err(ProblemError::NoComponents);
        }
        if self.dimension > trace::MOST_VALUES {
            return Err(ProblemError::TooLarge { limit: trace::MOST_VALUES });
        }
        let mut names = HashSet::new();
        for (name, values) in &self.data {
            if !names.insert(name) {
                return Err(ProblemError::RepeatedData { name: name.clone() });
            }
            if let Some(index) = values.iter().position(|v| !v.is_finite()) {
                return Err(ProblemError::NonFiniteData { name: name.clone(), index, value: values[index] });
            }
        }
        Ok(())
    }
}
