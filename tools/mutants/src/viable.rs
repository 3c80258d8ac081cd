//! Finds mutants that do not compile.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};
use serde_json::Value;

use crate::source::Sources;

/// The mutants at the compiler's errors; empty if everything compiles.
pub fn broken(crate_name: &str, sources: &Sources) -> Result<BTreeSet<usize>> {
    let output = Command::new("cargo")
        .args(["check", "--locked", "--message-format=json", "--package", &format!("pdmap-{crate_name}")])
        .stderr(Stdio::null())
        .output()?;
    let mut broken = BTreeSet::new();
    let mut unplaced = vec![];
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line).unwrap_or_default();
        if message["message"]["level"] != "error" {
            continue;
        }
        let spans = message["message"]["spans"].as_array().cloned().unwrap_or_default();
        let mut placed = false;
        for span in spans.iter().filter(|span| span["is_primary"] == true) {
            let (file, byte) =
                (span["file_name"].as_str().unwrap_or(""), span["byte_start"].as_u64().unwrap_or(0));
            // Just inside the source range of the error.
            if let Some(id) = sources.mutant_at(file, byte as usize + 1) {
                placed |= broken.insert(id) || broken.contains(&id);
            }
        }
        if !placed {
            unplaced.push(message["message"]["rendered"].as_str().unwrap_or("").to_owned());
        }
    }
    if broken.is_empty() && !output.status.success() {
        bail!("the crate does not build, and no mutant is the cause:\n{}", unplaced.concat());
    }
    Ok(broken)
}
