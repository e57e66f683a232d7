//! How far the CPU engine is from the limit: from what hand-written vector code does in its place. One `name value` a line;
//! ../RESULTS.md says how to read them. Words after `--` choose groups by the beginning of their names.

mod blocks;
mod clock;
mod direction;
mod evaluation;
mod gaussian;
mod objectives;
mod plain;
mod runs;
mod scalar;

use std::process::{Command, ExitCode};

/// Whatever went wrong, to be shown to the user.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A group of figures, by name.
type Group = (&'static str, fn() -> Result<()>);

const GROUPS: &[Group] = &[
    ("start", runs::start),
    ("evaluation", evaluation::shares),
    ("direction", direction::ratio),
    ("whole", runs::whole),
    ("lanes", runs::lanes),
    ("gaussian", || in_a_process_of_its_own("gaussian")),
    ("million", || in_a_process_of_its_own("million")),
];

/// The first argument of a child process.
const CHILD: &str = "--child";

fn main() -> ExitCode {
    match figures() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("limit: {error}");
            ExitCode::FAILURE
        }
    }
}

fn figures() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, group, ..] = arguments.as_slice()
        && first == CHILD
    {
        return match group.as_str() {
            "gaussian" => gaussian::fits(),
            _ => runs::million(),
        };
    }
    let chosen: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    for (name, group) in GROUPS {
        if chosen.is_empty() || chosen.iter().any(|choice| name.starts_with(choice.as_str())) {
            group()?;
        }
    }
    Ok(())
}

/// The high-water mark of memory is that of a process.
fn in_a_process_of_its_own(group: &str) -> Result<()> {
    let status = Command::new(std::env::current_exe()?).args([CHILD, group]).status()?;
    if status.success() { Ok(()) } else { Err(format!("{group}: {status}").into()) }
}

/// Prints a figure.
fn figure(name: &str, value: f64) {
    println!("{name} {value:.4}");
}

/// The most memory that this process has had resident, where the system tells.
fn peak_mebibytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kibibytes| kibibytes / 1024.0)
}
