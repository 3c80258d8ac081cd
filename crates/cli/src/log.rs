//! What happens while training goes on, as lines of JSON.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// A file to which each event adds a line at once, so that `tail -f` sees it and a kill loses none.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    /// None where nobody wants a log, or it can no longer be written.
    file: Option<File>,
}

impl Log {
    /// Opens the file, if there is to be one; lines are added to what is there where `add` says so.
    pub(crate) fn open(path: Option<&Path>, add: bool) -> Result<Self> {
        let Some(path) = path else { return Ok(Self { path: PathBuf::new(), file: None }) };
        let mut options = OpenOptions::new();
        if add {
            options.append(true)
        } else {
            options.write(true).truncate(true)
        };
        let file = options.create(true).open(path).with_context(|| path.display().to_string())?;
        Ok(Self { path: path.to_owned(), file: Some(file) })
    }

    /// Adds a line: `event`, `time` and what else there is to say. Training does not end for a log that cannot be written; that is said once.
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
