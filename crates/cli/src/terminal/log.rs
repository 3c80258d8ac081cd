//! The training log: one JSON object per line.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// A log file. Each event is written immediately, so that `tail -f` shows it and a kill loses
/// nothing.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    /// None if no log was requested, or writing failed.
    file: Option<File>,
}

impl Log {
    /// Opens the file, if any, and truncates it unless `append`.
    pub(crate) fn open(path: Option<&Path>, append: bool) -> Result<Self> {
        let Some(path) = path else { return Ok(Self { path: PathBuf::new(), file: None }) };
        let mut options = OpenOptions::new();
        if append {
            options.append(true)
        } else {
            options.write(true).truncate(true)
        };
        let file = options.create(true).open(path).with_context(|| path.display().to_string())?;
        Ok(Self { path: path.to_owned(), file: Some(file) })
    }

    /// Writes a line with `event`, `time` and `facts`. If writing fails, returns one warning and
    /// stops logging; training continues.
    pub(crate) fn write(&mut self, event: &str, facts: Value) -> Option<String> {
        let file = self.file.as_mut()?;
        let time = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        let mut line = json!({ "event": event, "time": time });
        if let (Some(line), Value::Object(facts)) = (line.as_object_mut(), facts) {
            line.extend(facts);
        }
        let error = file.write_all(format!("{line}\n").as_bytes()).err()?;
        self.file = None;
        Some(format!("warning: {}: {error}; the log ends here", self.path.display()))
    }
}
