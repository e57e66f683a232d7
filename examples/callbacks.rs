//! Callbacks and monitoring: six steps from a closure that prints to a run that is steered from within, and what production asks
//! for beside them: early stopping, checkpoints, live monitoring, and a log that is written by another thread.
//!
//! ```sh
//! cargo run --release --example callbacks
//! cargo run --release --features progress,plot --example callbacks   # with a progress bar, and a plot
//! ```
//!
//! The first Ctrl-C ends what is running in order, with the results so far; the second ends the program.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use manymin::monitor::{Channel, Checkpointing, EarlyStopping, History, Interrupt, TimeLimit, Watch};
use manymin::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What all sections have: the problem with its starts, a folder to write to, and whether Ctrl-C was pressed.
struct Setting {
    device: Device,
    problem: Problem,
    starts: Starts,
    folder: tempfile::TempDir,
    interrupted: Arc<AtomicBool>,
}

/// What a program says that was interrupted.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let press = Arc::clone(&interrupted);
    ctrlc::set_handler(move || {
        if press.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
    })?;
    // Rosenbrock's function in ten variables has two minima: 0, and 3.99 where some lanes end.
    let problem = Problem::new(10, |x| x.sum(0..9, |i| 100.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2) + (1.0 - x.at(i)).powi(2)))?;
    let starts = Starts::uniform(&Bounds::new(&[-2.0; 10], &[2.0; 10])?, 500, 42);
    let device = Device::cpu(Precision::F64); // the same numbers everywhere; `Device::auto()` takes a GPU where there is one
    let setting = Setting { device, problem, starts, folder: tempfile::tempdir()?, interrupted };

    let sections: [fn(&Setting) -> Result<()>; 10] = [
        a_callback,
        what_to_watch,
        points_of_ones_own,
        stopping_early,
        history_without_globals,
        adaptive_control,
        checkpoints,
        live_monitoring,
        asynchronous_log,
        a_callback_that_fails,
    ];
    for section in sections {
        section(&setting)?;
        if setting.interrupted.load(Ordering::Relaxed) {
            println!("\ninterrupted");
            return Ok(ExitCode::from(INTERRUPTED));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn title(text: &str) {
    println!("\n{text}\n{}", "-".repeat(text.len()));
}

impl Setting {
    /// A minimizer that ends in order on Ctrl-C.
    fn minimizer<'m>(&self) -> Minimizer<'m> {
        Minimizer::new(Lbfgs::default()).monitor(Interrupt::new(&self.interrupted))
    }

    fn minimize(&self, minimizer: Minimizer<'_>) -> manymin::Result<Outcome> {
        minimizer.minimize(&self.device, &self.problem, &self.starts)
    }
}

/// How lanes ended, in a line.
fn ends(outcome: &Outcome) -> String {
    let counts: Vec<String> = outcome.status_counts().into_iter().map(|(status, lanes)| format!("{lanes} {}", status.name())).collect();
    counts.join(", ")
}

/// Step 1. A callback is a closure that is asked while the run goes on: first of all before the first step.
fn a_callback(setting: &Setting) -> Result<()> {
    title("1. A callback");
    let print = |step: &mut Step| println!("step {:3}  lowest value {:.3e}", step.number(), step.best().value);
    let outcome = setting.minimize(setting.minimizer().monitor(Watch::every(Every::Steps(20), print)))?;
    println!("{}", ends(&outcome));
    Ok(())
}

/// Step 2. Value, gradient, how much is gained, what it costs: all of it for every lane, whatever the method.
fn what_to_watch(setting: &Setting) -> Result<()> {
    title("2. What to watch");
    println!("{:>4} {:>11} {:>9} {:>9} {:>9} {:>12}", "step", "lane 7: f", "gain", "max |g|", "alpha", "evaluations");
    let mut before = f64::INFINITY;
    let print = |step: &mut Step| {
        let lane = step.summaries().iter().find(|summary| summary.lane == 7).copied();
        if let Some(s) = lane.filter(|s| s.iteration.is_multiple_of(10) || !s.status.is_active()) {
            let gain = before - s.value;
            println!("{:>4} {:>11.4e} {gain:>9.1e} {:>9.1e} {:>9.1e} {:>12}", s.iteration, s.value, s.gradient_max, s.alpha, s.evaluations);
            before = s.value;
        }
    };
    setting.minimize(setting.minimizer().monitor(print))?;
    Ok(())
}

/// Step 3. SciPy hands its callbacks a point, in some methods one that it goes on writing to. Here it is the callback's own.
fn points_of_ones_own(setting: &Setting) -> Result<()> {
    title("3. Points that stay what they were");
    let mut points: Vec<Vec<f64>> = Vec::new();
    let keep = |step: &mut Step| -> manymin::Result<Control> {
        points.push(step.lane(7)?.last_point);
        Ok(Control::Continue)
    };
    setting.minimize(setting.minimizer().max_iterations(30).monitor(keep))?;
    let kept = points.len();
    points.dedup();
    println!(
        "{kept} points of lane 7 kept, {} of them different; the first is its start: {}",
        points.len(),
        points[0] == setting.starts.point(7)
    );
    Ok(())
}

/// Step 4. `Control::Stop` ends the run in every method, in one way, and says so in the status. Nothing is thrown.
fn stopping_early(setting: &Setting) -> Result<()> {
    title("4. Stopping early");
    let good_enough = |step: &mut Step| if step.best().value < 1e-3 { Control::Stop } else { Control::Continue };
    let outcome = setting.minimize(setting.minimizer().monitor(good_enough))?;
    println!("a closure:        lowest {:.1e}, {}", outcome.best().value, ends(&outcome));

    // Ready-made: at a target, without progress, when enough lanes are done, when the lowest agree.
    let mut stopping = EarlyStopping::new().agreement(5, 1e-6).patience(100, 1e-12).share_done(0.5);
    let outcome = setting.minimize(setting.minimizer().watched_by(&mut stopping))?;
    println!("early stopping:   lowest {:.1e}, {}, {:?}", outcome.best().value, ends(&outcome), stopping.reason());

    // A lane alone: give up those that are far behind.
    let mut given_up = 0;
    let prune = |step: &mut Step| -> manymin::Result<Control> {
        let limit = step.best().value + 3.0;
        let far = |s: &&Summary| s.status.is_active() && s.value > limit;
        let behind: Vec<usize> = step.summaries().iter().filter(far).map(|s| s.lane).collect();
        if step.number() == 40 {
            given_up = behind.len();
            step.batch().stop_lanes(&behind)?;
        }
        Ok(Control::Continue)
    };
    let outcome = setting.minimize(setting.minimizer().monitor(prune))?;
    println!("hopeless lanes:   lowest {:.1e}, {}; {given_up} given up after 40 steps", outcome.best().value, ends(&outcome));
    Ok(())
}

/// Step 5. A history owns what it records; no globals. It is written as CSV or JSON.
fn history_without_globals(setting: &Setting) -> Result<()> {
    title("5. A history");
    let mut history = History::new().lanes([7]);
    setting.minimize(setting.minimizer().watched_by(&mut history))?;
    for row in history.rows().iter().step_by(15) {
        let (low, median, high) = (row.value.minimum, row.value.median, row.value.maximum);
        println!("step {:3}  lowest {low:8.1e}  median {median:8.1e}  highest {high:8.1e}  {}", row.number, bar(median));
    }
    let path = setting.folder.path().join("history.csv");
    history.write_csv(File::create(&path)?)?;
    history.write_lanes_csv(File::create(setting.folder.path().join("lane_7.csv"))?)?;
    println!("{} rows, {} bytes of CSV, {} rows of lane 7", history.rows().len(), std::fs::metadata(&path)?.len(), history.lane(7).len());
    Ok(())
}

/// The median on a logarithmic scale, from 1e-16 to 1e4.
fn bar(value: f64) -> String {
    "#".repeat((2.0 * (value.max(1e-16).log10() + 16.0)).clamp(0.0, 40.0) as usize)
}

/// Step 6. From within a callback all may be done that a loop of one's own may do: here lanes first run to a rough gradient by a
/// loose search, and when one in ten is there, the others go on by other constants and a stricter tolerance, and the worst from
/// another start.
fn adaptive_control(setting: &Setting) -> Result<()> {
    title("6. A run that is changed from within");
    let strict = Tolerances { gradient_max: 1e-9, ..Tolerances::default() };
    let mut changed = false;
    let adapt = |step: &mut Step| -> manymin::Result<Control> {
        let (done, lanes) = (step.lanes() - step.active(), step.lanes());
        if !changed && done * 10 >= lanes {
            changed = true;
            let worst = step.summaries().iter().filter(|s| s.status.is_active()).max_by(|a, b| a.value.total_cmp(&b.value)).copied();
            println!("step {}: {done} lanes are done; from here on the gradient has to be below 1e-9, and c2 is 0.5", step.number());
            let batch = step.batch();
            batch.set_tolerances(strict)?;
            batch.set_line_search(SlopeSearch { curvature: 0.5, ..SlopeSearch::default() })?;
            if let Some(worst) = worst {
                println!("         lane {} stands at {:.3}: it gets another start", worst.lane, worst.value);
                batch.replace(worst.lane, &[0.5; 10])?;
            }
        }
        Ok(Control::Continue)
    };
    let rough = Tolerances { gradient_max: 1e-3, ..Tolerances::default() };
    let outcome = setting.minimize(setting.minimizer().tolerances(rough).monitor(adapt))?;
    let strictly = outcome.iter().filter(|lane| lane.gradient_max <= 1e-9).count();
    println!("{}; {strictly} lanes are below 1e-9", ends(&outcome));
    Ok(())
}

/// Production: a run that is saved as it goes, is cut off, and goes on from its file with its monitors.
fn checkpoints(setting: &Setting) -> Result<()> {
    title("Checkpoints");
    let path = setting.folder.path().join("run.manymin");
    let whole = setting.minimize(setting.minimizer())?;

    let mut history = History::new();
    let cut_off = |step: &mut Step| if step.number() == 30 { Control::Stop } else { Control::Continue };
    let saving = Checkpointing::new(&path).every(Every::Steps(10));
    setting.minimize(setting.minimizer().watched_by(&mut history).monitor(cut_off).monitor(saving))?;
    println!(
        "cut off after step 30, with {} rows of history; the file has {} bytes",
        history.rows().len(),
        std::fs::metadata(&path)?.len()
    );

    // Another process would begin here. `load_for` refuses the file of another objective.
    let mut batch = Batch::load_for(&path, &setting.device, &setting.problem)?;
    let mut history = History::new();
    let mut interrupt = Interrupt::new(&setting.interrupted);
    batch.run_with(&mut [&mut history, &mut interrupt])?;
    let same = batch.finish()?.points() == whole.points();
    println!(
        "taken up: {} rows of history, those before it among them; results as of a run that was not cut off: {same}",
        history.rows().len()
    );
    Ok(())
}

/// Production: what a person looks at while a long run goes on. Asked by time, monitors leave the run as fast as without them.
fn live_monitoring(setting: &Setting) -> Result<()> {
    title("Live monitoring");
    let starts = Starts::uniform(&Bounds::new(&[-2.0; 10], &[2.0; 10])?, 20_000, 1);
    let minimizer = setting.minimizer().monitor(TimeLimit(Duration::from_secs(20)));
    let outcome = watched(minimizer, setting.folder.path()).minimize(&setting.device, &setting.problem, &starts)?;
    println!("{}", ends(&outcome));
    #[cfg(feature = "plot")]
    println!("the plot has {} bytes", std::fs::metadata(setting.folder.path().join("convergence.svg"))?.len());
    Ok(())
}

/// A bar and a plot, as far as features allow; a line now and then without the bar.
fn watched<'m>(minimizer: Minimizer<'m>, folder: &Path) -> Minimizer<'m> {
    #[cfg(feature = "progress")]
    let minimizer = minimizer.monitor(manymin::monitor::ProgressBar::new());
    #[cfg(not(feature = "progress"))]
    let minimizer = minimizer.monitor(Watch::every(Every::Seconds(0.5), |step: &mut Step| {
        let done = step.lanes() - step.active();
        println!("{:4.1} s  {done:>6} of {} lanes done  lowest {:.2e}", step.elapsed().as_secs_f64(), step.lanes(), step.best().value);
    }));
    #[cfg(feature = "plot")]
    let minimizer = minimizer.monitor(manymin::monitor::Plot::new(folder.join("convergence.svg")).every(Every::Seconds(0.1)));
    #[cfg(not(feature = "plot"))]
    let _ = folder;
    minimizer
}

/// Production: another thread writes the log. The run never waits for it: what it can't take in time is dropped, and counted.
fn asynchronous_log(setting: &Setting) -> Result<()> {
    title("A log by another thread");
    let (channel, snapshots) = Channel::new(64);
    let count = channel.clone();
    let path = setting.folder.path().join("log.jsonl");
    let mut file = BufWriter::new(File::create(&path)?);
    let writer = std::thread::spawn(move || -> std::io::Result<()> {
        for now in snapshots {
            writeln!(file, r#"{{"step":{},"active":{},"best":{:e}}}"#, now.number, now.active, now.best.value)?;
        }
        file.flush()
    });
    let outcome = setting.minimize(setting.minimizer().monitor(channel.every(Every::Steps(25))));
    let dropped = count.dropped();
    drop(count); // the last sender: the writer's loop ends
    writer.join().map_err(|_| "the writer panicked")??;
    outcome?;
    print!("{}", std::fs::read_to_string(&path)?);
    println!("{dropped} snapshots dropped");
    Ok(())
}

/// A callback that fails ends the run, and loses nothing: neither by an error nor by a panic.
fn a_callback_that_fails(setting: &Setting) -> Result<()> {
    title("A callback that fails");
    let mut batch = setting.minimizer().start(&setting.device, &setting.problem, &setting.starts)?;
    let mut full = |step: &mut Step| if step.number() == 10 { Err("the disk is full") } else { Ok(Control::Continue) };
    if let Err(error) = batch.run_with(&mut [&mut full]) {
        println!("{error}; {} lanes are under way, the lowest at {:.2}", batch.active(), batch.best().value);
    }
    batch.run_with(&mut [&mut Interrupt::new(&setting.interrupted)])?;
    println!("and gone on: {}", ends(&batch.finish()?));
    Ok(())
}
