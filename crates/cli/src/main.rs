//! The `pdmap` command: results on stdout, progress and errors on stderr, and a documented exit status.

mod args;
mod commands;
mod data;
mod exit;
mod output;
mod progress;
mod rows_in;
mod rows_out;

use clap::Parser;

fn main() -> std::process::ExitCode {
    exit::run(|| commands::run(args::Cli::parse()))
}
