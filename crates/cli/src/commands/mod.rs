//! One file a subcommand.

mod compare;
mod inspect;
mod likelihood;
mod map;
mod model;
mod moments;
mod patches;
mod quantile;
mod round_trip;
mod sample;
mod score;
mod splits;
mod threshold;
mod train;

use anyhow::{Error, Result};
use pdmap_core::LayerError;
use pdmap_core::optim::{Clip, OptimizerSpec, Schedule};
use pdmap_train::{Architecture, Budget, TrainConfig, TrainError};

use crate::args::{Cli, Command, Data, TrainingArgs};
use crate::data::Source;
use crate::exit::BadInput;

/// Runs a subcommand.
pub(crate) fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Compare(args) => compare::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Encode(args) => map::run(&args, map::Way::Encode),
        Command::Decode(args) => map::run(&args, map::Way::Decode),
        Command::Sample(args) => sample::run(&args),
        Command::Inspect(args) => inspect::run(&args),
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
    if args.batch == 0 {
        return Err(BadInput("--batch 0: a batch has at least one row".into()).into());
    }
    Ok(TrainConfig {
        batch: args.batch,
        rate,
        seed,
        optimizer: OptimizerSpec::adam(),
        schedule: Schedule::cosine(),
        clip: Clip::None,
        ..TrainConfig::new(budget)
    })
}

/// Depth and nonlinearity that the flags describe.
fn architecture(args: &TrainingArgs) -> Result<Architecture> {
    if args.depth == 0 {
        return Err(BadInput("--depth 0: a flow has at least one linear layer".into()).into());
    }
    Ok(Architecture { depth: args.depth, alpha: args.alpha })
}

/// An error of fitting preprocessing, building a flow or training it, with the name of the data: it is about
/// their rows, unless an option is outside its range.
fn with_data(error: TrainError, source: &Source) -> Error {
    match error {
        TrainError::Layer(LayerError::Range { .. }) => error.into(),
        other => Error::from(other).context(source.name().to_owned()),
    }
}
