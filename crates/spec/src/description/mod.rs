//! Models as data: TOML files that list the layers of a flow, its preprocessing and how to train
//! it. Every key is documented in `docs/models.md`.

mod angles;
mod layer_entry;
mod model_spec;
mod write;

pub use layer_entry::LayerEntry;
pub use model_spec::{ModelFile, ModelSpec};

pub use crate::budget::Seconds;
pub use crate::document::{Document, Lines};
pub use crate::training_options::TrainingSpec;
