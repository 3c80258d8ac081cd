#![doc = include_str!("../README.md")]

mod arm;
pub mod baseline;
pub mod diagnostics;
mod error;
mod held_out;
pub mod ica;
mod machine;
mod nullable;
mod plan;
mod readings;
mod records;
mod report;
mod results;
mod run;
pub mod statistics;
mod verdict;

pub use arm::{AUTO, Arm};
pub use error::CompareError;
pub use held_out::HeldOutWeights;
pub use machine::Machine;
pub use pdmap_report::standalone;
pub use plan::{PAIRS_NEEDED, Parallel, Plan, PlanFile, RATES};
pub use readings::{Reading, Target};
pub use records::{ArmSummary, BaselineResult, Failure, FastIcaResult, RunResult, TuningResult};
pub use report::{csv, figures, headers, outline, page, rows, text_table};
pub use results::{Results, TIMINGS};
pub use run::{Event, Store, compare, compare_on};
pub use verdict::{Contrast, Finding, verdict};
