//! Parts of a plan: its file's entries, its checks, its tuning schedule.

pub(crate) mod arm_text;
pub(crate) mod axes;
pub(crate) mod check;
mod rate;
pub(crate) mod tuning;
