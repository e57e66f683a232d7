//! The settings of a run, and the ways to begin one.

mod checks;
mod floors;
mod settings;
mod trail;

use std::fmt;
use std::sync::Arc;

pub(crate) use self::checks::check_sizes;
use self::checks::{check_demands, check_device};
pub(crate) use self::settings::Settings;
use crate::batch::Batch;
use crate::device::{Device, Precision};
use crate::engine::Engine;
use crate::engine::changes::Changes;
use crate::engine::cpu::{CpuEngine, Setup};
#[cfg(feature = "gpu")]
use crate::engine::gpu::{engine::GpuEngine, evaluator};
use crate::engine::lane;
use crate::engine::placement::Placement;
use crate::engine::state::Standing;
use crate::engine::trail::MOST_ROWS;
use crate::error::{DeviceError, Error, Result};
use crate::method::{Bounds, InitialStep, Limits, LineSearch, Method, Pairs, Tolerances};
use crate::monitor::{Lent, Monitor};
use crate::outcome::Outcome;
use crate::problem::Problem;
use crate::problem::evaluate::chunk::LANES;
use crate::starts::Starts;

/// How to minimise: method, tolerances, limits, and who watches.
///
/// It is made before problem and starts are there, and may begin any number of runs with any of them. What is set twice is as it was
/// set last; settings that don't fit each other, or what they are to run on, are an error of [`start`](Minimizer::start).
///
/// ```
/// use manymin::prelude::*;
///
/// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 1_000, 42);
/// let outcome = Minimizer::new(Lbfgs::default())
///     .tolerances(Tolerances { gradient_max: 1e-8, ..Tolerances::default() })
///     .minimize(&Device::cpu(Precision::F64), &rosenbrock, &starts)?;
/// assert!(outcome.statuses().iter().all(|status| status.is_success()));
/// # Ok::<(), manymin::Error>(())
/// ```
pub struct Minimizer<'m> {
    settings: Settings,
    monitors: Vec<Box<dyn Monitor + 'm>>,
}

/// The most lanes resident at once unless set, on the CPU engine: enough for every core; and on a GPU, whose every core
/// wants many lanes ...
const POOL: usize = 16_384;
const GPU_POOL: usize = 262_144;
/// ... in at most this much memory.
const POOL_BYTES: usize = 512 << 20;
/// The most memory that a core takes for the lanes that it computes together, where a method has a matrix for each.
const MOST_MATRIX_BYTES: u64 = 1 << 30;

impl fmt::Debug for Minimizer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minimizer").field("settings", &self.settings).field("monitors", &self.monitors.len()).finish()
    }
}

impl<'m> Minimizer<'m> {
    /// A minimizer with that method and the defaults of all else.
    pub fn new(method: impl Into<Method>) -> Self {
        Self { settings: Settings::new(method.into()), monitors: Vec::new() }
    }

    /// How far lanes go along their directions; unless set, as the method likes it best.
    pub fn line_search(mut self, line_search: impl Into<LineSearch>) -> Self {
        self.settings.line_search = Some(line_search.into());
        self
    }

    /// The step that line searches try first; unless set, as the method likes it best.
    pub fn initial_step(mut self, initial_step: InitialStep) -> Self {
        self.settings.initial_step = Some(initial_step);
        self
    }

    /// Which steps quasi-Newton methods learn from.
    pub fn pairs(mut self, pairs: Pairs) -> Self {
        self.settings.pairs = pairs;
        self
    }

    /// When a lane has converged.
    pub fn tolerances(mut self, tolerances: Tolerances) -> Self {
        self.settings.tolerances = tolerances;
        self
    }

    /// How much work each lane may do.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// The most accepted steps of a lane: [`Limits::iterations`].
    pub fn max_iterations(mut self, iterations: u32) -> Self {
        self.settings.limits.iterations = iterations;
        self
    }

    /// The most evaluations of a lane, its start's included: [`Limits::evaluations`].
    pub fn max_evaluations(mut self, evaluations: u32) -> Self {
        self.settings.limits.evaluations = evaluations;
        self
    }

    /// Holds every lane inside a box: no point outside is ever evaluated, to the bit. Infinite bounds bound nothing, equal
    /// ones fix the component. Unless this, [`fixed`](Minimizer::fixed) or the starts say so, nothing is bounded.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// // The logarithm has no value where x0 <= 0.
    /// let problem = Problem::new(2, |x| x[0].ln() + (x[1] - 3.0).powi(2))?;
    /// let bounds = Bounds::new(&[0.1, f64::NEG_INFINITY], &[f64::INFINITY, 2.0])?;
    /// let starts = Starts::uniform(&Bounds::new(&[0.1, -2.0], &[4.0, 2.0])?, 100, 42);
    /// let outcome = Minimizer::new(Lbfgs::default()).bounds(&bounds).minimize(&Device::cpu(Precision::F64), &problem, &starts)?;
    /// assert!(outcome.iter().all(|lane| lane.status.is_success() && lane.point == [0.1, 2.0]));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// A start outside is moved to the nearest point of the box, which [`LaneResult::projected_start`](crate::LaneResult) and
    /// [`Outcome::projected_starts`] tell. With bounds that [starts](Starts::with_bounds) bring, a lane stays in what both have
    /// in common. Lanes in f32 have lower bounds rounded up and upper ones down; equal ones are rounded to nearest.
    ///
    /// # References
    /// D. P. Bertsekas: Projected Newton methods for optimization problems with simple constraints, SIAM J. Control Optim. 20
    /// (1982) 221-246. R. H. Byrd, P. Lu, J. Nocedal, C. Zhu: A limited memory algorithm for bound constrained optimization,
    /// SIAM J. Sci. Comput. 16 (1995) 1190-1208, whose subspace of free variables it has, and not its Cauchy point.
    pub fn bounds(mut self, bounds: &Bounds) -> Self {
        self.settings.holds.bounds = Some(Arc::new(bounds.clone()));
        self
    }

    /// Holds the components with `true` where they start, lane by lane. A start whose fixed component lies outside the bounds
    /// is an error.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// // The second component stays as it is, and the first follows it.
    /// let problem = Problem::new(2, |x| (x[0] - x[1]).powi(2) + x[1].powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let outcome = Minimizer::new(Lbfgs::default()).fixed(&[false, true]).minimize(&Device::cpu(Precision::F64), &problem, &starts)?;
    /// assert_eq!(outcome.lane(7).point[1], starts.point(7)[1]);
    /// assert!((outcome.lane(7).point[0] - starts.point(7)[1]).abs() < 1e-5);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn fixed(mut self, fixed: &[bool]) -> Self {
        self.settings.holds.fixed = Some(fixed.into());
        self
    }

    /// The most lanes resident at once; unless set 16,384 on the CPU engine and 262,144 on a GPU, or what 512 MiB hold. Others
    /// wait in a queue, and results do not depend on it. A GPU takes no more than its buffers hold, whatever is set.
    pub fn pool(mut self, lanes: usize) -> Self {
        self.settings.pool = Some(lanes);
        self
    }

    /// Has each lane's result bring the diagonal of the inverse Hessian, [`LaneResult::inverse_hessian_diagonal`](
    /// crate::LaneResult::inverse_hessian_diagonal), at n numbers a lane.
    pub fn inverse_hessian_diagonals(mut self) -> Self {
        self.settings.curvature = true;
        self
    }

    /// Whether lanes that end at one of their [`Limits`], or are stopped, can be taken up again, by [`Batch::resume`] and
    /// [`Batch::resume_stopped`]: they can unless this says otherwise. Each is then kept on the host with its whole state until its
    /// result is [handed out](Batch::drain_finished): [`bytes_per_lane`](Minimizer::bytes_per_lane) in f64, which is about twice
    /// that of lanes in f32. A long queue of lanes that all end at a limit may want to do without.
    /// [`minimize`](Minimizer::minimize), after which nobody could, keeps none.
    pub fn resumable(mut self, resumable: bool) -> Self {
        self.settings.resumable = resumable;
        self
    }

    /// Adds a monitor that is asked while [`minimize`](Minimizer::minimize) runs, as [`Batch::run_with`] tells. Several are
    /// asked in turn, and the strongest answer counts.
    pub fn monitor(mut self, monitor: impl Monitor + 'm) -> Self {
        self.monitors.push(Box::new(monitor));
        self
    }

    /// Adds a monitor that stays yours, to be read when the run is over.
    ///
    /// ```
    /// use manymin::monitor::History;
    /// use manymin::prelude::*;
    ///
    /// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut history = History::new();
    /// Minimizer::new(Lbfgs::default()).watched_by(&mut history).minimize(&Device::auto()?, &bowl, &starts)?;
    /// assert_eq!(history.rows()[0].evaluations, 100);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn watched_by(self, monitor: &'m mut dyn Monitor) -> Self {
        self.monitor(Lent(monitor))
    }

    /// The bytes that each resident lane of `problem` takes on `device`, shared data not counted, and nor are bounds that starts
    /// bring, 2 n numbers a lane, unless these settings have some.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let bowl = Problem::new(10, |x| x.sum(0..10, |i| x.at(i).powi(2)))?;
    /// let bytes = Minimizer::new(Lbfgs { memory: 8 }).bytes_per_lane(&Device::cpu(Precision::F32), &bowl);
    /// assert!(bytes > 4 * (2 * 8 + 4) * 10, "eight pairs of vectors, and four more");
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn bytes_per_lane(&self, device: &Device, problem: &Problem) -> usize {
        let holds = &self.settings.holds;
        self.bytes(device, problem, holds.bounds.is_some() || holds.fixed.is_some())
    }

    fn bytes(&self, device: &Device, problem: &Problem, bounded: bool) -> usize {
        // More is refused.
        let trail = self.settings.trail.min(MOST_ROWS);
        #[cfg(feature = "gpu")]
        if device.is_gpu() {
            return GpuEngine::bytes_per_lane(problem, self.settings.method, bounded, trail);
        }
        let float = match device.precision() {
            Precision::F32 => size_of::<f32>(),
            Precision::F64 => size_of::<f64>(),
        };
        let evaluation = problem.rows() * float;
        lane::bytes_per_lane(problem.dimension(), self.settings.method, 0, bounded, trail, float) + evaluation
    }

    /// Minimises from every start, to the end, and consumes the minimizer with its monitors.
    ///
    /// # Errors
    /// As [`start`](Minimizer::start). [`Error::Monitor`] if a monitor answers with an error, or panics:
    /// [`MonitorError::outcome`](crate::MonitorError::outcome) then has what was found. Also a device that fails: to keep what is
    /// known then, own the loop.
    pub fn minimize(mut self, device: &Device, problem: &Problem, starts: &Starts) -> Result<Outcome> {
        // Nobody is left to resume it.
        self.settings.resumable = false;
        let mut batch = self.start(device, problem, starts)?;
        let mut monitors: Vec<&mut dyn Monitor> = self.monitors.iter_mut().map(|m| &mut **m as &mut dyn Monitor).collect();
        match batch.run_with(&mut monitors) {
            Ok(()) => batch.finish(),
            Err(Error::Monitor(error)) => Err(error.with_outcome(batch.finish().ok()).into()),
            Err(error) => Err(error),
        }
    }

    /// Sets up a batch to be stepped in a loop of your own. Nothing is evaluated yet. Monitors stay with the minimizer: in
    /// a loop of your own pass them to [`Batch::run_with`].
    ///
    /// # Errors
    /// [`Error::Setting`] for settings out of range, [`Error::Starts`] if starts, parameters and problem don't fit,
    /// [`Error::Bounds`] for bounds that don't fit or leave a lane no point,
    /// [`Error::Device`] if the problem is too much for the device, or does not fit its precision.
    pub fn start(&self, device: &Device, problem: &Problem, starts: &Starts) -> Result<Batch> {
        check_sizes(problem, starts)?;
        self.check(device.precision(), starts, &Arc::default())?;
        let engine = self.engine(device, problem, starts, Standing::new(starts.lanes()))?;
        Ok(Batch::new(engine, device.clone(), problem.clone(), starts.clone(), self.settings.clone()))
    }

    /// Checks settings, and what starts bring for each lane, whose sizes have been checked.
    pub(crate) fn check(&self, precision: Precision, starts: &Starts, changes: &Arc<Changes>) -> Result<()> {
        let settings = &self.settings;
        settings.walk()?;
        settings.tolerances.validate()?;
        settings.limits.validate()?;
        settings.check_trail()?;
        check_demands(starts)?;
        Ok(settings.placement(starts, precision, changes).check()?)
    }

    /// Whether the CPU engine can hold the method's matrix; a GPU finds out by itself.
    fn check_matrix(&self, device: &Device, problem: &Problem) -> Result<(), DeviceError> {
        let (dimension, limit) = (problem.dimension(), MOST_MATRIX_BYTES);
        let bytes = (self.bytes_per_lane(device, problem) as u64).saturating_mul(LANES as u64);
        if device.is_gpu() || self.settings.method.matrix(dimension) == 0 || bytes <= limit {
            return Ok(());
        }
        Err(DeviceError::MatrixTooLarge { dimension, lanes: LANES, bytes, limit })
    }

    /// Whether a method that takes residuals finds them.
    fn check_regions(&self, device: &Device, problem: &Problem, placement: &Placement) -> Result<()> {
        let refused = |name, must| Err(Error::Setting { name, value: "set".into(), must });
        if self.settings.curvature && !self.settings.method.is_quasi_newton() {
            return refused(
                "inverse_hessian_diagonals",
                "left off with a method that learns no Hessian; of a fit see `Problem::fit_statistics`",
            );
        }
        if !self.settings.method.has_regions() {
            return Ok(());
        }
        if placement.is_bounded() {
            return refused("bounds", "left off with `LevenbergMarquardt`; `Lbfgs` keeps lanes in a box");
        }
        if device.is_gpu() {
            let must = "another on a GPU: this one runs on the CPU engine, `Device::cpu(..)`";
            return Err(Error::Setting { name: "method", value: "LevenbergMarquardt".into(), must });
        }
        problem.check_regions()
    }

    /// What is set.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Runs a batch to its end, watched by these monitors and one more.
    pub(crate) fn run_batch(&mut self, batch: &mut Batch, last: &mut dyn Monitor) -> Result<()> {
        let mut monitors: Vec<&mut dyn Monitor> = self.monitors.iter_mut().map(|m| &mut **m as &mut dyn Monitor).collect();
        monitors.push(last);
        batch.run_with(&mut monitors)
    }

    /// One with the same settings, without monitors.
    pub(crate) fn fresh(&self) -> Minimizer<'static> {
        Minimizer { settings: self.settings.clone(), monitors: Vec::new() }
    }

    /// The minimizer of a batch, without monitors.
    pub(crate) fn again(settings: &Settings) -> Self {
        Self { settings: settings.clone(), monitors: Vec::new() }
    }

    /// An engine on `device` that goes on from `standing`.
    pub(crate) fn engine(&self, device: &Device, problem: &Problem, starts: &Starts, standing: Standing) -> Result<Box<dyn Engine>> {
        let settings = &self.settings;
        check_device(device, problem)?;
        let placement = settings.placement(starts, device.precision(), &standing.changes);
        self.check_regions(device, problem, &placement)?;
        self.check_matrix(device, problem)?;
        let pool = match settings.pool {
            Some(0) => return Err(Error::Setting { name: "pool", value: "0".into(), must: "at least 1" }),
            Some(lanes) => lanes,
            None => {
                if device.is_gpu() { GPU_POOL } else { POOL }.min(POOL_BYTES / self.bytes(device, problem, placement.is_bounded())).max(1)
            }
        };
        let Settings { curvature, trail, resumable: keeps, .. } = *settings;
        let setup = Setup { problem: problem.clone(), placement, walk: settings.walk()?, curvature, trail, keeps, pool };
        Ok(match (device.context(), device.precision()) {
            #[cfg(feature = "gpu")]
            (Some(gpu), _) => {
                evaluator::probe(gpu, problem, settings.method, &setup.placement, trail)?;
                Box::new(GpuEngine::new(Arc::clone(gpu), &setup, standing)?)
            }
            #[cfg(not(feature = "gpu"))]
            (Some(gpu), _) => match **gpu {},
            (None, Precision::F32) => Box::new(CpuEngine::<f32>::new(&setup, standing)),
            (None, Precision::F64) => Box::new(CpuEngine::<f64>::new(&setup, standing)),
        })
    }
}
