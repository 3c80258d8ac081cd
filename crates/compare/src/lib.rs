#![doc = include_str!("../README.md")]

mod arm;
mod arm_text;
pub mod baseline;
mod check;
mod error;
mod machine;
mod nullable;
mod outline;
mod plan;
mod plan_file;
mod prose;
mod report;
mod results;
mod runs;
pub mod statistics;
mod table;
mod tuning;
mod verdict;

pub use arm::Arm;
pub use error::CompareError;
pub use machine::Machine;
pub use outline::outline;
pub use pdmap_report::standalone;
pub use plan::{Plan, RATES};
pub use plan_file::PlanFile;
pub use report::{figures, page};
pub use results::{ArmSummary, BaselineResult, Results, RunResult, TuningResult};
pub use runs::{Event, compare};
pub use table::{headers, rows, text_table};
pub use verdict::{Contrast, Finding, verdict};
