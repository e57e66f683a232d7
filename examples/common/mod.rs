//! What the examples share: options, progress while a batch runs, and numbers that are easy to read.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Display;
use std::io::{IsTerminal, stderr};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use manymin::prelude::*;

/// What an example's functions return: an error is a message for the person at the terminal.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Ends the program: with the error's message, if there is one.
pub(crate) fn exit(result: Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether Ctrl-C was pressed. The run then ends in order, with the results so far; pressed again, it ends the program at once.
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// What a program says that was interrupted.
    const CODE: u8 = 130;

    /// Waits for it from now on.
    pub(crate) fn new() -> Result<Self> {
        let pressed = Arc::new(AtomicBool::new(false));
        let press = Arc::clone(&pressed);
        ctrlc::set_handler(move || {
            if press.swap(true, Ordering::Relaxed) {
                std::process::exit(Self::CODE.into());
            }
        })?;
        Ok(Self(pressed))
    }

    pub(crate) fn is_pressed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// How the program ends.
    pub(crate) fn code(&self) -> ExitCode {
        if self.is_pressed() { ExitCode::from(Self::CODE) } else { ExitCode::SUCCESS }
    }
}

/// The command line: options as `--name value` or `--name=value`, and words beside them.
pub(crate) struct Arguments {
    options: BTreeMap<String, String>,
    pub(crate) words: Vec<String>,
}

impl Arguments {
    /// Reads the command line with at most `most` words that are no options, or prints `help` if that is asked for. The
    /// options are those that `help` tells of.
    pub(crate) fn read(help: &str, most: usize) -> Result<Option<Self>> {
        let mut read = Self { options: BTreeMap::new(), words: Vec::new() };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            if word == "--help" || word == "-h" {
                println!("{help}");
                return Ok(None);
            }
            if !word.starts_with('-') {
                if read.words.len() == most {
                    return Err(format!("`{word}` is one word too many; --help shows what there is").into());
                }
                read.words.push(word);
                continue;
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (word.as_str(), None),
            };
            if !help.split_whitespace().any(|known| known == name && known.starts_with("--")) {
                return Err(format!("there is no option `{name}`; --help shows what there is").into());
            }
            let value = value.or_else(|| words.next()).ok_or_else(|| format!("{name} needs a value, as in `{name} VALUE`"))?;
            read.options.insert(name.to_string(), value);
        }
        Ok(Some(read))
    }

    /// The option `name` as a number, or `default` if it is not given.
    pub(crate) fn number<T: FromStr + Display>(&self, name: &str, default: T) -> Result<T>
    where
        T::Err: Display,
    {
        let Some(value) = self.options.get(name) else { return Ok(default) };
        value.parse().map_err(|error| format!("{name} is `{value}`: {error}; give a number such as {default}").into())
    }

    /// The device that `--device` and `--precision` ask for; `precision` if the latter is not given.
    pub(crate) fn device(&self, precision: Precision) -> Result<Device> {
        let choices = [("", None), ("f32", Some(Precision::F32)), ("f64", Some(Precision::F64))];
        let asked = self.choice("--precision", &choices)?;
        let name = self.options.get("--device").map_or("auto", String::as_str);
        Ok(match (name, asked.unwrap_or(precision)) {
            ("auto", Precision::F32) => Device::auto()?,
            ("auto" | "cpu", precision) => Device::cpu(precision),
            _ if asked == Some(Precision::F64) => return Err("GPUs compute in f32; f64 is for --device cpu".into()),
            ("gpu", _) => Device::gpu()?,
            (name, _) => Device::adapter(name)?,
        })
    }

    /// The option `name`, which must be one of `choices`. The first is the default.
    pub(crate) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<T> {
        let value = self.options.get(name).map_or(choices[0].0, String::as_str);
        let known: Vec<&str> = choices.iter().map(|choice| choice.0).filter(|name| !name.is_empty()).collect();
        let chosen = choices.iter().find(|choice| choice.0 == value);
        chosen.map(|choice| choice.1).ok_or_else(|| format!("{name} is `{value}`; it takes {}", known.join(" or ")).into())
    }
}

/// Tells on stderr how a batch gets on: one line that is written over on a terminal, else a line now and then.
pub(crate) struct Progress {
    terminal: bool,
    begun: Instant,
    due: Instant,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self { terminal: stderr().is_terminal(), begun: now, due: now }
    }

    /// Says how `batch` stands, if it is time to say so again.
    pub(crate) fn show(&mut self, batch: &Batch) {
        let now = Instant::now();
        if now < self.due {
            return;
        }
        self.due = now + if self.terminal { Duration::from_millis(100) } else { Duration::from_secs(2) };
        let line = format!(
            "{:5.1} s  {} of {} lanes under way  {} evaluations  lowest {:.6}",
            self.seconds(),
            grouped(batch.active() as u64),
            grouped(batch.lanes() as u64),
            grouped(batch.evaluations()),
            batch.best().value
        );
        if self.terminal {
            eprint!("\r\x1b[K{line}");
        } else {
            eprintln!("{line}");
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }

    /// How long it has been.
    pub(crate) fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }
}

/// Runs a batch to its end: so many rounds, a look at it, and on. After Ctrl-C we have what was found until then.
pub(crate) fn run_to_end(mut batch: Batch, rounds: u32, interrupt: &Interrupt, progress: &mut Progress) -> manymin::Result<Outcome> {
    while batch.active() > 0 {
        batch.advance(rounds)?;
        progress.show(&batch);
        if interrupt.is_pressed() {
            batch.stop()?;
        }
    }
    batch.finish()
}

/// Prints how the lanes ended, the most frequent way first, and what was done in how many seconds.
pub(crate) fn print_run(outcome: &Outcome, seconds: f64) {
    let mut counts: Vec<(Status, usize)> = outcome.status_counts().into_iter().collect();
    counts.sort_by_key(|&(_, lanes)| std::cmp::Reverse(lanes));
    println!("\n     lanes  status");
    for (status, lanes) in counts {
        println!("{:>10}  {status}", grouped(lanes as u64));
    }
    let evaluations = outcome.evaluations();
    let rate = grouped((evaluations as f64 / seconds) as u64);
    println!("\n{} evaluations in {seconds:.2} s: {rate} a second", grouped(evaluations));
}

/// 1234567 as 1,234,567.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let comma = |(k, digit): (usize, char)| if k > 0 && (digits.len() - k).is_multiple_of(3) { vec![',', digit] } else { vec![digit] };
    digits.chars().enumerate().flat_map(comma).collect()
}
