//! Models as data: TOML files that say which layers a flow has, what stands in front of it and how it is trained. Every key is documented in
//! `docs/models.md`.

mod document;
mod layer_entry;
mod model_spec;
mod training_spec;
mod write;

pub use document::{Document, Lines};
pub use layer_entry::LayerEntry;
pub use model_spec::{ModelFile, ModelSpec};
pub use training_spec::{Seconds, TrainingSpec};
