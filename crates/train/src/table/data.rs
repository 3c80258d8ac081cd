//! The rows that a model is fitted to.

use ndarray::ArrayView2;
use pdmap_core::RowWeights;
use pdmap_spec::{Condition, TableRows};

/// Rows of a table, with what belongs to them. Rows in the precision of the model are not copied but for the
/// validation rows, unless columns are left out or shifted.
#[derive(Debug)]
pub struct TableData<'a> {
    pub(super) rows: TableRows<'a>,
    pub(super) names: Vec<String>,
    pub(super) condition: Option<(Condition, ArrayView2<'a, f64>)>,
    pub(super) weights: Option<&'a RowWeights>,
    pub(super) validation: Option<Validation<'a>>,
}

/// Rows for validation.
#[derive(Debug)]
pub(super) struct Validation<'a> {
    pub(super) rows: TableRows<'a>,
    pub(super) condition: Option<ArrayView2<'a, f64>>,
    pub(super) weights: Option<&'a RowWeights>,
}

impl<'a> TableData<'a> {
    /// Rows `[rows, columns]`, in the precision of the model or in another one.
    pub fn new(rows: impl Into<TableRows<'a>>) -> Self {
        Self { rows: rows.into(), names: vec![], condition: None, weights: None, validation: None }
    }

    /// The names of the columns.
    #[must_use]
    pub fn named(self, names: Vec<String>) -> Self {
        Self { names, ..self }
    }

    /// A condition of each row, for a density `p(x | c)`: numbers `[rows, width]`, which are standardized
    /// by those of the training rows ([`Condition::Vector`]), or the number of a class `[rows, 1]`.
    #[must_use]
    pub fn condition(self, kind: Condition, rows: ArrayView2<'a, f64>) -> Self {
        Self { condition: Some((kind, rows)), ..self }
    }

    /// How often each row counts.
    #[must_use]
    pub fn weights(self, weights: &'a RowWeights) -> Self {
        Self { weights: Some(weights), ..self }
    }

    /// Validation rows, with their conditions and weights where the rows have them. Without this call,
    /// a share of the rows is held out.
    #[must_use]
    pub fn validation(
        self,
        rows: impl Into<TableRows<'a>>,
        condition: Option<ArrayView2<'a, f64>>,
        weights: Option<&'a RowWeights>,
    ) -> Self {
        Self { validation: Some(Validation { rows: rows.into(), condition, weights }), ..self }
    }
}
