//! What goes to stdout and into files.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pdmap_data::{check_writable, write_atomically};

/// One line on stdout. A reader that closed the pipe has what it wanted: that is success, here and nowhere
/// else, so that it hides no other failure of the command.
pub(crate) fn line(text: &str) -> Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("standard output"),
    }
}

/// One line that sums up what went into files, on stdout; on stderr where the rows themselves go to stdout.
pub(crate) fn summary(text: &str, rows_on_stdout: bool) -> Result<()> {
    if rows_on_stdout {
        // Nobody to tell is no failure.
        drop(writeln!(std::io::stderr().lock(), "{text}"));
        return Ok(());
    }
    line(text)
}

/// What was written, as JSON where that is asked for: rows speak for themselves. On stderr where the rows go to stdout.
pub(crate) fn rows(path: &Path, rows: u64, features: usize, json: bool, rows_on_stdout: bool) -> Result<()> {
    if !json {
        return Ok(());
    }
    let facts = serde_json::json!({ "file": path, "rows": rows, "features": features });
    summary(&serde_json::to_string_pretty(&facts)?, rows_on_stdout)
}

/// A size for people: `412 MiB`, `9.27 GiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    if mebibytes < 1000.0 { format!("{mebibytes:.0} MiB") } else { format!("{:.2} GiB", mebibytes / 1024.0) }
}

/// A value as JSON on stdout.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Writes a text file atomically.
pub(crate) fn text(path: &Path, contents: impl AsRef<[u8]>) -> Result<()> {
    write_atomically(path, |file| file.write_all(contents.as_ref()))
        .with_context(|| path.display().to_string())
}

/// Says early that a file could not be written at the end.
pub(crate) fn writable(path: &Path) -> Result<()> {
    check_writable(path).with_context(|| path.display().to_string())
}

/// Whether two paths lead to one file, however they are spelt, and whether or not it is there yet.
pub(crate) fn same_place(one: &Path, other: &Path) -> bool {
    fn real(path: &Path) -> PathBuf {
        let there = std::fs::canonicalize(path);
        there.unwrap_or_else(|_| {
            let folder =
                path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            match (std::fs::canonicalize(folder), path.file_name()) {
                (Ok(folder), Some(name)) => folder.join(name),
                _ => path.to_path_buf(),
            }
        })
    }
    one == other || real(one) == real(other)
}

/// A folder for results. It is made before the work, so that a place that cannot be written costs no
/// results, and whatever was made of it is taken away again where nothing was written into it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// The folders that were not there before, the innermost first.
    made: Vec<PathBuf>,
}

impl Folder {
    /// Makes the folder and sees that the named files can be written into it.
    pub(crate) fn prepare(path: &Path, files: &[&str]) -> Result<Self> {
        let missing = path.ancestors().filter(|part| !part.as_os_str().is_empty() && !part.exists());
        let folder = Self { path: path.to_owned(), made: missing.map(Path::to_owned).collect() };
        std::fs::create_dir_all(path).with_context(|| path.display().to_string())?;
        files.iter().try_for_each(|name| writable(&folder.file(name)))?;
        Ok(folder)
    }

    /// Where a file of the folder is.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that holds something is not removed: the system refuses, and rightly.
        self.made.iter().for_each(|folder| drop(std::fs::remove_dir(folder)));
    }
}
