//! Feeds one file to one reader, to reproduce a fuzzer finding without the fuzzer.
//!
//! ```sh
//! cargo run -p pdmap-hostile --example feed -- TARGET FILE
//! ```
#![allow(missing_docs)]

use anyhow::{Context, Result};
use pdmap_hostile::Target;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().context("missing argument: target")?;
    let target = Target::ALL.into_iter().find(|target| target.name() == name).context("no such target")?;
    target.feed(&std::fs::read(arguments.next().context("missing argument: file")?)?);
    println!("survived");
    Ok(())
}
