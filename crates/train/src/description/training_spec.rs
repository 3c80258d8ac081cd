//! How a model is trained, as far as a description says so.

use std::time::Duration;

use pdmap_core::optim::{Clip, OptimizerSpec, Schedule, Shape};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Budget, TrainConfig};

/// A time such as `"90s"` or `"10m"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(self.0))
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map(Self).map_err(|error| {
            serde::de::Error::custom(format!("{text:?} is no time such as \"90s\" or \"10m\": {error}"))
        })
    }
}

/// The section `[training]`; what it leaves out is as the command line or the program says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrainingSpec {
    /// Rows of a minibatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Steps of a run; not beside `budget`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Wall-clock time of a run; not beside `steps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Seconds>,
    /// Which optimizer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<OptimizerSpec>,
    /// Learning rate η.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Learning rate over the run, after the warm-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Shape>,
    /// Steps during which the rate rises linearly from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup: Option<u64>,
    /// Gradient clipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<Clip>,
    /// Validations over the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluations: Option<u64>,
    /// Rows that a validation looks at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_rows: Option<usize>,
    /// Validations without a new best after which training stops early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
    /// How often a run that diverges goes on from its best weights at a lower rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u64>,
}

impl TrainingSpec {
    /// The budget, where one is given.
    pub fn budget(&self) -> Option<Budget> {
        self.steps.map(Budget::Steps).or(self.budget.map(|time| Budget::Time(time.0)))
    }

    /// A configuration with what this section says in place of what it said.
    pub fn onto(&self, config: TrainConfig) -> TrainConfig {
        let Schedule { warmup, shape } = config.schedule;
        let schedule =
            Schedule { warmup: self.warmup.unwrap_or(warmup), shape: self.schedule.unwrap_or(shape) };
        TrainConfig {
            batch: self.batch.unwrap_or(config.batch),
            budget: self.budget().unwrap_or(config.budget),
            optimizer: self.optimizer.unwrap_or(config.optimizer),
            rate: self.rate.unwrap_or(config.rate),
            schedule,
            clip: self.clip.unwrap_or(config.clip),
            evaluations: self.evaluations.unwrap_or(config.evaluations),
            validation_rows: self.validation_rows.unwrap_or(config.validation_rows),
            patience: self.patience.or(config.patience),
            retries: self.retries.unwrap_or(config.retries),
            seed: config.seed,
        }
    }

    /// The same with what `other` says in place of what this says.
    pub fn overridden_by(&self, other: &Self) -> Self {
        let timed = other.steps.is_some() || other.budget.is_some();
        Self {
            batch: other.batch.or(self.batch),
            steps: if timed { other.steps } else { self.steps },
            budget: if timed { other.budget } else { self.budget },
            optimizer: other.optimizer.or(self.optimizer),
            rate: other.rate.or(self.rate),
            schedule: other.schedule.or(self.schedule),
            warmup: other.warmup.or(self.warmup),
            clip: other.clip.or(self.clip),
            evaluations: other.evaluations.or(self.evaluations),
            validation_rows: other.validation_rows.or(self.validation_rows),
            patience: other.patience.or(self.patience),
            retries: other.retries.or(self.retries),
        }
    }
}
