//! All tests of the comparison in one program, so that the generic layers are compiled once.

mod comparison;
mod kept_runs;
mod plan_files;
mod plan_mistakes;
mod planted;
mod weights;
