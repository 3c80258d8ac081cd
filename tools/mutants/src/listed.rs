//! A mutant as listed by cargo-mutants.

use std::path::PathBuf;

use serde::Deserialize;

/// A replacement and its location.
#[derive(Debug, Clone, Deserialize)]
pub struct Listed {
    pub file: PathBuf,
    pub genre: String,
    pub name: String,
    pub replacement: String,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Span {
    pub start: Place,
    pub end: Place,
}

/// A position in a file, from 1, with columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}
