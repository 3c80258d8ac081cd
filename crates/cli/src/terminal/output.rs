//! Output to stdout and to files.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pdmap_data::{check_writable, write_atomically};

/// Prints a line to stdout. A closed pipe counts as success, because its reader has what it wanted;
/// no other error is ignored.
pub(crate) fn line(text: &str) -> Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("standard output"),
    }
}

/// Prints a summary to stdout, or to stderr if rows go to stdout.
pub(crate) fn summary(text: &str, rows_on_stdout: bool) -> Result<()> {
    if rows_on_stdout {
        // A closed stderr is not an error.
        drop(writeln!(std::io::stderr().lock(), "{text}"));
        return Ok(());
    }
    line(text)
}

/// Prints what was written as JSON, if requested; to stderr if rows go to stdout.
pub(crate) fn rows(path: &Path, rows: u64, features: usize, json: bool, rows_on_stdout: bool) -> Result<()> {
    if !json {
        return Ok(());
    }
    let facts = serde_json::json!({ "file": path, "rows": rows, "features": features });
    summary(&serde_json::to_string_pretty(&facts)?, rows_on_stdout)
}

/// A readable size: `412 MiB`, `9.27 GiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    if mebibytes < 1000.0 { format!("{mebibytes:.0} MiB") } else { format!("{:.2} GiB", mebibytes / 1024.0) }
}

/// Prints a value as JSON to stdout.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Writes a text file atomically.
pub(crate) fn text(path: &Path, contents: impl AsRef<[u8]>) -> Result<()> {
    write_atomically(path, |file| file.write_all(contents.as_ref())).with_context(|| path.display().to_string())
}

/// Checks before the work that a file can be written.
pub(crate) fn writable(path: &Path) -> Result<()> {
    check_writable(path).with_context(|| path.display().to_string())
}

/// Whether two paths refer to the same file, which need not exist yet.
pub(crate) fn same_place(one: &Path, other: &Path) -> bool {
    fn real(path: &Path) -> PathBuf {
        let there = std::fs::canonicalize(path);
        there.unwrap_or_else(|_| {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            match (std::fs::canonicalize(folder), path.file_name()) {
                (Ok(folder), Some(name)) => folder.join(name),
                _ => path.to_path_buf(),
            }
        })
    }
    one == other || real(one) == real(other)
}

/// A folder for results. It is created before the work, so that an unwritable place costs no
/// results, and removed again if nothing was written into it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// The folders that were created, the innermost first.
    created: Vec<PathBuf>,
}

impl Folder {
    /// Creates the folder and checks that the named files can be written into it.
    pub(crate) fn prepare(path: &Path, files: &[&str]) -> Result<Self> {
        let missing = path.ancestors().filter(|part| !part.as_os_str().is_empty() && !part.exists());
        let folder = Self { path: path.to_owned(), created: missing.map(Path::to_owned).collect() };
        std::fs::create_dir_all(path).with_context(|| path.display().to_string())?;
        files.iter().try_for_each(|name| writable(&folder.file(name)))?;
        Ok(folder)
    }

    /// The path of a file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The system does not remove a folder that is not empty.
        self.created.iter().for_each(|folder| drop(std::fs::remove_dir(folder)));
    }
}
