//! The subcommands, one file each.

mod classify;
mod compare;
mod completions;
mod describe;
mod export;
mod ica;
mod images;
mod impute;
mod inspect;
mod kernels;
mod man;
mod map;
mod patches;
mod presets;
mod report;
mod sample;
mod score;
mod splits;
mod train;

use anyhow::Result;

use crate::args::{Cli, Command, Data};

/// Runs a subcommand with the requested number of threads.
pub(crate) fn run(cli: Cli) -> Result<()> {
    let Some(threads) = cli.threads else { return dispatch(cli.command) };
    let pool = || rayon::ThreadPoolBuilder::new().num_threads(threads.into());
    match pool().build_global() {
        Ok(()) => dispatch(cli.command),
        // An earlier call in this process has fixed the global pool.
        Err(_) => pool().build()?.install(|| dispatch(cli.command)),
    }
}

fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Compare(args) => compare::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Encode(args) => map::run(&args, map::Direction::Encode),
        Command::Decode(args) => map::run(&args, map::Direction::Decode),
        Command::Sample(args) => sample::run(&args),
        Command::Impute(args) => impute::run(&args),
        Command::Ica(args) => ica::run(&args),
        Command::Classify(args) => classify::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Kernels(args) => kernels::run(&args),
        Command::Presets(args) => presets::run(&args),
        Command::Data(Data::Describe(args)) => describe::run(&args),
        Command::Data(Data::Patches(args)) => patches::run(&args),
        Command::Data(Data::Images(args)) => images::run(&args),
        Command::Data(Data::Splits(args)) => splits::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
