//! Processor time: what else the machine does disturbs it least.

use std::hint::black_box;
use std::time::Instant;

/// Seconds of processor time of this thread, or of all threads of this process.
#[derive(Clone, Copy)]
pub(crate) enum Clock {
    Thread,
    Process,
}

impl Clock {
    #[cfg(unix)]
    fn now(self) -> f64 {
        let id = match self {
            Self::Thread => rustix::time::ClockId::ThreadCPUTime,
            Self::Process => rustix::time::ClockId::ProcessCPUTime,
        };
        let time = rustix::time::clock_gettime(id);
        time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
    }

    #[cfg(not(unix))]
    fn now(self) -> f64 {
        static BEGIN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        BEGIN.elapsed().as_secs_f64()
    }

    /// The time that `work` takes.
    pub(crate) fn time<T>(self, work: impl FnOnce() -> T) -> (f64, T) {
        let begin = self.now();
        let out = black_box(work());
        (self.now() - begin, out)
    }
}

/// One of the things that are timed in turn.
pub(crate) struct Runner<'a> {
    pub(crate) name: String,
    pub(crate) work: Box<dyn FnMut() + 'a>,
}

impl<'a> Runner<'a> {
    pub(crate) fn new(name: impl Into<String>, work: impl FnMut() + 'a) -> Self {
        Self { name: name.into(), work: Box::new(work) }
    }
}

/// What a measurement lasts, at least.
const SLICE: f64 = 2e-4;
/// How long a race lasts for each of its runners.
const PATIENCE: f64 = 0.6;

/// Seconds a call of each, the least of many short measurements taken in turn. Goes to stderr as well.
pub(crate) fn race(runners: &mut [Runner<'_>]) -> Vec<f64> {
    let mut calls: Vec<u32> = Vec::new();
    for runner in runners.iter_mut() {
        let mut count = 1;
        while Clock::Thread.time(|| repeat(runner, count)).0 < SLICE {
            count *= 2;
        }
        calls.push(count);
    }
    let mut least = vec![f64::INFINITY; runners.len()];
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < PATIENCE * runners.len() as f64 {
        for ((runner, &count), least) in runners.iter_mut().zip(&calls).zip(&mut least) {
            let (seconds, ()) = Clock::Thread.time(|| repeat(runner, count));
            *least = least.min(seconds / f64::from(count));
        }
    }
    for (runner, seconds) in runners.iter().zip(&least) {
        eprintln!("    {:28} {:9.3} microseconds", runner.name, 1e6 * seconds);
    }
    least
}

fn repeat(runner: &mut Runner<'_>, count: u32) {
    for _ in 0..count {
        (runner.work)();
    }
}
