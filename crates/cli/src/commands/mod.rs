//! One file a subcommand.

mod compare;
mod inspect;
mod likelihood;
mod map;
mod model;
mod patches;
mod presets;
mod sample;
mod score;
mod splits;
mod train;

use anyhow::{Error, Result};
use pdmap_core::LayerError;
use pdmap_train::{Architecture, Budget, TrainConfig, TrainError};

use crate::args::{Cli, Command, Data, TrainingArgs};
use crate::data::Source;
use crate::exit::BadInput;

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
        Command::Inspect(args) => inspect::run(&args),
        Command::Presets(args) => presets::run(&args),
        Command::Data(Data::Patches(args)) => patches::run(&args),
        Command::Data(Data::Splits(args)) => splits::run(&args),
    }
}

/// The training configuration that the flags describe.
fn config(args: &TrainingArgs, default: Budget, rate: f64, seed: u64) -> Result<TrainConfig> {
    let budget = match (args.budget, args.steps) {
        (Some(time), _) => Budget::Time(time),
        (None, Some(steps)) => Budget::Steps(steps),
        (None, None) => default,
    };
    let config = TrainConfig { rate, seed, ..TrainConfig::new(budget) };
    let batch = args.batch.unwrap_or(config.batch);
    if batch == 0 {
        return Err(BadInput("--batch 0: a batch has at least one row".into()).into());
    }
    Ok(TrainConfig { batch, ..config })
}

/// Depth and nonlinearity that the flags describe.
pub(crate) fn architecture(args: &TrainingArgs) -> Result<Architecture> {
    let default = Architecture::default();
    let (depth, alpha) = (args.depth.unwrap_or(default.depth), args.alpha.unwrap_or(default.alpha));
    if depth == 0 {
        return Err(BadInput("--depth 0: a flow has at least one linear layer".into()).into());
    }
    Ok(Architecture { depth, alpha })
}

/// An error of fitting preprocessing, building a flow or training it, with the name of the data: it is about
/// their rows, unless an option is outside its range.
fn with_data(error: TrainError, source: &Source) -> Error {
    match error {
        TrainError::Layer(LayerError::Range { .. }) => error.into(),
        other => Error::from(other).context(source.name().to_owned()),
    }
}
