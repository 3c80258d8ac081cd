//! Flags that several examples share.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Common {
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where to write what the example produces: a folder, or the model's file (mnist).
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// A small setting for a few seconds; fails if what the example shows does not hold.
    #[arg(long)]
    pub(crate) quick: bool,
}
