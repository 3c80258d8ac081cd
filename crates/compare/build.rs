//! Tells the program which commit it is built from, where it is built from a repository.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The log of HEAD changes with every commit and checkout. Outside of a repository there is none, and nothing is told.
    let log = Path::new("../../.git/logs/HEAD");
    if !log.is_file() {
        return;
    }
    println!("cargo::rerun-if-changed={}", log.display());
    let told = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output();
    if let Ok(told) = told
        && told.status.success()
        && let Ok(commit) = String::from_utf8(told.stdout)
    {
        println!("cargo::rustc-env=PDMAP_COMMIT={}", commit.trim());
    }
}
