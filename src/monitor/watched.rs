//! The loop of a run that is watched.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::{Control, Every, Monitor, Step};
use crate::batch::Batch;
use crate::error::{MonitorError, Result};

/// A run, who watches it, and how far it is.
pub(crate) struct Watched<'b, 'm, 'd> {
    batch: &'b mut Batch,
    monitors: &'m mut [&'d mut dyn Monitor],
    posts: Vec<Post>,
    begun: Instant,
    number: u64,
}

/// What is known of a monitor.
struct Post {
    every: Every,
    /// When it is to be asked next, if time says so.
    due: Option<Instant>,
    /// How many ends of lanes it has seen.
    told: usize,
}

/// Under what name the run's own count of steps is saved.
const RUN: &str = "run";

impl<'b, 'm, 'd> Watched<'b, 'm, 'd> {
    pub(crate) fn new(batch: &'b mut Batch, monitors: &'m mut [&'d mut dyn Monitor]) -> Result<Self> {
        let begun = Instant::now();
        let post = |monitor: &&mut dyn Monitor| {
            let every = monitor.when();
            every.validate()?;
            Ok(Post { every, due: every.next(begun, begun, Duration::ZERO), told: 0 })
        };
        let posts = monitors.iter().map(post).collect::<Result<_>>()?;
        Ok(Self { batch, monitors, posts, begun, number: 0 })
    }

    /// Runs until every lane has ended or monitors say stop, shows all how it ended, and returns what they have said.
    pub(crate) fn run(&mut self) -> Result<Control> {
        let control = self.go();
        let ended = self.end();
        control.and_then(|control| ended.map(|()| control))
    }

    /// As [`run`](Self::run), and has lanes ended as monitors say before they are shown the end.
    pub(crate) fn run_and_stop(&mut self) -> Result<()> {
        let begun = self.begun;
        let done = self.go().and_then(|control| self.batch.heed(control, begun.elapsed()));
        // Whatever has happened, all are shown the end.
        let ended = self.end();
        done.and(ended)
    }

    fn go(&mut self) -> Result<Control> {
        let resumed = self.resume()?;
        self.all(|monitor, step| monitor.begin(step))?;
        if !resumed {
            if self.batch.totals().evaluations == 0 {
                self.batch.advance(1)?;
            }
            let control = self.ask(|_| true)?;
            if control != Control::Continue {
                return Ok(control);
            }
        }
        if resumed && self.batch.active() == 0 {
            // Nothing is left to be done, and who writes down what others save may write it elsewhere than before.
            return self.ask(|_| false);
        }
        while self.batch.active() > 0 {
            self.forward()?;
            self.number += 1;
            let (now, number) = (Instant::now(), self.number);
            let control = self.ask(|post| post.is_due(number, now))?;
            if control != Control::Continue {
                return Ok(control);
            }
        }
        Ok(Control::Continue)
    }

    /// Hands monitors what a checkpoint has of theirs, and says whether there was one.
    fn resume(&mut self) -> Result<bool> {
        let saved = self.batch.take_saved();
        let Some((_, number)) = saved.iter().find(|(name, _)| name == RUN) else { return Ok(false) };
        self.number = number.as_slice().try_into().map_or(0, u64::from_le_bytes);
        for (k, name) in names(self.monitors).into_iter().enumerate() {
            if let Some((_, state)) = saved.iter().find(|(known, _)| *known == name) {
                guarded(|| self.monitors[k].load(state))?;
            }
        }
        Ok(true)
    }

    /// What the run and its monitors have to save.
    fn saved(&self) -> Vec<(String, Vec<u8>)> {
        let states = names(self.monitors).into_iter().zip(self.monitors.iter());
        let of_monitors = states.filter_map(|(name, monitor)| Some((name, monitor.save()?)));
        std::iter::once((RUN.to_string(), self.number.to_le_bytes().to_vec())).chain(of_monitors).collect()
    }

    /// Goes on to where monitors may be due: by a step if one wants steps, else for a time.
    fn forward(&mut self) -> Result<()> {
        if self.posts.iter().any(|post| post.every.wants_steps()) {
            return self.batch.step();
        }
        let next = self.posts.iter().filter_map(|post| post.due).min();
        self.batch.run_to(next)
    }

    /// Asks the monitors that are due, and returns the strongest answer. Those that write down what others save come last, and
    /// are asked in any case when the run is over: what they write has lanes that can go on.
    fn ask(&mut self, due: impl Fn(&Post) -> bool) -> Result<Control> {
        let (last, first): (Vec<usize>, Vec<usize>) = (0..self.posts.len()).partition(|&k| self.monitors[k].saves());
        let due = |these: Vec<usize>| these.into_iter().filter(|&k| due(&self.posts[k])).collect::<Vec<_>>();
        let (first, due_last) = (due(first), due(last.clone()));
        let asked = Instant::now();
        let mut strongest = self.ask_these(&first, Vec::new())?;
        let over = strongest != Control::Continue || self.batch.active() == 0;
        let last = if over { last } else { due_last };
        if !last.is_empty() {
            let saved = guarded(|| Ok(self.saved()))?;
            strongest = strongest.max(self.ask_these(&last, saved)?);
        }
        let (now, looked) = (Instant::now(), asked.elapsed());
        for k in first.into_iter().chain(last) {
            let post = &mut self.posts[k];
            post.due = post.every.next(self.begun, now, looked);
        }
        Ok(strongest)
    }

    fn ask_these(&mut self, these: &[usize], saved: Vec<(String, Vec<u8>)>) -> Result<Control> {
        let mut step = Step::new(self.batch, self.number, self.begun);
        step.set_saved(saved);
        let mut strongest = Control::Continue;
        for &k in these {
            let (monitor, post) = (&mut self.monitors[k], &mut self.posts[k]);
            step.turn_to(post.told);
            let answer = guarded(|| monitor.step(&mut step))?;
            post.told = step.turn_over()?;
            strongest = strongest.max(answer);
        }
        Ok(strongest)
    }

    fn end(&mut self) -> Result<()> {
        self.all(|monitor, step| monitor.end(step))
    }

    /// Calls all monitors, whether others fail or not, and returns the first error.
    fn all(&mut self, call: impl Fn(&mut dyn Monitor, &mut Step<'_>) -> Result<()>) -> Result<()> {
        let mut step = Step::new(self.batch, self.number, self.begun);
        let mut result = Ok(());
        for (monitor, post) in self.monitors.iter_mut().zip(&mut self.posts) {
            step.turn_to(post.told);
            let called = guarded(|| call(&mut **monitor, &mut step));
            let over = step.turn_over().map(|told| post.told = told);
            result = result.and(called).and(over);
        }
        result
    }
}

impl Post {
    fn is_due(&self, number: u64, now: Instant) -> bool {
        match self.every {
            Every::Step | Every::Sync => true,
            Every::Steps(steps) => number.is_multiple_of(steps),
            Every::Seconds(_) => self.due.is_some_and(|due| now >= due),
        }
    }
}

/// The names under which monitors' states are saved: of several with the same name, the second has a 2 behind it, and so on.
fn names(monitors: &[&mut dyn Monitor]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (k, monitor) in monitors.iter().enumerate() {
        let before = monitors[..k].iter().filter(|other| other.name() == monitor.name()).count();
        names.push(if before == 0 { format!("monitor {}", monitor.name()) } else { format!("monitor {} {}", monitor.name(), before + 1) });
    }
    names
}

/// Has a monitor's panic come back as its error. The one boundary that panics of monitors meet: the batch, which they can reach
/// only through calls that have returned, is whole.
fn guarded<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(MonitorError::new(format!("it panicked: {}", message(&*panic))).into()))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it did not say why")
}
