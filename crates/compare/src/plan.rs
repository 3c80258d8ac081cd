//! What is compared, as data.

use pdmap_train::{Architecture, Budget, Preprocess, Preset, TrainConfig};
use serde::{Deserialize, Serialize};

/// Learning rates that tuning tries for each arm, lowest first.
pub const RATES: [f64; 5] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2];

/// A comparison: every arm with every seed, on the same data with the same nonlinearity, optimizer, batch and budget, one run at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The arms.
    pub arms: Vec<Preset>,
    /// Seeds of the final runs: 1, 2, …
    pub seeds: u64,
    /// Preprocessing in front of every arm, fitted to the training rows.
    pub preprocess: Preprocess,
    /// Depth and nonlinearity of every arm.
    pub architecture: Architecture,
    /// Batch, budget, optimizer, schedule. Its rate stands where nothing is tuned.
    pub training: TrainConfig,
    /// Rates to choose from for each arm by validation, on seeds of their own; empty: no tuning.
    pub rates: Vec<f64>,
    /// Share of a final run's budget that each tuning run gets.
    pub tuning_share: f64,
}

impl Plan {
    /// All five arms, three seeds, whitened, five rates tuned with a fifth of the budget each.
    pub fn new(budget: Budget) -> Self {
        Self {
            arms: Preset::ALL.to_vec(),
            seeds: 3,
            preprocess: Preprocess::Whiten,
            architecture: Architecture::default(),
            training: TrainConfig::new(budget),
            rates: RATES.to_vec(),
            tuning_share: 0.2,
        }
    }

    /// The budget of a tuning run.
    pub fn tuning_budget(&self) -> Budget {
        match self.training.budget {
            Budget::Steps(steps) => Budget::Steps(((steps as f64 * self.tuning_share) as u64).max(1)),
            Budget::Time(time) => Budget::Time(time.mul_f64(self.tuning_share.clamp(0.0, 1.0))),
        }
    }

    /// Seconds that the runs take, where they are budgeted in time.
    pub fn seconds(&self) -> Option<f64> {
        match self.training.budget {
            Budget::Steps(_) => None,
            Budget::Time(time) => {
                let tuning = self.rates.len() as f64 * self.tuning_share;
                Some(self.arms.len() as f64 * (self.seeds as f64 + tuning) * time.as_secs_f64())
            }
        }
    }
}
