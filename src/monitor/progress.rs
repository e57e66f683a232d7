//! A bar that shows how far a run is.

use std::fmt::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar as Bar, ProgressDrawTarget, ProgressStyle};

use super::{Control, Every, Monitor, Step};
use crate::error::Result;

/// Shows on standard error how far a run is: lanes that are done, the lowest value, evaluations a second, and the time that is
/// left if lanes go on to end as they have so far. On a terminal it is a bar that goes when the run is over; elsewhere a line
/// every five seconds. It looks five times a second, and the run is free in between.
///
/// ```
/// use manymin::monitor::ProgressBar;
/// use manymin::prelude::*;
///
/// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100, 42);
/// Minimizer::new(Lbfgs::default()).monitor(ProgressBar::new()).minimize(&Device::auto()?, &bowl, &starts)?;
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Debug)]
pub struct ProgressBar {
    bar: Bar,
    /// Where there is no terminal: what lines are written to, and when the next one is due.
    lines: Option<fn(&str)>,
    due: Option<Instant>,
}

/// Seconds from one look to the next.
const SECONDS: f64 = 0.2;
/// From one line to the next where there is no terminal.
const LINES: Duration = Duration::from_secs(5);
/// The bar: what is said of the run follows it.
const TEMPLATE: &str = "{bar:24} {msg}";

impl ProgressBar {
    /// A bar on standard error.
    pub fn new() -> Self {
        Self::on(ProgressDrawTarget::stderr(), |line| eprintln!("{line}"))
    }

    /// A bar on some terminal; lines where that is none.
    fn on(target: ProgressDrawTarget, lines: fn(&str)) -> Self {
        let lines = target.is_hidden().then_some(lines);
        let bar = Bar::with_draw_target(None, target);
        // The template is right, so that the other style is never taken.
        bar.set_style(ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, lines, due: None }
    }
}

impl Default for ProgressBar {
    fn default() -> Self {
        Self::new()
    }
}

/// What is said of a run.
fn message(step: &mut Step<'_>) -> String {
    let (lanes, active, seconds) = (step.lanes(), step.active(), step.elapsed().as_secs_f64());
    let done = lanes - active;
    let rate = step.totals().evaluations as f64 / seconds.max(f64::MIN_POSITIVE);
    let mut message = format!("{done}/{lanes} lanes, lowest {:.6e}, {} evaluations/s", step.best().value, short(rate));
    if done > 0 && active > 0 {
        let left = Duration::try_from_secs_f64(seconds * active as f64 / done as f64).unwrap_or(Duration::MAX);
        // Writing to a string can't fail.
        let _ = write!(message, ", {} left", time(left));
    }
    message
}

/// 12,345,678 as 12.3M.
fn short(number: f64) -> String {
    let (scaled, unit) = match number {
        ..1e3 => (number, ""),
        ..1e6 => (number / 1e3, "k"),
        ..1e9 => (number / 1e6, "M"),
        _ => (number / 1e9, "G"),
    };
    if scaled < 10.0 && !unit.is_empty() { format!("{scaled:.1}{unit}") } else { format!("{scaled:.0}{unit}") }
}

/// 3,725 seconds as 1:02:05.
fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

impl Monitor for ProgressBar {
    fn when(&self) -> Every {
        Every::Seconds(SECONDS)
    }

    fn begin(&mut self, step: &mut Step<'_>) -> Result<()> {
        self.bar.reset();
        self.bar.set_length(step.lanes() as u64);
        self.due = Instant::now().checked_add(LINES);
        Ok(())
    }

    fn step(&mut self, step: &mut Step<'_>) -> Result<Control> {
        match self.lines {
            None => {
                self.bar.set_message(message(step));
                self.bar.set_position((step.lanes() - step.active()) as u64);
            }
            Some(write) if self.due.is_some_and(|due| Instant::now() >= due) => {
                self.due = Instant::now().checked_add(LINES);
                write(&message(step));
            }
            Some(_) => {}
        }
        Ok(Control::Continue)
    }

    fn end(&mut self, _: &mut Step<'_>) -> Result<()> {
        self.bar.finish_and_clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;
    use crate::{Bounds, Device, Lbfgs, Minimizer, Precision, Problem, Starts};

    /// A terminal that keeps what is written to it.
    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl Screen {
        fn text(&self) -> String {
            self.0.lock().expect("no panic").clone()
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            160
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().expect("no panic").push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            self.write_str("<cleared>")
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn run(monitor: &mut dyn Monitor) {
        let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2)).expect("it can be traced");
        let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2]).expect("bounds"), 100, 42);
        let minimizer = Minimizer::new(Lbfgs::default()).watched_by(monitor);
        minimizer.minimize(&Device::cpu(Precision::F64), &bowl, &starts).expect("it runs");
    }

    #[test]
    fn a_bar_shows_lanes_value_and_speed_and_goes_in_the_end() {
        let screen = Screen::default();
        let bar = ProgressBar::on(ProgressDrawTarget::term_like(Box::new(screen.clone())), |_| unreachable!("there is a terminal"));
        run(&mut bar.every(Every::Step));
        let text = screen.text();
        assert!(text.contains("0/100 lanes, lowest "), "{text}");
        assert!(text.contains(" evaluations/s"), "{text}");
        assert!(text.ends_with("<cleared>"), "{text}");
    }

    #[test]
    fn where_there_is_no_terminal_no_bar_is_drawn() {
        let mut bar = ProgressBar::on(ProgressDrawTarget::hidden(), |_| panic!("a run this short has no line"));
        assert!(bar.lines.is_some());
        run(&mut bar);
    }

    #[test]
    fn numbers_and_times_are_short() {
        assert_eq!([12.0, 1_234.0, 45_678.0, 12_345_678.0, 7e9].map(short), ["12", "1.2k", "46k", "12M", "7.0G"]);
        assert_eq!([5, 65, 3_725].map(|seconds| time(Duration::from_secs(seconds))), ["0:05", "1:05", "1:02:05"]);
    }
}
