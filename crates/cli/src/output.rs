//! What goes to stdout and into files.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use pdmap_data::{check_writable, write_atomically};

/// One line on stdout.
pub(crate) fn line(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}")?;
    Ok(())
}

/// A value as JSON on stdout.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Writes a text file atomically.
pub(crate) fn text(path: &Path, contents: &str) -> Result<()> {
    write_atomically(path, |file| file.write_all(contents.as_bytes()))
        .with_context(|| path.display().to_string())
}

/// Says early that a file could not be written at the end.
pub(crate) fn writable(path: &Path) -> Result<()> {
    check_writable(path).with_context(|| path.display().to_string())
}
