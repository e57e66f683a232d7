//! Runs that hand control back in between: after some time, on a condition, to monitors.

use std::time::{Duration, Instant};

use super::Batch;
use crate::error::Result;
use crate::method::{Evidence, Status};
use crate::monitor::watched::Watched;
use crate::monitor::{Control, Every, Monitor, Step, Watch};

impl Batch {
    /// Runs free, as [`run`](Batch::run) does and as fast, and hands back when `time` has passed or every lane has ended. Lanes
    /// that are not done go on with the next call, from where they are. Some rounds are done in any case, and a GPU first ends
    /// what it has been sent, some hundredths of a second.
    ///
    /// ```
    /// use std::time::Duration;
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 1_000, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::auto()?, &rosenbrock, &starts)?;
    /// while batch.active() > 0 {
    ///     batch.run_for(Duration::from_millis(50))?;
    ///     println!("{} lanes under way", batch.active());
    /// }
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`step`](Batch::step).
    pub fn run_for(&mut self, time: Duration) -> Result<()> {
        // A time beyond what a clock can show is no limit.
        self.run_to(Instant::now().checked_add(time))
    }

    /// Runs free until that time has come, or every lane has ended.
    pub(crate) fn run_to(&mut self, until: Option<Instant>) -> Result<()> {
        let result = self.engine.run(until);
        self.collect();
        result
    }

    /// Steps until the condition holds or every lane has ended, and says whether it holds. It is asked before the first step,
    /// when all starts that are on the device are evaluated, and after each. Lanes that are not done stay as they are: step
    /// on, or run.
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::auto()?, &rosenbrock, &starts)?;
    /// assert!(batch.run_until(|step| step.best().value < 1e-3)?);
    /// assert!(batch.best().value < 1e-3 && batch.active() > 0);
    /// batch.run()?;
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`step`](Batch::step); [`Error::Monitor`](crate::Error::Monitor) if the condition panics.
    pub fn run_until(&mut self, condition: impl FnMut(&mut Step<'_>) -> bool) -> Result<bool> {
        self.run_until_every(Every::Step, condition)
    }

    /// As [`run_until`](Batch::run_until), but the condition is asked as often as `every` says: after every tenth step, or in a
    /// free run every so many seconds.
    ///
    /// # Errors
    /// As [`run_until`](Batch::run_until); [`Error::Setting`](crate::Error::Setting) for an `every` out of its range.
    pub fn run_until_every(&mut self, every: Every, mut condition: impl FnMut(&mut Step<'_>) -> bool) -> Result<bool> {
        let ask = |step: &mut Step<'_>| if condition(step) { Control::Stop } else { Control::Continue };
        let mut watch = Watch::every(every, ask);
        Ok(Watched::new(self, &mut [&mut watch])?.run()? == Control::Stop)
    }

    /// Runs until every lane has ended or a monitor says stop. Each monitor is asked as often as it wants to be, see
    /// [`Every`]: the run goes step by step if one of them wants steps, and else it is free in between, and as fast as
    /// [`run`](Batch::run).
    ///
    /// All are asked before the first step, as step 0, when all starts that are on the device are evaluated; in a batch that is
    /// under way, as it stands. At the end [`Monitor::end`] shows each how the run has ended. When several are asked, all are,
    /// and the strongest answer counts.
    ///
    /// ```
    /// use std::time::Duration;
    /// use manymin::monitor::{History, TimeLimit};
    /// use manymin::prelude::*;
    ///
    /// let rosenbrock = Problem::new(2, |x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2))?;
    /// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
    /// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::auto()?, &rosenbrock, &starts)?;
    /// let mut history = History::new();
    /// batch.run_with(&mut [&mut history, &mut TimeLimit(Duration::from_secs(60))])?;
    /// println!("{} rows", history.rows().len());
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`step`](Batch::step); [`Error::Setting`](crate::Error::Setting) for an [`Every`] out of its range;
    /// [`Error::Monitor`](crate::Error::Monitor) if a monitor answers with an error, or panics. The batch is then as it was
    /// after the last step, and can go on.
    pub fn run_with(&mut self, monitors: &mut [&mut dyn Monitor]) -> Result<()> {
        if monitors.is_empty() {
            return self.run();
        }
        let mut watched = Watched::new(self, monitors)?;
        watched.run_and_stop()
    }

    /// Ends lanes that are not done as a monitor has said, when the run had taken so long.
    pub(crate) fn heed(&mut self, control: Control, elapsed: Duration) -> Result<()> {
        match control {
            Control::Continue => Ok(()),
            Control::Stop => self.stop(),
            Control::TimeLimit(limit) => {
                let evidence = Evidence { measured: elapsed.as_secs_f64(), threshold: limit.as_secs_f64() };
                self.end_as(Status::TimeLimit, evidence)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::{EarlyStopping, History, Reason};
    use crate::{Bounds, Device, Lbfgs, Minimizer, Precision, Problem, Starts};

    /// Keeps the batch at one step, with what monitors save there, as a checkpoint does.
    struct Keeps {
        at: u64,
        kept: Option<Batch>,
        asked: usize,
    }

    impl Monitor for Keeps {
        fn saves(&self) -> bool {
            true
        }
        fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
            self.asked += 1;
            if step.number() == self.at {
                let saved = step.saved().to_vec();
                let mut kept = step.batch().clone();
                kept.saved = saved;
                self.kept = Some(kept);
            }
            Ok(Control::Continue)
        }
    }

    fn started(device: &Device) -> Batch {
        let problem = Problem::new(3, |x| x.sum(0..2, |i| 100.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2) + (1.0 - x.at(i)).powi(2)));
        let starts = Starts::uniform(&Bounds::new(&[-2.0; 3], &[2.0; 3]).expect("bounds"), 200, 9);
        Minimizer::new(Lbfgs::default()).pool(64).start(device, &problem.expect("it can be traced"), &starts).expect("it starts")
    }

    #[test]
    fn a_run_that_was_saved_goes_on_with_its_monitors() {
        for device in [Device::cpu(Precision::F32), Device::cpu(Precision::F64)] {
            let history = || History::new().lanes([3, 150]);
            let mut stopping = EarlyStopping::new().patience(6, 0.0);
            let (mut first, mut second) = (history(), history().every(Every::Steps(7)));
            let mut keeps = Keeps { at: 10, kept: None, asked: 0 };
            started(&device).run_with(&mut [&mut keeps, &mut first, &mut stopping, &mut second]).expect("a run");
            assert_eq!(stopping.reason(), Some(Reason::Patience), "{device}");

            let mut resumed = keeps.kept.take().expect("it was kept");
            let mut again = EarlyStopping::new().patience(6, 0.0);
            let (mut one, mut other) = (history(), history().every(Every::Steps(7)));
            let mut counts = Keeps { at: u64::MAX, kept: None, asked: 0 };
            resumed.run_with(&mut [&mut one, &mut other, &mut again, &mut counts]).expect("a run");
            assert_eq!(again.reason(), stopping.reason(), "{device}");
            assert_eq!(counts.asked, keeps.asked - 11, "{device}: the start and ten steps are not shown again");
            let rows = |history: &History| -> Vec<String> {
                let timeless = history.rows().iter().cloned().map(|mut row| {
                    row.seconds = 0.0;
                    format!("{row:?}")
                });
                timeless.chain(history.lane_rows().iter().map(|row| format!("{row:?}"))).collect()
            };
            assert_eq!(rows(&one), rows(&first), "{device}");
            assert_eq!(rows(&other), rows(&second), "{device}: the second of one name");
        }
    }

    #[test]
    fn what_saves_others_is_asked_before_lanes_are_stopped() {
        let device = Device::cpu(Precision::F64);
        let expected = {
            let mut batch = started(&device);
            batch.run().expect("a run");
            format!("{:?}", batch.finish().expect("results").iter().collect::<Vec<_>>())
        };
        let mut keeps = Watch::every(Every::Steps(1_000), Keeps { at: 5, kept: None, asked: 0 });
        let mut stops = |step: &mut Step<'_>| if step.number() == 5 { Control::Stop } else { Control::Continue };
        let mut batch = started(&device);
        batch.run_with(&mut [&mut keeps, &mut stops]).expect("a run");
        assert_eq!((batch.active(), keeps.asked), (0, 2), "at the start, and when the run was over");
        let mut kept = keeps.kept.take().expect("it was kept");
        kept.run().expect("a run");
        assert_eq!(format!("{:?}", kept.finish().expect("results").iter().collect::<Vec<_>>()), expected);
    }

    #[test]
    fn a_state_of_something_else_is_refused() {
        for mut monitor in [Box::new(History::new()) as Box<dyn Monitor>, Box::new(EarlyStopping::new())] {
            let state = monitor.save().expect("it saves");
            monitor.load(&state).expect("its own");
            for wrong in [&state[..state.len() - 1], &[0xff; 40]] {
                assert!(matches!(monitor.load(wrong), Err(crate::Error::Monitor(_))), "{}", monitor.name());
            }
        }
    }
}
