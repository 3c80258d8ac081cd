//! Passes the git commit to the program if it is built from a repository.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The log of HEAD changes with every commit and checkout. Outside a repository there is none.
    let log = Path::new("../../.git/logs/HEAD");
    if !log.is_file() {
        return;
    }
    println!("cargo::rerun-if-changed={}", log.display());
    let output = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output();
    if let Ok(output) = output
        && output.status.success()
        && let Ok(commit) = String::from_utf8(output.stdout)
    {
        println!("cargo::rustc-env=PDMAP_COMMIT={}", commit.trim());
    }
}
