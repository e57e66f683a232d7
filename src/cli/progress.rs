//! How a sweep gets on, on standard error, where that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget};

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
