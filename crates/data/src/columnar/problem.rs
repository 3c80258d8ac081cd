//! What is wrong with a file of columns, before the file is named.

use std::io::{Error, ErrorKind};
use std::path::Path;

use crate::error::{DataError, excerpt};

/// What is wrong with a file of columns.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The operating system reported an error.
    Io(Error),
    /// The content is damaged, or of a kind that is not supported.
    Bad(String),
}

/// A result about the content of a file.
pub(crate) type Outcome<T> = Result<T, Problem>;

/// A problem with the content.
pub(crate) fn bad<T>(text: impl Into<String>) -> Outcome<T> {
    Err(Problem::Bad(text.into()))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::Bad("it ends early".to_owned()),
            // Raised by decompression.
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => Self::Bad(error.to_string()),
            _ => Self::Io(error),
        }
    }
}

impl Problem {
    /// The same problem, of a column.
    pub(crate) fn of_column(self, name: &str) -> Self {
        match self {
            Self::Bad(problem) => Self::Bad(format!("column {:?}: {problem}", excerpt(name))),
            other => other,
        }
    }

    /// The error about the file at `path`.
    pub(crate) fn at(self, path: &Path, format: &'static str) -> DataError {
        match self {
            Self::Io(error) => DataError::io(path, error),
            Self::Bad(problem) => DataError::BadTable { path: path.to_path_buf(), format, problem },
        }
    }
}
