//! Tests the mutants one by one.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::listed::Listed;
use crate::source::SWITCH;

/// A mutant whose tests take this many times as long as without mutants, and at least a minute,
/// counts as caught by timeout.
const ENDLESS: u64 = 4;
/// Time limit for building and passing the tests without mutants, seconds.
const BUILT: u64 = 3600;

/// Tests each mutant with the packages in order and returns those that pass all tests. Outcomes are
/// appended to OUT/outcomes.tsv. Mutants listed there are not tested again, so an interrupted run
/// can be resumed.
pub fn all(all: &[Listed], kept: &BTreeSet<usize>, packages: &[String], out: &Path) -> Result<Vec<usize>> {
    let mut limits = vec![];
    for package in packages {
        // The first run includes the build.
        let mut seconds = 0;
        for _ in 0..2 {
            let begun = Instant::now();
            if !run(package, None, BUILT)? {
                bail!("the tests of {package} fail without mutants");
            }
            seconds = begun.elapsed().as_secs();
        }
        println!("without mutants {package} passes in {seconds} s");
        limits.push((ENDLESS * seconds).max(60));
    }
    let path = out.join("outcomes.tsv");
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let known: HashMap<&str, &str> = before
        .lines()
        .filter_map(|line| Some((line.rsplit('\t').next()?, line.split('\t').next()?)))
        .collect();
    let open = File::options().create(true).append(true).open(&path);
    let mut outcomes = open.with_context(|| path.display().to_string())?;
    let mut missed = vec![];
    for &id in kept {
        if let Some(&by) = known.get(all[id].name.as_str()) {
            missed.extend((by == "missed").then_some(id));
            continue;
        }
        let begun = Instant::now();
        let mut by = "missed";
        for (package, &limit) in packages.iter().zip(&limits) {
            if !run(package, Some(id), limit)? {
                by = package;
                break;
            }
        }
        if by == "missed" {
            missed.push(id);
        }
        let seconds = begun.elapsed().as_secs_f64();
        writeln!(outcomes, "{by}\t{seconds:.1}\t{}", all[id].name)?;
    }
    Ok(missed)
}

/// Whether all tests of a package pass within `limit` seconds.
fn run(package: &str, mutant: Option<usize>, limit: u64) -> Result<bool> {
    let mut command = Command::new("timeout");
    command.args([&limit.to_string(), "cargo", "nextest", "run", "--locked", "--package", package]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    match mutant {
        Some(id) => command.env(SWITCH, id.to_string()),
        None => command.env_remove(SWITCH),
    };
    Ok(command.status()?.success())
}
