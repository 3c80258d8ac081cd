//! Flags about columns of categories.

use clap::{Args, ValueEnum};

/// What happens to labels that the training rows do not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unseen {
    /// Refuse them
    #[default]
    Error,
    /// Take them as one more label of their column, `other`, with the probability that the smoothing
    /// gives it
    Other,
}

/// The columns of categories of the training rows.
#[derive(Debug, Clone, Args)]
pub(crate) struct CategoryArgs {
    /// Columns of categories, by name or by index from 0: text, or integers that are labels. The
    /// density is p(c) of the categories times p(x | c) of the numbers
    #[arg(long, value_name = "A,B,..", value_delimiter = ',', num_args = 1)]
    pub(crate) categorical: Vec<String>,
    /// What to do with labels of validation and test rows that the training rows do not have
    #[arg(long, value_enum, default_value_t, requires = "categorical")]
    pub(crate) unseen: Unseen,
}
