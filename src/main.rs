//! The command line: `manymin --help` tells what there is.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
