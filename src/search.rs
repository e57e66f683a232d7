//! Global search: many local minimisations, and what is distinct among their results.

mod certificate;
mod clusters;
mod collect;
mod distinct;
mod found;
mod hopping;
mod known;
mod minima;
mod screening;
mod task;
mod tiktak;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use certificate::Certificate;
pub use distinct::Distinct;
pub use found::{Found, SearchEnd};
pub use hopping::BasinHopping;
pub use minima::{Minima, Minimum};
pub use tiktak::TikTak;

use self::collect::{Collector, Numbers};
use self::task::Task;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::minimizer::Minimizer;
use crate::outcome::Run;
use crate::problem::Problem;
use crate::starts::Starts;

/// Looks for the lowest minimum, and for all there are: minimises from many starts and tells what is distinct among the results.
///
/// Starts go through the pool of the device from a queue, and results leave it as they come: a million starts need no more memory on
/// the device than fit it at once, and of each on the host its point alone.
///
/// ```
/// use manymin::prelude::*;
/// use manymin::Search;
///
/// // Rastrigin's function: 11 by 11 minima, one of them global.
/// let rastrigin = Problem::new(2, |x| {
///     x.sum(0..2, |i| 10.0 + x.at(i).powi(2) - 10.0 * (std::f64::consts::TAU * x.at(i)).cos())
/// })?;
/// let bounds = Bounds::new(&[-5.12; 2], &[5.12; 2])?;
/// let found = Search::new(Minimizer::new(Lbfgs::default()).bounds(&bounds))
///     .run(&Device::cpu(Precision::F32), &rastrigin, &Starts::sobol(&bounds, 10_000, 42))?;
/// let global = &found.minima.list[0];
/// assert!(global.value.abs() < 1e-10 && global.point.iter().all(|x| x.abs() < 1e-6));
/// assert!(found.minima.list.len() >= 100);
/// # Ok::<(), manymin::Error>(())
/// ```
///
/// # Reproducible
/// What is found depends on neither the order of lanes nor that in which they end, unless the search is ended early
/// ([`target`](Search::target), [`minima`](Search::minima), [`time`](Search::time), [`evaluations`](Search::evaluations),
/// [`until_all_seen`](Search::until_all_seen)) or lanes are [cut](Search::cut): then on which lanes have ended by then.
///
/// # References
/// A. H. G. Rinnooy Kan, G. T. Timmer: Stochastic global optimization methods, Math. Program. 39 (1987) 27-78.
#[derive(Debug)]
pub struct Search<'m> {
    minimizer: Minimizer<'m>,
    strategy: Strategy,
    screen: Option<f64>,
    distinct: Distinct,
    cut: Option<f64>,
    polish: Option<usize>,
    until: Until,
}

/// How starts lead to points.
#[derive(Clone, Copy, Debug)]
enum Strategy {
    Multistart,
    Hopping(BasinHopping),
    TikTak(TikTak),
}

/// What ends a search before all starts have had their turn.
#[derive(Clone, Copy, Debug, Default)]
struct Until {
    target: Option<f64>,
    minima: Option<usize>,
    time: Option<Duration>,
    evaluations: Option<u64>,
    all_seen: bool,
}

impl<'m> Search<'m> {
    /// A search whose lanes go as `minimizer` says, and whose monitors are those of `minimizer`: in each of its runs, of which
    /// [screening](Search::screen), [hops](BasinHopping) and [TikTak] make several.
    pub fn new(minimizer: Minimizer<'m>) -> Self {
        Self {
            minimizer,
            strategy: Strategy::Multistart,
            screen: None,
            distinct: Distinct::default(),
            cut: None,
            polish: None,
            until: Until::default(),
        }
    }

    /// Evaluates the objective at all starts, and minimises from the best `share` of them, above 0 and at most 1.
    pub fn screen(mut self, share: f64) -> Self {
        self.screen = Some(share);
        self
    }

    /// When two lanes have found the same minimum; by distance and value unless set.
    pub fn distinct(mut self, distinct: Distinct) -> Self {
        self.distinct = distinct;
        self
    }

    /// Cuts lanes that fall into a known basin: ends them, as [`Status::Duplicate`](crate::Status::Duplicate), where they are within
    /// `radius`, above 0, of a minimum that another lane has found, and not below it. Distances are scaled as in [`Distinct::Point`].
    ///
    /// It saves the evaluations that would have brought lanes there, and costs a look at all lanes' points every fourth step, the
    /// run going step by step: worth it where the objective is expensive and minima are few. Lanes that are cut count as lanes of
    /// the minimum. That they would have come to it is a guess: minima nearer to each other than `radius` may be taken for one.
    ///
    /// With [`Distinct::Value`], or lanes that [hop](Search::hopping), it is an error.
    ///
    /// ```
    /// use manymin::prelude::*;
    /// use manymin::Search;
    ///
    /// let himmelblau = Problem::new(2, |x| (x[0] * x[0] + x[1] - 11.0).powi(2) + (x[0] + x[1] * x[1] - 7.0).powi(2))?;
    /// let bounds = Bounds::new(&[-5.0; 2], &[5.0; 2])?;
    /// let minimizer = || Minimizer::new(Lbfgs::default()).bounds(&bounds).pool(64);
    /// let (device, starts) = (Device::cpu(Precision::F64), Starts::sobol(&bounds, 1_000, 42));
    /// let all = Search::new(minimizer()).run(&device, &himmelblau, &starts)?;
    /// let cut = Search::new(minimizer()).cut(0.05).run(&device, &himmelblau, &starts)?;
    /// assert_eq!((all.minima.list.len(), cut.minima.list.len()), (4, 4));
    /// assert!(cut.statuses[&Status::Duplicate] > 500);
    /// assert!(cut.totals.evaluations < all.totals.evaluations * 4 / 5);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    pub fn cut(mut self, radius: f64) -> Self {
        self.cut = Some(radius);
        self
    }

    /// Takes the best `minima` on in f64, 0 for none; all that are listed unless set.
    pub fn polish(mut self, minima: usize) -> Self {
        self.polish = Some(minima);
        self
    }

    /// Has each lane hop from minimum to minimum.
    pub fn hopping(mut self, hopping: BasinHopping) -> Self {
        self.strategy = Strategy::Hopping(hopping);
        self
    }

    /// Draws later starts towards the best point so far.
    pub fn tiktak(mut self, tiktak: TikTak) -> Self {
        self.strategy = Strategy::TikTak(tiktak);
        self
    }

    /// Ends the search when a lane has come to a value of at most `value`.
    pub fn target(mut self, value: f64) -> Self {
        self.until.target = Some(value);
        self
    }

    /// Ends the search when so many distinct minima are found.
    pub fn minima(mut self, minima: usize) -> Self {
        self.until.minima = Some(minima);
        self
    }

    /// Ends the search after some time.
    pub fn time(mut self, time: Duration) -> Self {
        self.until.time = Some(time);
        self
    }

    /// Ends the search after so many evaluations of value and gradient, over all lanes, or some more. Up to ten million are counted after
    /// every step, and are then exceeded by those of one step of the lanes on the device at most; beyond, as often as
    /// [`Every::Sync`](crate::Every::Sync) says. [Screening](Search::screen) counts, but is not cut short.
    pub fn evaluations(mut self, evaluations: u64) -> Self {
        self.until.evaluations = Some(evaluations);
        self
    }

    /// Ends the search when fewer than one minimum is expected to be unseen: with w distinct minima after N lanes that
    /// ended in success, each minimum being as likely as any other before the first, w (N - 1) / (N - w - 2) are expected in all.
    ///
    /// # References
    /// C. G. E. Boender, A. H. G. Rinnooy Kan: Bayesian stopping rules for multistart global optimization methods, Math. Program.
    /// 37 (1987) 59-80.
    pub fn until_all_seen(mut self) -> Self {
        self.until.all_seen = true;
        self
    }

    /// Searches.
    ///
    /// # Errors
    /// As [`Minimizer::minimize`]; [`Error::Setting`] for settings out of range.
    pub fn run(mut self, device: &Device, problem: &Problem, starts: &Starts) -> Result<Found> {
        let begun = Instant::now();
        self.validate()?;
        // Whatever is wrong with them is found here, and all lanes below come from these starts.
        drop(self.minimizer.start(device, problem, starts)?);
        let mut collector = Collector::new(self.distinct, self.until, self.cut, begun, starts)?;
        let mut task = Task { minimizer: &mut self.minimizer, device, problem, starts, collector: &mut collector };
        let chosen = match self.screen {
            Some(share) => screening::best(&mut task, share)?,
            None => Numbers::All(starts.lanes()),
        };
        match self.strategy {
            Strategy::Multistart => task.minimize(chosen, None)?,
            Strategy::Hopping(hopping) => hopping.run(&mut task, &chosen)?,
            Strategy::TikTak(tiktak) => tiktak.run(&mut task, &chosen)?,
        }
        let run = Run {
            device: device.clone(),
            problem: problem.clone(),
            starts: starts.clone(),
            settings: self.minimizer.settings().clone(),
            totals: collector.totals(),
            changes: Arc::default(),
        };
        collector.found(run, self.polish)
    }

    fn validate(&self) -> Result<()> {
        if let Some(share) = self.screen.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
            return Err(Error::Setting { name: "screen", value: share.to_string(), must: "above 0 and at most 1" });
        }
        if let Some(radius) = self.cut {
            let refused = |must| Err(Error::Setting { name: "cut", value: radius.to_string(), must });
            if !(radius > 0.0 && radius.is_finite()) {
                return refused("above 0");
            }
            if matches!(self.distinct, Distinct::Value { .. }) {
                return refused("left out where minima are told apart by value: near a point says nothing then");
            }
            if matches!(self.strategy, Strategy::Hopping(_)) {
                return refused("left out where lanes hop: they are to come to known minima, and to leave them");
            }
        }
        match self.strategy {
            Strategy::Multistart => Ok(()),
            Strategy::Hopping(hopping) => hopping.validate(),
            Strategy::TikTak(tiktak) => tiktak.validate(),
        }
    }
}
