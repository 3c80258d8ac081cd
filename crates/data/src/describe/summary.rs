//! The description of a table.

use serde::Serialize;

/// What [`describe`](crate::describe()) finds in a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    /// Number of rows.
    pub rows: u64,
    /// Rows on which quantiles, distinct values, kinds and the rank are based: evenly spaced ones,
    /// if the table is long; none if all rows are.
    pub sampled_rows: Option<usize>,
    /// The columns in order.
    pub columns: Vec<ColumnSummary>,
    /// Rank of the correlation matrix of all columns (constant ones add nothing), over the rows
    /// where every value is finite. None if there are too many columns to judge it, or fewer than
    /// two such rows.
    pub rank: Option<usize>,
    /// Whether there are no more rows than columns. Then every column depends on the others, which
    /// says nothing about the columns, and no [`Degenerate::Dependent`] is listed.
    pub too_few_rows: bool,
    /// Columns that leave no density in all columns, in order of the columns.
    pub degenerate: Vec<Degenerate>,
}

impl Description {
    /// A sentence for each degenerate column, without a full stop.
    pub fn degenerate_notes(&self) -> Vec<String> {
        let name = |column: usize| self.columns.get(column).map_or("", |column| column.name.as_str());
        let note = |entry: &Degenerate| match entry {
            Degenerate::Constant { column, value } => format!("{} is constant: {value}", name(*column)),
            Degenerate::Duplicate { column, of } => format!("{} is a duplicate of {}", name(*column), name(*of)),
            Degenerate::Dependent { column, on } => {
                let on: Vec<&str> = on.iter().map(|&column| name(column)).collect();
                format!("{} is a constant plus a linear combination of {}", name(*column), on.join(", "))
            }
        };
        self.degenerate.iter().map(note).collect()
    }
}

/// What a column holds. Quantities are in units of the column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnSummary {
    /// Its name, or `x0`, `x1`, ... without names.
    pub name: String,
    /// What its values are.
    #[serde(flatten)]
    pub kind: ColumnKind,
    /// Whether values repeat: at least two rows a distinct value, on average.
    pub repeats: bool,
    /// Smallest finite value; NaN without one.
    pub min: f64,
    /// The quantiles 0.25, 0.5 and 0.75 of the finite values, interpolated linearly.
    pub quantiles: [f64; 3],
    /// Largest finite value; NaN without one.
    pub max: f64,
    /// Number of distinct finite values.
    pub distinct: Distinct,
    /// Number of NaN, which stands for a missing value.
    pub missing: u64,
    /// Number of infinite values. No other field counts them.
    pub infinite: u64,
}

impl ColumnSummary {
    /// The distance between neighbouring values of a discrete column: one whose values repeat and
    /// lie on a grid. A density gains without bound by concentrating on such values.
    pub fn discrete_step(&self) -> Option<f64> {
        let step = match self.kind {
            ColumnKind::Grid { step } => step,
            ColumnKind::Integer => 1.0,
            ColumnKind::Binary { low, high } => high - low,
            ColumnKind::Real | ColumnKind::Constant { .. } | ColumnKind::Empty => return None,
        };
        self.repeats.then_some(step)
    }
}

/// The kind of a column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ColumnKind {
    /// Numbers without a recognizable step.
    Real,
    /// Numbers that repeat and are an offset (the minimum) plus multiples of `step`, up to rounding.
    Grid {
        /// Distance between neighbouring values.
        step: f64,
    },
    /// Whole numbers.
    Integer,
    /// Two values that repeat.
    Binary {
        /// The smaller one.
        low: f64,
        /// The larger one.
        high: f64,
    },
    /// One value.
    Constant {
        /// The value.
        value: f64,
    },
    /// No finite value.
    Empty,
}

impl std::fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Real => f.write_str("real"),
            Self::Grid { step } => write!(f, "rounded to {step}"),
            Self::Integer => f.write_str("integer"),
            Self::Binary { low, high } => write!(f, "binary, {low} or {high}"),
            Self::Constant { value } => write!(f, "constant, {value}"),
            Self::Empty => f.write_str("no finite value"),
        }
    }
}

/// A number of distinct values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distinct {
    /// Counted in all rows.
    Exactly(usize),
    /// Counted in a sample of the rows, so that there may be more.
    AtLeast(usize),
}

impl std::fmt::Display for Distinct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(count) => write!(f, "{count}"),
            Self::AtLeast(count) => write!(f, "{count} or more"),
        }
    }
}

/// A column that leaves no density in all columns. Columns count from 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "degenerate", rename_all = "kebab-case")]
pub enum Degenerate {
    /// The same value in every row.
    Constant {
        /// The column.
        column: usize,
        /// Its value.
        value: f64,
    },
    /// The same values as an earlier column, in every row.
    Duplicate {
        /// The column.
        column: usize,
        /// The first column with these values.
        of: usize,
    },
    /// A constant plus a linear combination of other columns, up to the rounding of the numbers.
    Dependent {
        /// The column.
        column: usize,
        /// The columns of the combination, ascending. None of them is degenerate.
        on: Vec<usize>,
    },
}

impl Degenerate {
    /// The column that can be left out.
    pub fn column(&self) -> usize {
        match *self {
            Self::Constant { column, .. } | Self::Duplicate { column, .. } | Self::Dependent { column, .. } => column,
        }
    }
}
