//! What to fit and how, said step by step and checked before anything is trained.

use std::time::Duration;

use pdmap_core::LayerError;
use pdmap_core::optim::{Clip, Optimizer, OptimizerSpec, Schedule};

use crate::description::ModelSpec;
use crate::{Architecture, Budget, FitConfig, Preprocess, Preset, TrainConfig, TrainError};

/// Says what a [`FitConfig`] is to be: [`FitConfig::builder`].
#[derive(Debug, Clone)]
#[must_use = "`build` makes the configuration"]
pub struct FitBuilder {
    config: FitConfig,
}

impl From<Preset> for ModelSpec {
    /// The named model, of the usual depth.
    fn from(preset: Preset) -> Self {
        preset.model(Architecture::default())
    }
}

impl FitConfig {
    /// A configuration for a named model or a description, trained as that says, for a minute where it says nothing.
    ///
    /// ```
    /// use pdmap_train::{FitConfig, Preset};
    ///
    /// # fn main() -> Result<(), pdmap_train::TrainError> {
    /// let config = FitConfig::builder(Preset::DenseSvd).steps(500).batch(50).rate(3e-3).seed(7).build()?;
    /// assert_eq!(config.training.batch, 50);
    /// // What cannot be trained is refused here, not after the data were read.
    /// assert!(FitConfig::builder(Preset::DenseSvd).validation(1.5).build().is_err());
    /// assert!(FitConfig::builder(Preset::DenseSvd).rate(f64::NAN).build().is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(model: impl Into<ModelSpec>) -> FitBuilder {
        let model = model.into();
        let training = model.training.onto(TrainConfig::default());
        FitBuilder { config: FitConfig { model, training, ..FitConfig::default() } }
    }
}

impl FitBuilder {
    fn training(mut self, change: impl FnOnce(&mut TrainConfig)) -> Self {
        change(&mut self.config.training);
        self
    }

    /// So many steps: the same bits each time.
    pub fn steps(self, steps: u64) -> Self {
        self.training(|training| training.budget = Budget::Steps(steps))
    }

    /// So much wall-clock time, validations included.
    pub fn time(self, time: Duration) -> Self {
        self.training(|training| training.budget = Budget::Time(time))
    }

    /// Rows of a minibatch.
    pub fn batch(self, batch: usize) -> Self {
        self.training(|training| training.batch = batch)
    }

    /// Learning rate η.
    pub fn rate(self, rate: f64) -> Self {
        self.training(|training| training.rate = rate)
    }

    /// Which optimizer.
    pub fn optimizer(self, optimizer: OptimizerSpec) -> Self {
        self.training(|training| training.optimizer = optimizer)
    }

    /// Learning rate over the run.
    pub fn schedule(self, schedule: Schedule) -> Self {
        self.training(|training| training.schedule = schedule)
    }

    /// Gradient clipping.
    pub fn clip(self, clip: Clip) -> Self {
        self.training(|training| training.clip = clip)
    }

    /// Seed of the initial weights, of the order of the rows and of the validation rows.
    pub fn seed(self, seed: u64) -> Self {
        self.training(|training| training.seed = seed)
    }

    /// Stop after so many validations without a new best.
    pub fn patience(self, patience: u64) -> Self {
        self.training(|training| training.patience = Some(patience))
    }

    /// Fixed layers in front, fitted to the training rows.
    pub fn preprocess(mut self, steps: impl IntoIterator<Item = Preprocess>) -> Self {
        self.config.model.preprocess = Some(steps.into_iter().collect());
        self
    }

    /// Share of the rows that is set apart for validation, in (0, 1); a tenth where nothing is said.
    pub fn validation(mut self, share: f64) -> Self {
        self.config.validation = share;
        self
    }

    /// The configuration.
    ///
    /// # Errors
    /// [`LayerError::Range`] for numbers out of their ranges; a description that cannot be understood.
    pub fn build(self) -> Result<FitConfig, TrainError> {
        let FitConfig { model, training, validation } = &self.config;
        if !(*validation > 0.0 && *validation < 1.0) {
            let (what, range) = ("share of validation rows", "above 0 and below 1");
            return Err(LayerError::Range { what, value: *validation, range }.into());
        }
        if training.batch == 0 {
            return Err(LayerError::Range { what: "batch", value: 0.0, range: "at least 1" }.into());
        }
        training.validate()?;
        Optimizer::new(training.optimizer, training.rate)?.clipped(training.clip)?;
        model.expand()?;
        Ok(self.config)
    }
}
