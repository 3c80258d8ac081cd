//! A mutant as cargo-mutants lists it.

use std::path::PathBuf;

use serde::Deserialize;

/// What is replaced by what.
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

/// A place in a file, both numbers from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}
