//! The records of which `results.json` consists: runs, tuning runs, arms and baselines.

mod arm;
mod baseline;
mod bits;
mod run;
mod tuning;

pub use arm::ArmSummary;
pub(crate) use arm::summarize;
pub use baseline::{BaselineResult, FastIcaResult};
pub(crate) use bits::bits_per_dim;
pub use run::{Failure, RunResult};
pub use tuning::TuningResult;
