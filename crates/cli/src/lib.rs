//! The `pdmap` command line as a library, so that other front ends can call it.
//!
//! Results go to stdout, progress and errors to stderr. [`run`] returns the exit status.

mod args;
mod categories;
mod commands;
mod condition;
mod ica;
mod model;
mod model_choice;
mod model_page;
mod rows;
mod scores;
mod stored;
mod terminal;

use std::ffi::OsString;

use clap::Parser;
use terminal::exit;

/// Runs `pdmap` with these arguments, the program's name first, and returns the exit status.
///
/// The status is 0 on success, 1 for an internal failure, 2 for bad input, 3 if training diverged
/// (the last good weights are saved), and 4 if training was interrupted (its state and its best
/// weights are saved). Help and version count as success. `train` installs handlers for SIGINT and
/// SIGTERM.
///
/// ```
/// assert_eq!(pdmap_cli::run(["pdmap", "presets", "dense-svd"]), 0);
/// assert_eq!(pdmap_cli::run(["pdmap", "score", "absent.safetensors", "--data", "x.npy"]), 2);
/// ```
pub fn run<A: Into<OsString> + Clone>(args: impl IntoIterator<Item = A>) -> u8 {
    match args::Cli::try_parse_from(args) {
        Ok(cli) => exit::report(&commands::run(cli)),
        Err(error) => {
            // A closed stream is not an error.
            drop(error.print());
            u8::try_from(error.exit_code()).unwrap_or(1)
        }
    }
}
