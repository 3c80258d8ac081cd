//! What a search leaves to its caller.

use std::time::Duration;

use pdmap_spec::{Adaptive, Budget, Domain, ModelSpec, Preprocess, TrainConfig, TrainingSpec};

/// Options of [`fit_auto`](crate::fit_auto).
#[derive(Debug, Clone, PartialEq)]
pub struct AutoConfig {
    /// For all members together.
    pub budget: Budget,
    /// Of the division of the rows, of initial weights and of the order of rows.
    pub seed: u64,
    /// Training options that all members take instead of their own.
    pub training: TrainingSpec,
    /// Preprocessing of all members instead of their own: standardization or whitening.
    pub preprocess: Option<Vec<Preprocess>>,
    /// Numbers of the condition that follows the features of each row, for a density `p(x | c)`;
    /// [`fit_auto`](crate::fit_auto) takes it from the data.
    pub conditions: usize,
    /// The domain of each feature; empty if all are real. Where some are angles, the flows are of the
    /// angles, and of the other features given them.
    pub domains: Vec<Domain>,
}

impl Default for AutoConfig {
    /// A minute.
    fn default() -> Self {
        Self::new(Budget::Time(Duration::from_secs(60)))
    }
}

impl AutoConfig {
    /// Defaults within a budget.
    pub fn new(budget: Budget) -> Self {
        let (seed, training) = (TrainConfig::default().seed, TrainingSpec::default());
        Self { budget, seed, training, preprocess: None, conditions: 0, domains: vec![] }
    }

    /// The configuration of a member on so many rows of `features` numbers.
    pub(super) fn of_member(&self, spec: &ModelSpec, rows: u64, features: usize) -> TrainConfig {
        let options = spec.training.overridden_by(&self.training);
        // The batch of a model is the one for enough rows.
        let set = TrainingSpec { batch: self.training.batch, ..options.clone() };
        Adaptive::default().without(&set).settle(options.onto(TrainConfig::default()), rows, features)
    }

    /// The preprocessing of a member.
    pub(super) fn steps(&self, spec: &ModelSpec) -> Vec<Preprocess> {
        let own = || spec.preprocess.clone().unwrap_or_else(|| vec![Preprocess::Standardize]);
        self.preprocess.clone().unwrap_or_else(own)
    }
}
