//! Parts of one-line messages: excerpts of causes, names, hints.

use super::place::excerpt;

/// An error raised by another crate.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// The first line of a cause; some parsers draw the position on further lines.
pub(crate) fn first_line(cause: &Cause) -> String {
    let text = cause.to_string();
    text.lines().next().unwrap_or_default().trim_end().to_owned()
}

/// Names on one line, followed by `...` if `count` says there are more.
pub(crate) fn listed(names: &[String], count: usize) -> String {
    let shown: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    shown.join(", ") + if count > names.len() { ", ..." } else { "" }
}

/// Columns and what they hold, on one line.
pub(crate) fn held(columns: &[(usize, String, &'static str)]) -> String {
    let shown =
        columns.iter().map(|(column, name, words)| format!("column {column} ({:?}) holds {words}", excerpt(name)));
    shown.collect::<Vec<_>>().join(", ")
}

/// What helps if the first row does not match the record above it.
pub(crate) fn above(row: u64) -> &'static str {
    if row == 0 { "; if the table starts further down, skip the lines above it with --skip N" } else { "" }
}
