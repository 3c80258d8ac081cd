//! Which model is trained: a named one, or one that a file describes.

use std::path::Path;

use anyhow::{Error, Result};
use pdmap_core::Real;
use pdmap_train::{Architecture, ModelFile, ModelSpec, Preset, TrainError, registry};

use crate::args::TrainingArgs;
use crate::data::Source;
use crate::exit::BadInput;

/// A model before its flow is built.
#[derive(Debug)]
pub(crate) enum ModelChoice {
    Named(Preset, ModelSpec),
    Described(ModelFile),
}

impl ModelChoice {
    /// What `--model` names: a path that ends in `.toml`, or a preset.
    pub(crate) fn of<F: Real>(name: &str, args: &TrainingArgs) -> Result<Self> {
        let is_file =
            Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        if !is_file {
            let preset: Preset = name.parse()?;
            if preset.recipe().is_some() {
                own_depth(name, args)?;
            }
            return Ok(Self::Named(preset, preset.model(architecture(args)?)));
        }
        own_depth(name, args)?;
        Ok(Self::Described(ModelFile::load::<F>(Path::new(name), &registry())?))
    }

    pub(crate) fn spec(&self) -> &ModelSpec {
        match self {
            Self::Named(_, spec) => spec,
            Self::Described(file) => &file.spec,
        }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Named(preset, _) => preset.to_string(),
            Self::Described(file) => file.name().to_owned(),
        }
    }

    /// An error of building the flow or training it: about a line of the description, about an option, or about the data's rows.
    pub(crate) fn blame(&self, error: TrainError, source: &Source) -> Error {
        source.blame(match self {
            Self::Named(..) => error,
            Self::Described(file) => file.locate(error),
        })
    }
}

/// Refuses flags for models that say themselves how deep they are.
fn own_depth(name: &str, args: &TrainingArgs) -> Result<()> {
    let refused = [args.depth.map(|n| format!("--depth {n}")), args.alpha.map(|a| format!("--alpha {a}"))];
    match refused.into_iter().flatten().next() {
        None => Ok(()),
        Some(flag) => {
            let message = format!("{flag} goes with a named model; {name} says itself how deep it is");
            Err(BadInput(message).into())
        }
    }
}

/// Depth and nonlinearity that the flags describe.
fn architecture(args: &TrainingArgs) -> Result<Architecture> {
    let default = Architecture::default();
    let (depth, alpha) = (args.depth.unwrap_or(default.depth), args.alpha.unwrap_or(default.alpha));
    if depth == 0 {
        return Err(BadInput("--depth 0: a flow has at least one linear layer".into()).into());
    }
    Ok(Architecture { depth, alpha })
}
