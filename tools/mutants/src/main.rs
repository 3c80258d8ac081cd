//! Plants many bugs in one crate, each behind a switch, builds once, and runs the tests with one
//! bug switched on at a time.
//!
//! The bugs come from cargo-mutants (`cargo mutants --list --json`). It builds each bug separately,
//! which takes most of its time. Here `a + b` becomes `if on(7) { a - b } else { a + b }`, where
//! `on(7)` reads an environment variable.

mod find;
mod listed;
mod source;
mod test;
mod viable;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::listed::Listed;
use crate::source::Sources;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [sample, crate_name, out, packages @ ..] = &args[..] else {
        bail!("usage: pdmap-mutants SAMPLE.json CRATE OUT PACKAGE...");
    };
    let (out, lib) = (PathBuf::from(out), Path::new("crates").join(crate_name).join("src/lib.rs"));
    let text = std::fs::read_to_string(sample).with_context(|| sample.clone())?;
    let all: Vec<Listed> = serde_json::from_str(&text).with_context(|| sample.clone())?;
    let mut sources = Sources::read(&all, &lib)?;
    let done = plant(&mut sources, &all, crate_name, packages, &out);
    // Restore the files in every case.
    sources.restore()?;
    done
}

fn plant(
    sources: &mut Sources,
    all: &[Listed],
    crate_name: &str,
    packages: &[String],
    out: &Path,
) -> Result<()> {
    let (mut kept, skipped) = sources.places(all)?;
    println!("{} mutants, {} of them cannot be switched", all.len(), skipped.len());

    // Remove mutants that do not compile until the rest does.
    let mut unviable = BTreeSet::new();
    loop {
        sources.write(all, &kept)?;
        let broken = viable::broken(crate_name, sources)?;
        if broken.is_empty() {
            break;
        }
        kept.retain(|id| !broken.contains(id));
        unviable.extend(broken);
        println!("{} do not build", unviable.len());
    }
    let missed = test::all(all, &kept, packages, out)?;
    println!(
        "{} planted, {} build, {} caught, {} missed ({} more cannot be switched)",
        kept.len() + unviable.len(),
        kept.len(),
        kept.len() - missed.len(),
        missed.len(),
        skipped.len()
    );
    missed.iter().for_each(|&id| println!("missed: {}", all[id].name));
    Ok(())
}
