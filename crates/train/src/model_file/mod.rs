//! The model file: one `.safetensors` file with every tensor by its path name and a JSON header entry `pdmap` that says what they make.

mod header;
mod read;
mod write;

pub use header::{FORMAT, Header, TrainingRecord};
pub use read::{Model, dtype};

/// Name of the header entry.
const ENTRY: &str = "pdmap";
