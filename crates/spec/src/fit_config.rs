//! What to fit and how, set step by step and checked before anything is trained.

use std::time::Duration;

use pdmap_core::LayerError;
use pdmap_core::optim::{Clip, OptimizerSpec, Shape};
use serde::{Deserialize, Serialize};

use crate::adaptive::Adaptive;
use crate::budget::{Budget, Seconds};
use crate::description::ModelSpec;
use crate::error::SpecError;
use crate::preprocess::Preprocess;
use crate::preset::{Architecture, Preset};
use crate::training_options::{TrainConfig, TrainingSpec, training_setters};

/// What to fit, and how. [`FitConfig::builder`] sets it step by step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitConfig {
    /// The model.
    pub model: ModelSpec,
    /// The training. Its seed is that of the initial weights too.
    pub training: TrainConfig,
    /// Share of the rows that is held out at random for validation, in (0, 1).
    pub validation: f64,
    /// What follows from the number of rows, because it was not set. Where this is `batch` or
    /// `share`, the value above is the one for enough rows.
    #[serde(default)]
    pub adaptive: Adaptive,
}

impl Default for FitConfig {
    /// The preset `dense-relative` on standardized rows, for a minute.
    fn default() -> Self {
        let model = ModelSpec::from(Preset::DENSE_RELATIVE);
        let (training, adaptive) = (model.training.onto(TrainConfig::default()), own(&model));
        Self { training, model, validation: 0.1, adaptive }
    }
}

/// Builds a [`FitConfig`]: see [`FitConfig::builder`].
#[derive(Debug, Clone)]
#[must_use = "`build` makes the configuration"]
pub struct FitBuilder {
    config: FitConfig,
}

impl From<Preset> for ModelSpec {
    /// The named model, at its default depth.
    fn from(preset: Preset) -> Self {
        preset.model(Architecture::default())
    }
}

impl FitConfig {
    /// A configuration for a named model or a description. Training options that the model does not
    /// set take their defaults.
    ///
    /// ```
    /// use pdmap_spec::{FitConfig, Preset};
    ///
    /// # fn main() -> Result<(), pdmap_spec::SpecError> {
    /// let config = FitConfig::builder(Preset::DENSE_SVD).steps(500).batch(50).rate(3e-3).seed(7).build()?;
    /// assert_eq!(config.training.batch, 50);
    /// // Options out of their ranges are refused here, not after the data were read.
    /// assert!(FitConfig::builder(Preset::DENSE_SVD).validation(1.5).build().is_err());
    /// assert!(FitConfig::builder(Preset::DENSE_SVD).rate(f64::NAN).build().is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(model: impl Into<ModelSpec>) -> FitBuilder {
        let model = model.into();
        let (training, adaptive) = (model.training.onto(TrainConfig::default()), own(&model));
        FitBuilder { config: FitConfig { model, training, adaptive, ..FitConfig::default() } }
    }
}

/// What the options of a model leave to adapt. Its batch is the one for enough rows.
fn own(model: &ModelSpec) -> Adaptive {
    Adaptive::default().without(&TrainingSpec { batch: None, ..model.training.clone() })
}

impl FitBuilder {
    fn training(&mut self) -> &mut TrainConfig {
        &mut self.config.training
    }

    fn set(mut self, options: &TrainingSpec) -> Self {
        self.config.training = options.onto(self.config.training);
        self.config.adaptive = self.config.adaptive.without(options);
        self
    }

    training_setters!();

    /// Wall-clock time of the run, validations included.
    pub fn time(mut self, time: Duration) -> Self {
        self.training().budget = Budget::Time(time);
        self
    }

    /// Seed of the initial weights, of the order of the rows and of the validation rows.
    pub fn seed(mut self, seed: u64) -> Self {
        self.training().seed = seed;
        self
    }

    /// Fixed layers in front, fitted to the training rows.
    pub fn preprocess(mut self, steps: impl IntoIterator<Item = Preprocess>) -> Self {
        self.config.model.preprocess = Some(steps.into_iter().collect());
        self
    }

    /// Share of the rows that is held out for validation, in (0, 1); by default a tenth, or more of
    /// few rows: see [`validation_share`](crate::validation_share).
    pub fn validation(mut self, share: f64) -> Self {
        self.config.validation = share;
        self.config.adaptive.share = false;
        self
    }

    /// The configuration.
    ///
    /// # Errors
    /// [`LayerError::Range`] for numbers out of their ranges; a description with errors.
    pub fn build(self) -> Result<FitConfig, SpecError> {
        let FitConfig { model, training, validation, .. } = &self.config;
        if !(*validation > 0.0 && *validation < 1.0) {
            let (what, range) = ("share of validation rows", "above 0 and below 1");
            return Err(LayerError::Range { what, value: *validation, range }.into());
        }
        training.validate()?;
        model.expand()?;
        Ok(self.config)
    }
}
