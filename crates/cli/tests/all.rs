//! All tests of the command line in one program, so that the generic layers are compiled once.

mod bad_input;
mod before_house;
mod columns;
mod common;
mod conditions;
mod describe;
mod guide;
mod intake;
mod kernels;
mod large_files;
mod models;
mod nearly_singular;
mod numpy_reader;
mod pipes;
mod plans;
mod reports;
mod resume;
mod row_names;
mod scales;
mod scoring;
mod scoring_refusals;
mod small_tables;
mod subcommands;
mod threads;
mod train_baseline;
mod training_flags;
