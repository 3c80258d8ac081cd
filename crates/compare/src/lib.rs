#![doc = include_str!("../README.md")]

mod arm;
pub mod baseline;
mod common_keys;
pub mod diagnostics;
mod error;
pub mod ica;
mod machine;
mod nullable;
mod plan;
mod plan_file;
mod plan_parts;
mod readings;
mod records;
mod report;
mod results;
mod run;
pub mod statistics;
mod verdict;

use plan_parts::{arm_text, axes, check, tuning};

pub use arm::Arm;
pub use error::CompareError;
pub use machine::Machine;
pub use pdmap_report::standalone;
pub use plan::{Plan, RATES};
pub use plan_file::PlanFile;
pub use plan_parts::{PAIRS_NEEDED, Parallel};
pub use readings::{Reading, Target};
pub use records::{ArmSummary, BaselineResult, Failure, FastIcaResult, RunResult, TuningResult};
pub use report::{csv, figures, headers, outline, page, rows, text_table};
pub use results::{Results, TIMINGS};
pub use run::{Event, Store, compare};
pub use verdict::{Contrast, Finding, verdict};
