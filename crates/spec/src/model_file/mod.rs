//! The model file: one `.safetensors` file with every tensor under its path name and a JSON header
//! entry `pdmap` that describes the flow.

mod any_model;
mod given;
mod header;
mod member;
mod model;
mod rows;
mod scorer;

pub use any_model::{AnyModel, Inspection};
pub use header::{FORMAT, Header, TrainingRecord, Tried};
pub use model::{Model, dtype};
pub use rows::Draws;
pub use scorer::{Over, Scorer};
