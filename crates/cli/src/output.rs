//! What goes to stdout and into files.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use crate::exit::BadInput;

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
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(contents.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| path.display().to_string())
}

/// Says early that a file could not be written at the end.
pub(crate) fn writable(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(BadInput(format!("{}: is a folder, a file is needed", path.display())).into());
    }
    match tempfile::NamedTempFile::new_in(folder) {
        Ok(_) => Ok(()),
        Err(error) => Err(anyhow::Error::new(error).context(path.display().to_string())),
    }
}
