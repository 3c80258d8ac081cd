//! What helps if a value cannot be read as a number.

use std::fmt;

/// What helps if a value cannot be read as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Nothing in general.
    None,
    /// The column holds text.
    SelectColumns,
    /// The line may be a comment.
    Comment,
    /// The number has a comma in place of the decimal point, or a point in place of the comma.
    Decimal(char),
    /// The number has one mark that can be the decimal point or separate thousands.
    DecimalOrThousands,
    /// The number has separators of thousands.
    Thousands,
    /// Integers of an array are too large for floats.
    SubtractOffset,
    /// Integers of a table are too large for floats; they may name the rows.
    SelectOthers,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::SelectColumns => f.write_str("; select the columns that hold numbers with --columns, or train on this one as categories with --categorical"),
            Self::Comment => f.write_str("; if it is a comment, give --comment '#'"),
            Self::Decimal(mark) => write!(f, "; if its {mark:?} is the decimal point, give --decimal {mark}"),
            Self::DecimalOrThousands => f.write_str("; give --decimal or --thousands for its mark"),
            Self::Thousands => f.write_str("; give --thousands for its separators"),
            Self::SubtractOffset => {
                f.write_str("; subtract an offset before saving, or save it rounded with .astype('<f8')")
            }
            Self::SelectOthers => f.write_str("; select other columns with --columns, or name the rows with --id"),
        }
    }
}
