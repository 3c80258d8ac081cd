//! The `pdmap` command: results on stdout, progress and errors on stderr, and a documented exit status.

mod args;
mod commands;
mod condition;
mod data;
mod exit;
mod kernel_plots;
mod log;
mod model_choice;
mod model_page;
mod output;
mod progress;
mod round_trip;
mod rows_in;
mod rows_out;
mod signals;
mod stored;

use clap::Parser;

fn main() -> std::process::ExitCode {
    exit::run(|| commands::run(args::Cli::parse()))
}
