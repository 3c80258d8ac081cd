//! What is compared, as data.

use pdmap_core::options::nearest;
use pdmap_train::{Budget, Preprocess, Preset, TrainConfig};
use serde::{Deserialize, Serialize};

use super::parallel::Parallel;
use super::seeds::PAIRS_NEEDED;
use super::tuning::{EXTRA, RUNGS, on_rung};
use crate::arm::Arm;
use crate::error::CompareError;

/// Learning rates that tuning tries for each arm, lowest first.
pub const RATES: [f64; 5] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2];

/// A comparison: every arm with every seed, on the same data with the same budget and, but for what an arm says of its own, the same training,
/// one run at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What it is about, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The arms.
    pub arms: Vec<Arm>,
    /// Seeds of the final runs: 1, 2, …; a verdict takes [ten](crate::PAIRS_NEEDED).
    pub seeds: u64,
    /// Preprocessing in front of every arm whose model has none of its own, fitted to the training rows.
    pub preprocess: Vec<Preprocess>,
    /// Batch, budget, optimizer, schedule. Its rate stands where nothing is tuned and the arm has none.
    pub training: TrainConfig,
    /// Rates to choose from for each arm by validation, on seeds of their own; fewer than two: no tuning.
    pub rates: Vec<f64>,
    /// Share of a final run's budget that tuning runs of the last rung get, in (0, 1]; those of the rungs before get a half and a quarter of it.
    pub tuning_share: f64,
    /// Seeds of each rate on each rung.
    #[serde(default = "one")]
    pub tuning_seeds: u64,
    /// Smallest effect of interest, nats: a difference below it is none, however surely it is there.
    #[serde(default)]
    pub smallest_effect: f64,
    /// Runs at once and their threads, under a step budget; none: one run at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<Parallel>,
    /// Arms that are compared, by name, each with what it is compared with; empty: the usual pairs, or else each arm with the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contrasts: Vec<[String; 2]>,
}

fn one() -> u64 {
    1
}

/// Seeds where nothing else is said: as many as a verdict takes.
const SEEDS: u64 = PAIRS_NEEDED as u64;

/// Smallest effect of interest where nothing else is said, nats.
const SMALLEST_EFFECT: f64 = 0.05;

impl Plan {
    /// The five dense presets, ten seeds, whitened, five rates tuned with a fifth of the budget each.
    pub fn new(budget: Budget) -> Self {
        Self {
            description: None,
            arms: Preset::DENSE.map(Arm::from).to_vec(),
            seeds: SEEDS,
            preprocess: vec![Preprocess::Whiten],
            training: TrainConfig::new(budget),
            rates: RATES.to_vec(),
            tuning_share: 0.2,
            tuning_seeds: 1,
            smallest_effect: SMALLEST_EFFECT,
            parallel: None,
            contrasts: vec![],
        }
    }

    /// The preprocessing of an arm: its model's, or else the plan's.
    pub fn steps<'a>(&'a self, arm: &'a Arm) -> &'a [Preprocess] {
        arm.model.preprocess.as_deref().unwrap_or(&self.preprocess)
    }

    /// How an arm is trained where nothing is tuned: as it says itself, then as its model, then as the plan; always with the plan's budget.
    pub fn config(&self, arm: &Arm) -> TrainConfig {
        let config = arm.model.training.overridden_by(&arm.training).onto(self.training.clone());
        TrainConfig { budget: self.training.budget, rate: arm.rate.unwrap_or(config.rate), ..config }
    }

    /// The rates that tuning starts from with an arm; none where its rate is fixed, or there is nothing to choose.
    pub fn rates_to_try(&self, arm: &Arm) -> &[f64] {
        if self.tunes(arm) { &self.rates } else { &[] }
    }

    /// Rows of the largest minibatch.
    pub fn largest_batch(&self) -> usize {
        self.arms.iter().map(|arm| self.config(arm).batch).max().unwrap_or(self.training.batch)
    }

    /// Leaves only the arms that are named, in that order, and the contrasts between them.
    ///
    /// # Errors
    /// [`CompareError::UnknownArm`].
    pub fn keep(&mut self, names: &[String]) -> Result<(), CompareError> {
        let find = |name: &String| self.arms.iter().find(|arm| arm.name == *name).cloned();
        let arm = |name: &String| {
            find(name).ok_or_else(|| {
                let known: Vec<&str> = self.arms.iter().map(|arm| arm.name.as_str()).collect();
                CompareError::UnknownArm {
                    name: name.clone(),
                    nearest: nearest(name, known.iter().copied()).unwrap_or_default().to_owned(),
                    known: known.join(", "),
                }
            })
        };
        let arms: Vec<Arm> = names.iter().map(arm).collect::<Result<_, _>>()?;
        self.arms = arms;
        self.contrasts.retain(|pair| pair.iter().all(|name| names.contains(name)));
        Ok(())
    }

    /// A share of the budget of a run.
    pub(crate) fn share_of_budget(&self, share: f64) -> Budget {
        match self.training.budget {
            Budget::Steps(steps) => Budget::Steps(((steps as f64 * share) as u64).max(1)),
            Budget::Time(time) => Budget::Time(time.mul_f64(share.clamp(0.0, 1.0))),
        }
    }

    /// Tuning runs of an arm on each rung, and their share of a final run's budget.
    pub fn tuning_runs(&self, arm: &Arm) -> [(u64, f64); RUNGS.len()] {
        let first = match self.rates_to_try(arm).len() {
            0 => 0,
            listed => listed + EXTRA,
        };
        std::array::from_fn(|rung| {
            let rates = if first == 0 { 0 } else { on_rung(rung, first) as u64 };
            (rates * self.tuning_seeds, self.tuning_share * RUNGS[rung].0)
        })
    }

    /// Everything that is trained, in budgets of a final run: tuning and final runs of all arms.
    pub fn budgets(&self) -> f64 {
        let tuning = self.arms.iter().flat_map(|arm| self.tuning_runs(arm)).map(|(runs, share)| runs as f64 * share);
        self.arms.len() as f64 * self.seeds as f64 + tuning.sum::<f64>()
    }

    /// Seconds that the runs take, where they are budgeted in time.
    pub fn seconds(&self) -> Option<f64> {
        let Budget::Time(time) = self.training.budget else { return None };
        Some(self.budgets() * time.as_secs_f64())
    }
}
