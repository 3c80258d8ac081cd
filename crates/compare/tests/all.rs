//! The comparison: all tests in one program, since each program would compile the generic layers again.

mod comparison;
mod kept_runs;
mod plan_files;
mod plan_mistakes;
mod planted;
