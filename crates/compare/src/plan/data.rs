//! A plan as data.

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

/// A comparison: every arm with every seed, on the same data and with the same budget. Training
/// options are the same too, except for those that an arm overrides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What is compared, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The arms.
    pub arms: Vec<Arm>,
    /// Number of final runs of each arm, with seeds 1, 2, …; a verdict needs
    /// [ten](crate::PAIRS_NEEDED).
    pub seeds: u64,
    /// Preprocessing, fitted to the training rows, for every arm whose model has none.
    pub preprocess: Vec<Preprocess>,
    /// Batch, budget, optimizer, schedule. Its rate applies if there is no tuning and the arm sets
    /// none.
    pub training: TrainConfig,
    /// Learning rates from which each arm's is chosen by validation, with separate seeds. Fewer than
    /// two: no tuning.
    pub rates: Vec<f64>,
    /// Share of a final run's budget for the tuning runs of the last rung, in (0, 1]. Those of the
    /// earlier rungs get a half and a quarter of it.
    pub tuning_share: f64,
    /// Number of seeds for each rate on each rung.
    #[serde(default = "one")]
    pub tuning_seeds: u64,
    /// Smallest effect of interest, in nats. A smaller difference counts as none, however significant.
    #[serde(default)]
    pub smallest_effect: f64,
    /// Number of parallel runs and threads of each, under a step budget. `None`: one run at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<Parallel>,
    /// Pairs of arms to compare, by name. If empty, the standard pairs, or each arm with the first if
    /// there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contrasts: Vec<[String; 2]>,
}

fn one() -> u64 {
    1
}

/// Default number of seeds: as many as a verdict needs.
const SEEDS: u64 = PAIRS_NEEDED as u64;

/// Default smallest effect of interest, in nats.
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

    /// The training options of an arm without tuning: its own, then its model's, then the plan's;
    /// always with the plan's budget.
    pub fn config(&self, arm: &Arm) -> TrainConfig {
        let config = arm.model.training.overridden_by(&arm.training).onto(self.training.clone());
        TrainConfig { budget: self.training.budget, rate: arm.rate.unwrap_or(config.rate), ..config }
    }

    /// The rates from which tuning chooses for an arm; none if its rate is fixed or there is no choice.
    pub fn rates_to_try(&self, arm: &Arm) -> &[f64] {
        if self.tunes(arm) { &self.rates } else { &[] }
    }

    /// Size of the largest batch.
    pub fn largest_batch(&self) -> usize {
        self.arms.iter().map(|arm| self.config(arm).batch).max().unwrap_or(self.training.batch)
    }

    /// Keeps only the named arms, in that order, and the contrasts between them.
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

    /// The cost of all tuning and final runs, in budgets of one final run.
    pub fn budgets(&self) -> f64 {
        let tuning = self.arms.iter().flat_map(|arm| self.tuning_runs(arm)).map(|(runs, share)| runs as f64 * share);
        self.arms.len() as f64 * self.seeds as f64 + tuning.sum::<f64>()
    }

    /// Duration of all runs, in seconds, under a time budget.
    pub fn seconds(&self) -> Option<f64> {
        let Budget::Time(time) = self.training.budget else { return None };
        Some(self.budgets() * time.as_secs_f64())
    }
}
