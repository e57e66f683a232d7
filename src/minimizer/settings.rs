//! What is set of a run, and stays with it.

use std::sync::Arc;

use super::Minimizer;
use crate::device::Precision;
use crate::engine::changes::Changes;
use crate::engine::placement::{Holds, Placement};
use crate::error::Result;
use crate::method::{Demands, InitialStep, Lbfgs, Limits, LineSearch, Method, Pairs, Tolerances, Walk};
use crate::starts::Starts;

/// What a batch keeps of its minimizer.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) method: Method,
    /// The method's own if none.
    pub(crate) line_search: Option<LineSearch>,
    pub(crate) initial_step: Option<InitialStep>,
    pub(crate) pairs: Pairs,
    pub(crate) tolerances: Tolerances,
    pub(crate) limits: Limits,
    pub(crate) pool: Option<usize>,
    pub(crate) curvature: bool,
    /// Rows that lanes keep of their progress.
    pub(crate) trail: usize,
    pub(crate) holds: Holds,
    /// Whether lanes that have ended at a limit, or were stopped, may go on later.
    pub(crate) resumable: bool,
    /// Whether lanes in f32 that say they are at the floor are checked in f64.
    pub(crate) certify_floors: bool,
}

impl Settings {
    /// A method, and the defaults of all else.
    pub(crate) fn new(method: Method) -> Self {
        Self {
            method,
            line_search: None,
            initial_step: None,
            pairs: Pairs::default(),
            tolerances: Tolerances::default(),
            limits: Limits::default(),
            pool: None,
            curvature: false,
            trail: 0,
            holds: Holds::default(),
            resumable: true,
            certify_floors: true,
        }
    }

    /// Where lanes from `starts` begin, what holds them, and what ends them.
    pub(crate) fn placement(&self, starts: &Starts, precision: Precision, changes: &Arc<Changes>) -> Placement {
        Placement::new(starts.source(), &self.holds, precision, self.demands(), Arc::clone(changes))
    }

    /// What ends a lane that has no demands of its own.
    pub(crate) fn demands(&self) -> Demands {
        Demands { tolerances: self.tolerances, limits: self.limits }
    }

    /// What goes on in f64 where these settings have led: the same way to walk, or L-BFGS where that has steps of no length of
    /// its own.
    pub(crate) fn polisher(&self) -> Minimizer<'static> {
        let polisher = Minimizer::new(self.method);
        if !self.method.is_newton_like() {
            return Minimizer::new(Lbfgs::default());
        }
        let Self { line_search, initial_step, pairs, .. } = *self;
        Minimizer { settings: Self { line_search, initial_step, pairs, ..polisher.settings }, ..polisher }
    }

    /// How lanes make their steps.
    pub(crate) fn walk(&self) -> Result<Walk> {
        Walk::new(self.method, self.line_search, self.initial_step, self.pairs)
    }
}
