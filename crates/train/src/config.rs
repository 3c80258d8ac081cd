//! How a flow is trained.

use pdmap_core::LayerError;
use pdmap_core::optim::{Clip, OptimizerSpec, Schedule};
use serde::{Deserialize, Serialize};

use crate::Budget;

/// How a flow is trained. A key that a saved configuration does not have is as by [`default`](Self::default), one that this version does not know is passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainConfig {
    /// Rows of a minibatch.
    pub batch: usize,
    /// How long.
    pub budget: Budget,
    /// Which optimizer.
    pub optimizer: OptimizerSpec,
    /// Learning rate η.
    pub rate: f64,
    /// Learning rate over the run.
    pub schedule: Schedule,
    /// Gradient clipping.
    pub clip: Clip,
    /// Seed of the order of the rows.
    pub seed: u64,
    /// Validations over the run.
    pub evaluations: u64,
    /// Rows that a validation looks at, evenly spaced.
    pub validation_rows: usize,
    /// Validations without a new best after which training stops early.
    pub patience: Option<u64>,
    /// How often a run that diverges goes back to its best weights and on at a lower rate, before it is given up.
    pub retries: u64,
}

impl TrainConfig {
    /// Adam at 1e-3 with a cosine schedule, batches of 100, 40 validations of up to 10,000 rows, three retries.
    pub fn new(budget: Budget) -> Self {
        Self {
            batch: 100,
            budget,
            optimizer: OptimizerSpec::adam(),
            rate: 1e-3,
            schedule: Schedule::cosine(),
            clip: Clip::None,
            seed: 0,
            evaluations: 40,
            validation_rows: 10_000,
            patience: None,
            retries: 3,
        }
    }
}

/// Validations of a run at most: each is a point of a curve that a checkpoint's header holds.
const MOST_EVALUATIONS: u64 = 1_000_000;

/// Rollbacks of a run at most; the rate is next to nothing long before.
const MOST_RETRIES: u64 = 100;

impl TrainConfig {
    /// Numbers are in their ranges; the optimizer's own are checked where it is made.
    ///
    /// # Errors
    /// [`LayerError::Range`].
    pub fn validate(&self) -> Result<(), LayerError> {
        let within = |what, value: u64, least, most, range| {
            let ok = (least..=most).contains(&value);
            if ok { Ok(()) } else { Err(LayerError::Range { what, value: value as f64, range }) }
        };
        within("evaluations", self.evaluations, 1, MOST_EVALUATIONS, "from 1 to 1,000,000")?;
        within("validation rows", self.validation_rows as u64, 1, u64::MAX, "at least 1")?;
        within("retries", self.retries, 0, MOST_RETRIES, "at most 100")?;
        within("patience", self.patience.unwrap_or(1), 1, u64::MAX, "at least 1")?;
        self.schedule.validate()
    }
}

impl Default for TrainConfig {
    /// [`new`](TrainConfig::new) with a minute of wall-clock time.
    fn default() -> Self {
        Self::new(Budget::Time(std::time::Duration::from_secs(60)))
    }
}
