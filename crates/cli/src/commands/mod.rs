//! One file a subcommand.

mod classify;
mod compare;
mod completions;
mod inspect;
mod kernels;
mod likelihood;
mod man;
mod map;
pub(crate) mod moments;
mod patches;
mod presets;
mod quantile;
mod report;
mod sample;
mod score;
mod splits;
mod threshold;
mod train;

use anyhow::Result;

use crate::args::{Cli, Command, Data};

/// Runs a subcommand.
pub(crate) fn run(cli: Cli) -> Result<()> {
    if let Some(threads) = cli.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global()?;
    }
    match cli.command {
        Command::Compare(args) => compare::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Encode(args) => map::run(&args, map::Way::Encode),
        Command::Decode(args) => map::run(&args, map::Way::Decode),
        Command::Sample(args) => sample::run(&args),
        Command::Classify(args) => classify::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Kernels(args) => kernels::run(&args),
        Command::Presets(args) => presets::run(&args),
        Command::Data(Data::Patches(args)) => patches::run(&args),
        Command::Data(Data::Splits(args)) => splits::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
