//! How a run gets on, on standard error: a bar where that is a terminal, and nothing where it is not.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use manymin::Batch;

/// Of a run whose lanes are counted.
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new(lanes: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(lanes as u64), ProgressDrawTarget::stderr());
        // The template is a constant: if it were wrong, the bar would keep its own look.
        if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} [{wide_bar}] {human_pos}/{human_len} lanes  {msg}  eta {eta}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Says how `batch` stands.
    pub(super) fn show(&self, batch: &Batch) {
        let evaluations = batch.evaluations() as f64;
        let rate = evaluations / self.bar.elapsed().max(Duration::from_millis(1)).as_secs_f64();
        self.bar.set_message(format!("lowest {:.6}  {:.1e} evaluations/s", batch.best().value, rate));
        self.bar.set_position((batch.lanes() - batch.active()) as u64);
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Of rows whose number is not known.
pub(super) struct Rows {
    bar: ProgressBar,
}

impl Rows {
    pub(super) fn new() -> Self {
        Self { bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()) }
    }

    /// Says that so many rows are done.
    pub(super) fn show(&self, rows: usize) {
        self.bar.set_position(rows as u64);
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
