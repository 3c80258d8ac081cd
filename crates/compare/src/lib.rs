#![doc = include_str!("../README.md")]

mod arm;
mod arm_text;
mod axes;
pub mod baseline;
mod check;
mod common_keys;
mod csv;
pub mod diagnostics;
mod error;
mod generated;
pub mod ica;
mod jobs;
mod machine;
mod nullable;
mod one_run;
mod outline;
mod plan;
mod plan_file;
mod prose;
mod readings;
mod report;
mod results;
mod runs;
pub mod statistics;
mod store;
mod summary;
mod table;
mod tuning;
mod verdict;

pub use arm::Arm;
pub use csv::csv;
pub use error::CompareError;
pub use jobs::Parallel;
pub use machine::Machine;
pub use outline::outline;
pub use pdmap_report::standalone;
pub use plan::{Plan, RATES};
pub use plan_file::PlanFile;
pub use readings::{Reading, Target};
pub use report::{figures, page};
pub use results::{
    ArmSummary, BaselineResult, Failure, FastIcaResult, Results, RunResult, TIMINGS, TuningResult,
};
pub use runs::{Event, compare};
pub use store::Store;
pub use table::{headers, rows, text_table};
pub use verdict::{Contrast, Finding, PAIRS_NEEDED, verdict};
