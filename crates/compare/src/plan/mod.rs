//! Plans: as data, as files, and their checks.

mod arm_text;
mod axes;
mod check;
mod common_keys;
mod data;
mod file;
mod parallel;
mod rate;
mod seeds;
pub(crate) mod tuning;

pub use data::{Plan, RATES};
pub use file::PlanFile;
pub use parallel::Parallel;
pub use seeds::PAIRS_NEEDED;
