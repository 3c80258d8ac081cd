#![doc = include_str!("../README.md")]

mod batches;
mod clock;
mod error;
pub mod model_file;
mod preprocess;
mod preset;
mod training;

pub use clock::Budget;
pub use error::TrainError;
pub use model_file::{Header, Model, TrainingRecord};
pub use preprocess::Preprocess;
pub use preset::{Architecture, Preset};
pub use training::{CurvePoint, Outcome, Progress, TrainConfig, Trained, mean_log_prob, train};

use pdmap_core::{Real, Registry};

/// Every kind of layer of the project: what a saved model may hold.
pub fn registry<F: Real>() -> Registry<F> {
    let mut registry = Registry::core();
    pdmap_dense::register(&mut registry);
    pdmap_data::preprocess::register(&mut registry);
    registry
}
