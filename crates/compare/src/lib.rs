#![doc = include_str!("../README.md")]

pub mod baseline;
mod error;
mod machine;
mod nullable;
mod plan;
mod report;
mod results;
mod runs;
pub mod statistics;
mod table;
mod tuning;
mod verdict;

pub use error::CompareError;
pub use machine::Machine;
pub use pdmap_report::standalone;
pub use plan::{Plan, RATES};
pub use report::{figures, page};
pub use results::{ArmSummary, BaselineResult, Results, RunResult, TuningResult};
pub use runs::{Event, compare};
pub use table::{headers, rows, text_table};
pub use verdict::{Contrast, Finding, verdict};
