//! Flags about missing cells.

use clap::ValueEnum;

/// What happens to missing cells: empty ones, `NA`, null, NaN.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Missing {
    /// Refuse them
    #[default]
    Refuse,
    /// Integrate them out: log p is that of the cells that are there
    Marginalize,
}

/// What stands for a missing cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FillArg {
    /// Its mean given the cells that are there
    #[default]
    Mean,
    /// Its median
    Median,
    /// Its most likely value
    Mode,
    /// A draw of all missing cells of the row together
    Draw,
}
