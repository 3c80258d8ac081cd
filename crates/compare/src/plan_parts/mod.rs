//! Parts of a plan: the entries of its file, its checks, its tuning schedule.

pub(crate) mod arm_text;
pub(crate) mod axes;
pub(crate) mod check;
mod parallel;
mod rate;
mod seeds;
pub(crate) mod tuning;

pub use parallel::Parallel;
pub use seeds::PAIRS_NEEDED;
