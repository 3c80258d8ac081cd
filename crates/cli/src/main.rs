//! The `pdmap` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(pdmap_cli::run(std::env::args_os()))
}
