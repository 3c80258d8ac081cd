//! Destinations, formats and shapes of rows that are written.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;

/// A destination of rows: a file or standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A file.
    File(PathBuf),
    /// Standard output.
    Stdout,
}

impl Output {
    /// `-` is standard output, anything else a path (`./-` for a file of that name).
    pub fn parse(text: impl AsRef<OsStr>) -> Self {
        let text = text.as_ref();
        if text == "-" { Self::Stdout } else { Self::File(text.into()) }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdout => f.write_str(STDOUT),
        }
    }
}

/// The name of standard output in messages.
pub(crate) const STDOUT: &str = "standard output";

/// The output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    /// `.npy`, C order, little-endian, in the element's own precision.
    Npy,
    /// CSV with the shortest decimals that read back as the same value; NaN and infinities are
    /// written as `NaN`, `inf` and `-inf`.
    Csv,
}

/// The shape of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowShape {
    /// `[rows, features]`.
    Matrix {
        /// Features per row.
        features: usize,
    },
    /// `[rows]`: one number per row, an `.npy` array of rank 1.
    Vector,
}

impl RowShape {
    /// The lengths of the axes, for `rows` rows.
    pub(crate) fn axes(self, rows: u64) -> Vec<u64> {
        match self {
            Self::Matrix { features } => vec![rows, features as u64],
            Self::Vector => vec![rows],
        }
    }

    /// Numbers per row.
    pub(crate) fn features(self) -> usize {
        match self {
            Self::Matrix { features } => features,
            Self::Vector => 1,
        }
    }
}
