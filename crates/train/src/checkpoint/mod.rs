//! Checkpoints: everything that a run needs to continue bit for bit, in one file that is replaced
//! as a whole.

mod checkpoints;
mod folder;
mod header;
mod legacy;
mod snapshot;

pub use checkpoints::Checkpoints;
pub(crate) use header::Identity;
pub(crate) use snapshot::Snapshot;
