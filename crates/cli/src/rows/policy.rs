//! What happens to columns that have no density.

use anyhow::Result;
use ndarray::ArrayView2;
use pdmap_data::{Description, Input};
use pdmap_train::Subspace;

use crate::args::{DataArgs, Discrete};
use crate::terminal::exit::BadInput;

/// What happens to columns that have no density.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) degenerate: Degenerates,
    pub(crate) discrete: Discrete,
}

/// What happens to constant, duplicate and dependent columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Degenerates {
    Refuse,
    /// They are left out.
    Drop,
    /// The rows are replaced by their coordinates in the subspace where they lie.
    ReduceRank,
}

impl Degenerates {
    pub(crate) fn of(args: &DataArgs) -> Self {
        match (args.drop_degenerate, args.reduce_rank) {
            (false, false) => Self::Refuse,
            (true, _) => Self::Drop,
            (false, true) => Self::ReduceRank,
        }
    }
}

/// The subspace of the training rows.
///
/// # Errors
/// Rows that are not in memory; a rank that cannot be judged, or is 0; discrete columns, whose noise
/// would leave the subspace; more columns than a subspace takes.
pub(super) fn subspace(
    input: &Input,
    described: &Description,
    discrete: Discrete,
    rows: Option<ArrayView2<'_, f64>>,
) -> Result<Subspace> {
    let refuse = |why: &str| Err(BadInput(format!("{input}: --reduce-rank {why}")).into());
    let Some(rows) = rows else { return refuse("needs rows in memory; --memory sets how much they may take") };
    if described.too_few_rows {
        let (rows, columns) = rows.dim();
        return refuse(&format!("cannot judge the rank of {columns} columns by {rows} rows"));
    }
    let grids: Vec<&str> = described
        .columns
        .iter()
        .filter(|column| column.discrete_step().is_some())
        .map(|column| column.name.as_str())
        .collect();
    if discrete != Discrete::Keep && !grids.is_empty() {
        let grids = grids.join(", ");
        return refuse(&format!(
            "cannot be used with noise on discrete columns ({grids}), which leaves the subspace; use --drop-degenerate, or --discrete keep to train without noise"
        ));
    }
    match described.rank {
        None => refuse("cannot judge the rank of so many columns"),
        Some(0) => refuse("leaves nothing: every column is constant"),
        Some(rank) => Ok(Subspace::fit(rows, rank)?),
    }
}
