//! Progress of a comparison.

use pdmap_train::Progress;

/// An event of a running comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// The baselines are being fitted.
    Baselines,
    /// Progress of a tuning run.
    Tuning {
        /// Name of the arm.
        arm: &'a str,
        /// Learning rate.
        rate: f64,
        /// Progress.
        progress: Progress,
    },
    /// Progress of a final run.
    Run {
        /// Name of the arm.
        arm: &'a str,
        /// Seed.
        seed: u64,
        /// Progress.
        progress: Progress,
    },
    /// A final run has finished, or was found in the store.
    Finished {
        /// Name of the arm.
        arm: &'a str,
        /// Seed.
        seed: u64,
        /// Mean test log-likelihood in nats; NaN if not finite.
        test: f64,
    },
    /// A final run failed.
    Failed {
        /// Name of the arm.
        arm: &'a str,
        /// Seed; none if the arm's flow cannot be built at all.
        seed: Option<u64>,
        /// The cause.
        reason: &'a str,
    },
}
