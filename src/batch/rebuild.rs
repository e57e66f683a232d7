//! How lanes walk, and over which data, changed in the middle of a run.

use std::sync::Arc;

use super::Batch;
use super::change::Memory;
use crate::device::Precision;
use crate::engine::state::LaneState;
use crate::error::Result;
use crate::method::{LineSearch, Method};
use crate::problem::evaluate::real::Real;

impl Batch {
    /// Has lanes search with another line search, or with other constants of the same. Nothing is evaluated for it: a lane in
    /// the middle of a search begins it anew along the same direction, with the step that it would have tried next.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::auto()?, &rosenbrock, &starts)?;
    /// batch.step()?;
    /// batch.set_line_search(SlopeSearch { curvature: 0.5, ..SlopeSearch::default() })?;
    /// batch.run()?;
    /// assert!(batch.finish()?.statuses().iter().all(|status| status.is_success()));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Minimizer::start`](crate::Minimizer::start), for constants out of range and a method that takes no line search; as
    /// [`step`](Batch::step). The batch then is as it was.
    pub fn set_line_search(&mut self, line_search: impl Into<LineSearch>) -> Result<()> {
        let mut settings = self.settings.clone();
        settings.line_search = Some(line_search.into());
        let alpha = match settings.walk()?.line_search {
            LineSearch::Constant(constant) => Some(constant.alpha),
            _ => None,
        };
        let widest = self.widest();
        self.rebuild(settings, self.problem.clone(), self.changes(), &mut |state| state.search_anew(alpha, widest))
    }

    /// Has lanes go on by another method, or by other settings of the same. What lanes have learned is forgotten, and each
    /// evaluates the point where it is once more; but between L-BFGS and L-BFGS with another memory, where the newest pairs are
    /// kept and nothing is evaluated. The best points are kept.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(SteepestDescent).start(&Device::auto()?, &rosenbrock, &starts)?;
    /// for _ in 0..5 {
    ///     batch.step()?;
    /// }
    /// batch.set_method(Lbfgs::default())?;
    /// batch.run()?;
    /// assert!(batch.finish()?.statuses().iter().all(|status| status.is_success()));
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Minimizer::start`](crate::Minimizer::start), for a method that does not fit the problem, the device, or the line search
    /// that was set; as [`step`](Batch::step). The batch then is as it was.
    pub fn set_method(&mut self, method: impl Into<Method>) -> Result<()> {
        let mut settings = self.settings.clone();
        settings.method = method.into();
        if let (Method::Lbfgs(_), Method::Lbfgs(new)) = (self.settings.method, settings.method) {
            return self.rebuild(settings, self.problem.clone(), self.changes(), &mut |state| state.forget_beyond(new.memory));
        }
        let mut lows = Vec::new();
        let mut begin = |state: &mut LaneState| {
            lows.extend(state.lowest_point().map(|low| (state.lane(), low)));
            let point = std::mem::take(&mut state.x);
            state.begin_at(&point, false);
        };
        self.rebuild(settings, self.problem.clone(), self.changes(), &mut begin)?;
        lows.into_iter().for_each(|(lane, low)| self.leave(lane, low));
        Ok(())
    }

    /// Gives the objective other values of one of its data arrays, as many as before. What lanes under way know of f is of
    /// another objective, and is dropped, their best points with it: the next evaluation of each is that of the point where it is.
    /// Lanes that have ended keep their results, which are of the data before; a lane that ended at a limit and is taken up again
    /// is evaluated anew.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let mean = Problem::builder(1).data("y", &[1.0, 2.0, 3.0])
    ///     .build(|x, c| { let y = c.data("y"); x.sum(0..3, |i| (x[0] - y.at(i)).powi(2)) })?;
    /// let starts = Starts::uniform(&Bounds::new(&[-9.0], &[9.0])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::cpu(Precision::F64), &mean, &starts)?;
    /// batch.advance(1)?;
    /// batch.set_data("y", &[5.0, 5.0, 8.0], Memory::Clear)?;
    /// batch.run()?;
    /// assert!((batch.best().point[0] - 6.0).abs() < 1e-5);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ProblemError::UnknownData`](crate::ProblemError::UnknownData), [`ProblemError::NonFiniteData`](crate::ProblemError::NonFiniteData),
    /// [`SteerError::Length`](crate::SteerError::Length), [`SteerError::NoHistory`](crate::SteerError::NoHistory);
    /// [`DeviceError::Overflow`](crate::DeviceError::Overflow); as [`step`](Batch::step). The batch then is as it was.
    pub fn set_data(&mut self, name: &str, values: &[f64], history: Memory) -> Result<()> {
        let keeps = self.check_history(history)?;
        let problem = self.problem.with_data(name, values)?;
        let mut begin = |state: &mut LaneState| {
            let point = std::mem::take(&mut state.x);
            state.begin_at(&point, keeps);
        };
        self.rebuild(self.settings.clone(), problem, self.changes(), &mut begin)?;
        // Lanes that have ended keep what they had.
        self.finished.lower_to(&self.lows);
        self.lows.clear();
        Ok(())
    }

    fn changes(&self) -> Arc<crate::engine::changes::Changes> {
        Arc::clone(self.engine.placement().changes())
    }

    /// The width of a bracket that has no upper end.
    fn widest(&self) -> f64 {
        match self.device.precision() {
            Precision::F32 => f32::HUGE.into(),
            Precision::F64 => f64::HUGE,
        }
    }
}
