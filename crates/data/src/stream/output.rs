//! Where rows go, and as what.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;

/// Where rows go: a file, or standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A file.
    File(PathBuf),
    /// Standard output.
    Stdout,
}

impl Output {
    /// `-` is standard output, everything else a path (`./-` for a file of that name).
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

/// What messages call standard output.
pub(crate) const STDOUT: &str = "standard output";

/// The format of rows that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    /// `.npy`, C order, little endian, of the element's own precision.
    Npy,
    /// CSV: the shortest decimal numbers that give the same value when they are read; NaN and infinities as `NaN`, `inf`, `-inf`.
    Csv,
}

/// The shape of the rows that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowShape {
    /// `[rows, features]`.
    Matrix {
        /// Features of a row.
        features: usize,
    },
    /// `[rows]`: one number for each row, an array of rank 1 in `.npy`.
    Vector,
}

impl RowShape {
    /// Numbers of a row.
    pub(crate) fn features(self) -> usize {
        match self {
            Self::Matrix { features } => features,
            Self::Vector => 1,
        }
    }
}
