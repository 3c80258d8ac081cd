//! The model to train: a preset, or the model of a file.

use std::path::Path;

use anyhow::{Error, Result};
use pdmap_core::Real;
use pdmap_train::{Architecture, ModelFile, ModelSpec, Preset, TableModel, TrainError, registry};

use crate::args::TrainingArgs;
use crate::rows::data::Source;
use crate::terminal::exit::BadInput;

/// The name of the model that follows from the rows.
pub(crate) use pdmap_compare::AUTO;

/// A model before its flow is built.
#[derive(Debug)]
pub(crate) enum ModelChoice {
    Named(Preset, ModelSpec),
    /// A named model that follows from the rows: [`for_features`](Self::for_features).
    Auto(Preset, ModelSpec),
    Described(ModelFile),
}

impl ModelChoice {
    /// The model that `--model` names: `auto`, a path ending in `.toml`, or a preset.
    pub(crate) fn of<F: Real>(name: &str, args: &TrainingArgs) -> Result<Self> {
        let is_file = Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        if name == AUTO {
            own_depth(name, args)?;
            return Ok(Self::auto(Preset::MIXTURE_SPLINE));
        }
        if !is_file {
            let preset: Preset = name.parse()?;
            if !preset.is_template() {
                own_depth(name, args)?;
            }
            return Ok(Self::Named(preset, preset.model(args.architecture.architecture()?)));
        }
        own_depth(name, args)?;
        Ok(Self::Described(ModelFile::load::<F>(Path::new(name), &registry())?))
    }

    fn auto(preset: Preset) -> Self {
        Self::Auto(preset, preset.model(Architecture::default()))
    }

    /// The same, or for `auto` the model for rows of so many features: an ensemble, and Gaussianization
    /// for wide rows, whose covariances are costly.
    pub(crate) fn for_features(self, features: usize) -> Self {
        match (&self, TableModel::auto_preset(features)) {
            (Self::Auto(..), Some(preset)) => Self::auto(preset),
            _ => self,
        }
    }

    /// Whether the model is searched for.
    pub(crate) fn is_searched(&self) -> bool {
        matches!(self, Self::Auto(preset, _) if *preset == Preset::MIXTURE_SPLINE)
    }

    pub(crate) fn spec(&self) -> &ModelSpec {
        match self {
            Self::Named(_, spec) | Self::Auto(_, spec) => spec,
            Self::Described(file) => &file.spec,
        }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Named(preset, _) => preset.to_string(),
            Self::Auto(preset, _) => format!("{AUTO}: {preset}"),
            Self::Described(file) => file.name().to_owned(),
        }
    }

    /// Adds to an error of building or training the flow where it comes from: a line of the
    /// description, an option, or the rows.
    pub(crate) fn blame(&self, error: impl Into<TrainError>, source: &Source) -> Error {
        source.blame(match (self, error.into()) {
            (Self::Described(file), TrainError::Spec(error)) => file.locate(error).into(),
            (_, error) => error,
        })
    }
}

/// Refuses flags for models of fixed depth.
fn own_depth(name: &str, args: &TrainingArgs) -> Result<()> {
    let Some(flag) = args.architecture.given() else { return Ok(()) };
    Err(BadInput(format!("{flag} is for named models of variable depth; the depth of {name} is fixed")).into())
}
