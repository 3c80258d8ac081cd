//! The options of generators: parsing, formatting, checking and suggestions for mistyped words.

mod nearest;
mod options;

pub(crate) use nearest::nearest;
pub(crate) use options::{Options, apply, describe, number, require};
