//! One mutant after the other, switched on.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::listed::Listed;
use crate::source::SWITCH;

/// Seconds after which tests that still run have caught a mutant: it runs on and on.
const ENDLESS: u64 = 300;

/// Tests each mutant by the packages in their order; gives those that pass all. OUT/outcomes.tsv says how each ended; what stands there already is not tested again, so that a run may be
/// interrupted and go on.
pub fn all(all: &[Listed], kept: &BTreeSet<usize>, packages: &[String], out: &Path) -> Result<Vec<usize>> {
    for package in packages {
        let begun = Instant::now();
        if !run(package, None)? {
            bail!("the tests of {package} fail without any mutant");
        }
        println!("without mutants {package} passes in {} s", begun.elapsed().as_secs());
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
        for package in packages {
            if !run(package, Some(id))? {
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

/// Whether all tests of a package pass.
fn run(package: &str, mutant: Option<usize>) -> Result<bool> {
    let mut command = Command::new("timeout");
    command.args([&ENDLESS.to_string(), "cargo", "nextest", "run", "--locked", "--package", package]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    match mutant {
        Some(id) => command.env(SWITCH, id.to_string()),
        None => command.env_remove(SWITCH),
    };
    Ok(command.status()?.success())
}
