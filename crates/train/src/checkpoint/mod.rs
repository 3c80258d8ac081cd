//! Checkpoints: everything that a run needs to go on bit for bit, in one file that is replaced as a whole.

mod folder;
mod header;
mod snapshot;

pub use folder::Checkpoints;
pub(crate) use header::Identity;
pub(crate) use snapshot::{Restored, Snapshot};
