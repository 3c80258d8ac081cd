//! Errors in options, with their path.

use std::fmt;

use super::nearest;

/// One segment of the path to a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Key of a table.
    Key(String),
    /// Index of a list, from 0.
    Index(usize),
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// An unknown key.
    UnknownKey {
        /// The key as given.
        key: String,
        /// All known keys.
        known: &'static [&'static str],
    },
    /// An unknown name.
    UnknownName {
        /// The name as given.
        name: String,
        /// All known names.
        known: &'static [&'static str],
    },
    /// A required key is missing.
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A value of the wrong type or out of range.
    Invalid {
        /// What was expected and found, as reported by the type being read.
        reason: String,
    },
}

/// What is wrong with options, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionsError {
    /// Path from the outermost table: to the table for an unknown or missing key, to the value
    /// otherwise.
    pub path: Vec<Segment>,
    /// What is wrong.
    pub problem: Problem,
}

impl OptionsError {
    /// A problem with the current value.
    pub fn here(problem: Problem) -> Self {
        Self { path: Vec::new(), problem }
    }

    /// The same error, with `segment` prepended to its path.
    pub fn within(mut self, segment: Segment) -> Self {
        self.path.insert(0, segment);
        self
    }

    /// Path to the offending key or value, for looking up its line.
    pub fn place(&self) -> Vec<Segment> {
        let mut place = self.path.clone();
        if let Problem::UnknownKey { key, .. } = &self.problem {
            place.push(Segment::Key(key.clone()));
        }
        place
    }
}

/// `a.b[2].c`.
fn dotted(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Key(key) if text.is_empty() => text.push_str(key),
            Segment::Key(key) => text.push_str(&format!(".{key}")),
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

fn alternatives(f: &mut fmt::Formatter<'_>, given: &str, known: &[&str]) -> fmt::Result {
    match nearest(given, known.iter().copied()) {
        Some(word) => write!(f, "; nearest is `{word}`, known: {}", known.join(", ")),
        None => write!(f, "; none is known here"),
    }
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = dotted(&self.path);
        let of = |f: &mut fmt::Formatter<'_>| if at.is_empty() { Ok(()) } else { write!(f, " in `{at}`") };
        match &self.problem {
            Problem::UnknownKey { key, known } => {
                write!(f, "unknown key `{key}`")?;
                of(f)?;
                alternatives(f, key, known)
            }
            Problem::UnknownName { name, known } => {
                if !at.is_empty() {
                    write!(f, "`{at}`: ")?;
                }
                write!(f, "unknown name `{name}`")?;
                alternatives(f, name, known)
            }
            Problem::MissingKey { key } => {
                write!(f, "key `{key}` is missing")?;
                of(f)
            }
            Problem::Invalid { reason } if at.is_empty() => f.write_str(reason),
            Problem::Invalid { reason } => write!(f, "`{at}`: {reason}"),
        }
    }
}

impl std::error::Error for OptionsError {}

impl serde::de::Error for OptionsError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::here(Problem::Invalid { reason: reason.to_string() })
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::here(Problem::UnknownKey { key: field.to_owned(), known })
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Self::here(Problem::UnknownName { name: variant.to_owned(), known })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::here(Problem::MissingKey { key })
    }
}
