//! Flags about weights of rows.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct WeightArgs {
    /// How often each row counts: a column of the data, which is not a feature, or a file of one
    /// column. Numbers of at least 0; whole numbers count as repeated rows, others are scaled so that
    /// they sum to the number of effective rows
    #[arg(long, value_name = "COLUMN|FILE")]
    pub(crate) weights: Option<String>,
    /// Weights of the rows of --val [default: the same column]
    #[arg(long, value_name = "FILE", requires_all = ["weights", "val"])]
    pub(crate) val_weights: Option<PathBuf>,
    /// Weights of the rows of --test [default: the same column]
    #[arg(long, value_name = "FILE", requires_all = ["weights", "test"])]
    pub(crate) test_weights: Option<PathBuf>,
}
