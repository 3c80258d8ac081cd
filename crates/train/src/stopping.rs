//! When a run ends before its budget is used.

use pdmap_spec::{Spacing, TrainConfig};

/// A run has exploded where its rows are this many nats a feature less likely than before the first
/// step. No run that still learns gets there, and a likelihood that is finite by luck must not pass
/// as valid.
const EXPLODED: f64 = 10.0;

/// Nats, and nats a feature, that the validation rows may lose to the best validation. Noise of a
/// run that learns is less.
const LOSS: f64 = 2.0;
const LOSS_A_FEATURE: f64 = 0.05;

/// Steps of a run with frequent early validations before which neither a loss nor a likelihood that
/// is finite ends it: an optimizer's first steps may lead far away, and are soon made up for.
const EARLY: u64 = 50;

/// When a run ends before its budget is used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopping {
    patience: Option<u64>,
    /// Steps before which patience stops no run.
    from: u64,
    features: f64,
    /// Whether validations are frequent at first.
    geometric: bool,
}

impl Stopping {
    /// How a run of this configuration stops.
    pub(crate) fn of(config: &TrainConfig, features: usize) -> Self {
        let geometric = config.spacing == Spacing::Geometric;
        Self { patience: config.patience, from: config.patience_from, features: features as f64, geometric }
    }

    /// The log-likelihood below which rows that had `first` at the start have none.
    pub(crate) fn floor(self, first: f64) -> f64 {
        first - EXPLODED * self.features
    }

    /// Whether the patience is exhausted after `step` steps.
    pub(crate) fn exhausted(self, waited: u64, step: u64) -> bool {
        step >= self.from && self.patience.is_some_and(|patience| waited >= patience)
    }

    /// Whether a finite likelihood below the floor after `step` steps is that of a run that has
    /// exploded.
    pub(crate) fn judges(self, step: u64) -> bool {
        !self.geometric || step >= EARLY
    }

    /// Whether validation rows that have lost so much to the best validation after `step` steps have
    /// lost too much. Evenly spaced validations leave it to the patience.
    pub(crate) fn fallen(self, lost: f64, step: u64) -> bool {
        self.patience.is_some() && self.geometric && step >= EARLY && lost > LOSS.max(LOSS_A_FEATURE * self.features)
    }
}

#[cfg(test)]
mod tests {
    use pdmap_spec::Budget;

    use super::*;

    #[test]
    fn a_run_stops_by_patience_and_by_what_it_loses() {
        let config = TrainConfig {
            patience: Some(3),
            patience_from: 50,
            spacing: Spacing::Geometric,
            ..TrainConfig::new(Budget::Steps(100))
        };
        let stopping = Stopping::of(&config, 13);
        assert!(stopping.exhausted(3, 50) && !stopping.exhausted(3, 49) && !stopping.exhausted(2, 50));
        assert!(stopping.fallen(2.1, 50) && !stopping.fallen(2.0, 50) && !stopping.fallen(f64::NAN, 50));
        assert!(!stopping.fallen(2.1, 49) && !stopping.judges(49) && stopping.judges(50));
        assert!(!Stopping::of(&config, 100).fallen(4.9, 50) && Stopping::of(&config, 100).fallen(5.1, 50));
        assert!((stopping.floor(-10.0) + 140.0).abs() < 1e-9);
        let even = Stopping::of(&TrainConfig { spacing: Spacing::Even, ..config.clone() }, 13);
        assert!(even.exhausted(3, 50) && !even.fallen(1e9, 99) && even.judges(1));
        let never = Stopping::of(&TrainConfig { patience: None, ..config }, 13);
        assert!(!never.exhausted(1000, 1000) && !never.fallen(1e9, 99));
    }
}
