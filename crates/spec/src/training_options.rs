//! The training options. Each is declared once, in [the table](training_options) below; the
//! configuration of a run, the section `[training]` of a description, the flags of a command line
//! and the setters of a builder all follow from it.

use std::time::Duration;

use pdmap_core::LayerError;
use pdmap_core::optim::{Clip, Optimizer, OptimizerSpec, Schedule, Shape};
use serde::{Deserialize, Serialize};

use crate::budget::{Budget, Seconds};
#[cfg(feature = "clap")]
use crate::flag::flag;
use crate::spacing::Spacing;

/// Fields of the configuration with their defaults, and the keys that set them. `key(…): Type =>
/// place, wrap;` is a key with clap's attributes; its value is stored as `wrap(value)` at `place`.
macro_rules! training_options {
    ($(
        $(#[doc = $doc:literal])+
        $(#[serde($($saved:tt)*)])?
        $field:ident: $type:ty = $default:expr, keys {$(
            $(#[doc = $key_doc:literal])+
            $key:ident($($arg:tt)*): $key_type:ty => $($place:ident).+ $(, $wrap:expr)?;
        )*}
    )+) => {
        /// How a flow is trained. A key that a saved configuration lacks takes its
        /// [default](Self::default); keys that this version does not know are ignored.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct TrainConfig {
            $( $(#[doc = $doc])+ $(#[serde($($saved)*)])? pub $field: $type, )+
        }

        impl Default for TrainConfig {
            /// Adam at 1e-3 with a cosine schedule, batches of 100, 40 validations of up to 10,000
            /// rows, three retries, for a minute of wall-clock time.
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }

        /// The section `[training]`: a partial configuration. Keys that it leaves out are up to the
        /// command line or the program.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        #[cfg_attr(feature = "clap", derive(clap::Args))]
        pub struct TrainingSpec {
            $($(
                $(#[doc = $key_doc])+
                #[cfg_attr(feature = "clap", arg(long, $($arg)*))]
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $key: Option<$key_type>,
            )*)+
        }

        impl TrainingSpec {
            /// `config` with the options that are set here.
            pub fn onto(&self, mut config: TrainConfig) -> TrainConfig {
                $($( if let Some(value) = self.$key { config.$($place).+ = $($wrap)?(value); } )*)+
                if let Some(budget) = self.budget() {
                    config.budget = budget;
                }
                config
            }

            /// These options, with those that `other` sets in their place. A budget of either kind
            /// replaces both.
            pub fn overridden_by(&self, other: &Self) -> Self {
                let mut own = self.clone();
                if other.budget().is_some() {
                    (own.steps, own.budget) = (None, None);
                }
                Self { $($( $key: other.$key.or(own.$key), )*)+ }
            }
        }

        /// Defines one setter for each option on a builder whose method `set` takes the options
        /// that are set.
        macro_rules! training_setters {
            () => {
                $($(
                    $(#[doc = $key_doc])+
                    pub fn $key(self, value: $key_type) -> Self {
                        self.set(&TrainingSpec { $key: Some(value), ..TrainingSpec::default() })
                    }
                )*)+
            };
        }
        pub(crate) use training_setters;
    };
}

training_options! {
    /// Rows of a minibatch.
    batch: usize = 100, keys {
        /// Rows of a minibatch [default: what the model says, or 100; a quarter of the rows if that is
        /// less]
        batch(value_name = "N"): usize => batch;
    }
    /// How long.
    budget: Budget = Budget::Time(Duration::from_secs(60)), keys {
        /// Training steps of a run: reproducible bit for bit
        steps(value_name = "N"): u64 => budget, Budget::Steps;
        /// Wall-clock time of a run, validations included (10s, 5m, ...)
        budget(value_name = "TIME", conflicts_with = "steps"): Seconds => budget, Budget::from;
    }
    /// Which optimizer.
    optimizer: OptimizerSpec = OptimizerSpec::adam(), keys {
        /// Optimizer: sgd, adam, smorms3, or one with options as in "{ momentum = { beta = 0.9 } }"
        /// [default: what the model says, or adam]
        optimizer(value_name = "NAME", value_parser = flag::<OptimizerSpec>): OptimizerSpec => optimizer;
    }
    /// Learning rate η.
    rate: f64 = 1e-3, keys {
        /// Learning rate [default: what the model says]
        rate(value_name = "R", allow_negative_numbers = true): f64 => rate;
    }
    /// Learning rate over the run.
    schedule: Schedule = Schedule::cosine(), keys {
        /// Learning rate over the run, after the warm-up: constant, or as in "{ cosine = { end =
        /// 0.1 } }" [default: what the model says, or cosine]
        schedule(value_name = "SHAPE", value_parser = flag::<Shape>): Shape => schedule.shape;
        /// Training steps during which the rate rises linearly from 0 [default: what the model
        /// says, or 0]
        warmup(value_name = "N"): u64 => schedule.warmup;
    }
    /// Gradient clipping.
    clip: Clip = Clip::None, keys {
        /// Gradient clipping: none, or as in "{ norm = 10.0 }" or "{ value = 1.0 }" [default: what
        /// the model says, or none]
        clip(value_name = "LIMIT", value_parser = flag::<Clip>): Clip => clip;
    }
    /// Decoupled weight decay λ of networks.
    #[serde(default, skip_serializing_if = "is_none")]
    decay: f64 = 0.0, keys {
        /// Weight decay λ: each step multiplies the weights of networks by 1 − ηλ (Loshchilov &
        /// Hutter 2019); no other parameters [default: what the model says, or 0]
        decay(value_name = "LAMBDA", allow_negative_numbers = true): f64 => decay;
    }
    /// Seed of the order of the rows.
    seed: u64 = 0, keys {}
    /// Validations over the run, where they are evenly spaced.
    evaluations: u64 = 40, keys {
        /// Validations over the run, evenly spaced [default: what the model says; else often at
        /// first, then at steps that grow by a fifth]
        evaluations(value_name = "N"): u64 => evaluations;
    }
    /// When validations are made.
    #[serde(default, skip_serializing_if = "Spacing::is_even")]
    spacing: Spacing = Spacing::Even, keys {}
    /// Rows of a validation, evenly spaced.
    validation_rows: usize = 10_000, keys {
        /// Rows of a validation [default: what the model says, or 10000]
        validation_rows(value_name = "N"): usize => validation_rows;
    }
    /// Validations without a new best after which training stops early.
    patience: Option<u64> = None, keys {
        /// Stop after this many validations without a new best; 0 for never [default: what the
        /// model says; else 8 after forty epochs, or never if --evaluations is set]
        patience(value_name = "N"): u64 => patience, some_unless_zero;
    }
    /// Training steps before which `patience` stops no run.
    #[serde(default, skip_serializing_if = "is_zero")]
    patience_from: u64 = 0, keys {}
    /// Validations without a new best after which the rate is halved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plateau: Option<u64> = None, keys {
        /// Halve the rate after this many validations without a new best; 0 for never [default: what
        /// the model says, or never]
        plateau(value_name = "N"): u64 => plateau, some_unless_zero;
    }
    /// Halvings a step above which the rate is halved.
    #[serde(default = "most_halvings", skip_serializing_if = "is_most_halvings")]
    most_halvings: Option<f64> = most_halvings(), keys {
        /// Halve the rate, at most six times, where steps are halved more often than this, as a mean over
        /// 500 steps; 0 for never [default: what the model says, or 0.1]
        most_halvings(value_name = "M", allow_negative_numbers = true): f64 => most_halvings, some_unless_zero;
    }
    /// β of the moving average of the weights; 0 for none.
    #[serde(default, skip_serializing_if = "is_none")]
    average: f64 = 0.0, keys {
        /// Validate and keep a moving average of the weights, of which each step moves 1 − β of the way
        /// to the present ones; 0 for none [default: what the model says, or 0]
        average(value_name = "BETA", allow_negative_numbers = true): f64 => average;
    }
    /// How often a run that diverges returns to its best weights and continues at a lower rate.
    retries: u64 = 3, keys {
        /// How often a run that diverges returns to its best weights and continues at a lower rate
        /// [default: what the model says, or 3]
        retries(value_name = "N"): u64 => retries;
    }
}

/// 0 stands for never.
fn some_unless_zero<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

// The default is not written, so that files of earlier versions stay those of the same run.
#[allow(clippy::unnecessary_wraps)]
fn most_halvings() -> Option<f64> {
    Some(0.1)
}

fn is_most_halvings(halvings: &Option<f64>) -> bool {
    *halvings == most_halvings()
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_none(decay: &f64) -> bool {
    *decay == 0.0
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl TrainingSpec {
    /// The budget, where one is set.
    pub fn budget(&self) -> Option<Budget> {
        self.steps.map(Budget::Steps).or(self.budget.map(Budget::from))
    }

    /// The options that are set, by their keys.
    pub fn given(&self) -> serde_json::Map<String, serde_json::Value> {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(given)) => given,
            // Plain structs of numbers and words always serialize to an object.
            _ => serde_json::Map::new(),
        }
    }
}

/// Validations of a run at most: each is a point of a curve in the header of a checkpoint.
const MOST_EVALUATIONS: u64 = 1_000_000;

/// Rollbacks of a run at most; the rate is negligible long before.
const MOST_RETRIES: u64 = 100;

impl TrainConfig {
    /// The defaults with another budget.
    pub fn new(budget: Budget) -> Self {
        Self { budget, ..Self::default() }
    }

    /// Whether every number is in its range.
    ///
    /// # Errors
    /// [`LayerError::Range`].
    pub fn validate(&self) -> Result<(), LayerError> {
        self.check().map_err(|(_, error)| error)
    }

    /// The first number that is out of its range, with its key.
    pub(crate) fn check(&self) -> Result<(), (&'static str, LayerError)> {
        let within = |key, what, value: u64, least, most, range| {
            let ok = (least..=most).contains(&value);
            if ok { Ok(()) } else { Err((key, LayerError::Range { what, value: value as f64, range })) }
        };
        within("batch", "batch", self.batch as u64, 1, u64::MAX, "at least 1")?;
        let default = Self::default().rate;
        Optimizer::new(self.optimizer, default).map_err(|error| ("optimizer", error))?;
        Optimizer::new(self.optimizer, self.rate).map_err(|error| ("rate", error))?;
        Optimizer::new(self.optimizer, default)
            .and_then(|optimizer| optimizer.decaying(self.decay))
            .map_err(|error| ("decay", error))?;
        let halvings = self.most_halvings.unwrap_or(1.0);
        if !(halvings > 0.0 && halvings.is_finite()) {
            let range = "positive, or 0 for never";
            return Err(("most-halvings", LayerError::Range { what: "most halvings", value: halvings, range }));
        }
        if !(0.0..1.0).contains(&self.average) {
            let (value, range) = (self.average, "in [0, 1)");
            return Err(("average", LayerError::Range { what: "average", value, range }));
        }
        self.schedule.validate().map_err(|error| ("schedule", error))?;
        let rows = self.validation_rows as u64;
        within("evaluations", "evaluations", self.evaluations, 1, MOST_EVALUATIONS, "from 1 to 1,000,000")?;
        within("validation-rows", "validation rows", rows, 1, u64::MAX, "at least 1")?;
        within("patience", "patience", self.patience.unwrap_or(1), 1, u64::MAX, "at least 1")?;
        within("retries", "retries", self.retries, 0, MOST_RETRIES, "at most 100")?;
        self.clip.validate().map_err(|error| ("clip", error))
    }
}
