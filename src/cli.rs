//! The command line's commands, and how they end.

mod args;
mod check;
mod devices;
mod drive;
mod failure;
mod files;
mod minimize;
mod output;
mod plot;
mod problem;
mod progress;
mod report;
mod resume;
mod setup;
mod sweep;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

/// Runs the command that the program was called with.
pub(crate) fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Devices(args) => devices::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Minimize(args) => minimize::run(&args),
        Command::Resume(args) => resume::run(&args),
        Command::Sweep(args) => sweep::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                // Where nobody reads it, the exit code still tells.
                let _ = writeln!(std::io::stderr(), "error: {message}");
            }
            ExitCode::from(failure.code())
        }
    }
}
