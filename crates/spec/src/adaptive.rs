//! Defaults that depend on the number of rows.

use pdmap_core::optim::Clip;
use serde::{Deserialize, Serialize};

use crate::spacing::Spacing;
use crate::training_options::{TrainConfig, TrainingSpec};

/// Minimum number of training rows of a run with a default batch.
pub const LEAST_ROWS: usize = 4;

/// Minimum number of batches in an epoch, if the batch is not set.
const BATCHES: u64 = 4;

/// Default patience, in validations without a new best. Since their steps grow by a fifth, eight of
/// them take a run to four times the steps of its best.
const PATIENCE: u64 = 8;

/// Minimum numbers of epochs and steps before the default patience stops a run.
const PATIENCE_EPOCHS: u64 = 40;
const PATIENCE_STEPS: u64 = 100;

/// Default clipping: the joint norm of all directions is at most this, times the root of the number
/// of features. Without it, the gradient of a single extreme row can undo what the others taught.
const CLIP: f64 = 10.0;

/// Maximum number of features for default clipping. In wider models the norm costs a pass over all
/// directions before each step.
const CLIP_FEATURES: usize = 256;

/// Default share of the rows that is held out for validation.
const SHARE: f64 = 0.1;
/// If that is fewer rows than this, up to a fifth of the rows are held out.
const HELD_OUT: f64 = 50.0;

/// The training options that are not set and follow from the number of training rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Adaptive {
    /// The batch: the configured one, or a quarter of the rows if that is less.
    pub batch: bool,
    /// When validations are made: geometrically.
    pub validations: bool,
    /// The patience: eight validations, after forty epochs. Off if the number of validations is set,
    /// since it suits the default spacing only.
    pub patience: bool,
    /// Clipping of the gradient's norm, for models of up to 256 features.
    pub clip: bool,
    /// The share of rows that is held out for validation: see [`validation_share`].
    pub share: bool,
}

impl Default for Adaptive {
    /// All of them.
    fn default() -> Self {
        Self { batch: true, validations: true, patience: true, clip: true, share: true }
    }
}

impl Adaptive {
    /// What is left to adapt where these options are set.
    #[must_use]
    pub fn without(self, set: &TrainingSpec) -> Self {
        let validations = self.validations && set.evaluations.is_none();
        let patience = self.patience && validations && set.patience.is_none();
        let clip = self.clip && set.clip.is_none();
        Self { batch: self.batch && set.batch.is_none(), validations, patience, clip, ..self }
    }

    /// `config` for this many training rows of so many features.
    #[must_use]
    pub fn settle(self, mut config: TrainConfig, rows: u64, features: usize) -> TrainConfig {
        if self.clip && features <= CLIP_FEATURES {
            config.clip = Clip::Norm(CLIP * (features as f64).sqrt());
        }
        if self.batch {
            let most = usize::try_from((rows / BATCHES).max(1)).unwrap_or(usize::MAX);
            config.batch = config.batch.min(most);
        }
        if self.validations {
            config.spacing = Spacing::Geometric;
        }
        if self.patience {
            let epoch = (rows / config.batch.max(1) as u64).max(1);
            config.patience = Some(PATIENCE);
            config.patience_from = PATIENCE_EPOCHS.saturating_mul(epoch).max(PATIENCE_STEPS);
        }
        config
    }

    /// Training rows that a run needs whose configured batch is `batch`.
    pub fn least_rows(self, batch: usize) -> usize {
        if self.batch { LEAST_ROWS } else { batch }
    }
}

/// The share of `rows` rows that is held out for validation by default, in (0, 1): a tenth, and of
/// fewer than 500 rows up to 50 rows or a fifth, whichever is less.
pub fn validation_share(rows: u64) -> f64 {
    SHARE.max((HELD_OUT / rows.max(1) as f64).min(2.0 * SHARE))
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::budget::Budget;

    fn settled(set: &TrainingSpec, batch: usize, rows: u64) -> TrainConfig {
        let config = TrainConfig { batch, ..TrainConfig::new(Budget::Steps(9)) };
        Adaptive::default().without(set).settle(set.onto(config), rows, 4)
    }

    #[test]
    fn a_default_batch_leaves_several_to_an_epoch() {
        let none = TrainingSpec::default();
        for (batch, rows, expected) in [
            (256, 160, 40),
            (256, 1024, 256),
            (256, 1023, 255),
            (256, 1 << 40, 256),
            (100, 10, 2),
            (100, 4, 1),
            (100, 1, 1),
            (100, 0, 1),
        ] {
            assert_eq!(settled(&none, batch, rows).batch, expected, "{batch} of {rows} rows");
        }
        // What was asked for stays, whether it fits or not.
        let asked = TrainingSpec { batch: Some(256), ..none };
        assert_eq!(settled(&asked, 100, 160).batch, 256);
        assert_eq!(Adaptive::default().without(&asked).least_rows(256), 256);
        assert_eq!(Adaptive::default().least_rows(256), LEAST_ROWS);
    }

    #[test]
    fn patience_waits_for_forty_epochs_and_is_what_was_asked_for() {
        let none = TrainingSpec::default();
        let config = settled(&none, 100, 10_000);
        assert_eq!((config.spacing, config.patience, config.patience_from), (Spacing::Geometric, Some(8), 4000));
        assert_eq!(settled(&none, 100, 20).patience_from, 160);
        let none_asked = settled(&TrainingSpec { patience: Some(0), ..none.clone() }, 100, 10_000);
        assert_eq!((none_asked.patience, none_asked.patience_from), (None, 0));
        assert_eq!(none_asked.spacing, Spacing::Geometric);
        let own = settled(&TrainingSpec { patience: Some(3), ..none.clone() }, 100, 10_000);
        assert_eq!((own.patience, own.patience_from), (Some(3), 0));
        // Evenly spaced validations are as they were, without patience.
        let even = settled(&TrainingSpec { evaluations: Some(7), ..none }, 100, 10_000);
        assert_eq!((even.spacing, even.evaluations, even.patience), (Spacing::Even, 7, None));
    }

    #[test]
    fn a_validation_share_gives_enough_rows() {
        for (rows, expected) in
            [(10, 2.0), (100, 20.0), (178, 35.6), (250, 50.0), (400, 50.0), (500, 50.0), (5000, 500.0)]
        {
            let held_out = validation_share(rows) * rows as f64;
            assert!((held_out - expected).abs() < 1e-9, "{held_out} of {rows}");
        }
        assert_eq!(validation_share(0), 0.2);
    }
}
