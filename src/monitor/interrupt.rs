//! An end that is asked for from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Control, Every, Monitor, Step};
use crate::error::Result;

/// Stops a run in order when a flag is set, by another thread or a handler of Ctrl-C: lanes that are not done end
/// [`Stopped`](crate::Status::Stopped), with the best they have found. It looks some twenty times a second, and does not make
/// the run go step by step.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use manymin::monitor::Interrupt;
/// use manymin::prelude::*;
///
/// let flag = Arc::new(AtomicBool::new(false));
/// // A handler of Ctrl-C would do this, as in the examples: `ctrlc::set_handler(move || set.store(true, Ordering::Relaxed))`.
/// let set = Arc::clone(&flag);
/// std::thread::spawn(move || set.store(true, Ordering::Relaxed)).join().expect("no panic");
///
/// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// let outcome = Minimizer::new(Lbfgs::default()).monitor(Interrupt::new(&flag)).minimize(&Device::auto()?, &bowl, &starts)?;
/// assert!(outcome.statuses().iter().all(|&status| status == Status::Stopped));
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Interrupt {
    flag: Arc<AtomicBool>,
}

impl Interrupt {
    /// Stops the run when `flag` is true.
    pub fn new(flag: &Arc<AtomicBool>) -> Self {
        Self { flag: Arc::clone(flag) }
    }
}

impl Monitor for Interrupt {
    fn when(&self) -> Every {
        Every::Sync
    }

    fn step(&mut self, _: &mut Step<'_>) -> Result<Control> {
        Ok(if self.flag.load(Ordering::Relaxed) { Control::Stop } else { Control::Continue })
    }
}
