//! `pdmap completions`.

use anyhow::Result;
use clap::CommandFactory;

use crate::args::{Cli, Completions};
use crate::terminal::output;

pub(crate) fn run(args: &Completions) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "pdmap", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end())
}
