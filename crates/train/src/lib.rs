#![doc = include_str!("../README.md")]

mod batches;
mod checkpoint;
mod clock;
mod condition;
mod config;
pub mod description;
mod error;
mod file_rows;
mod fit;
mod fit_builder;
mod memory;
pub mod model_file;
mod observer;
mod outcome;
mod preprocess;
mod preset;
mod record;
mod rows;
mod tensor_file;
mod training;
mod weights_hash;

pub use checkpoint::Checkpoints;
pub use clock::Budget;
pub use condition::Condition;
pub use config::TrainConfig;
pub use description::{ModelFile, ModelSpec, TrainingSpec};
pub use error::TrainError;
pub use file_rows::FileRows;
pub use fit::{Fit, FitConfig, Fitted, fit};
pub use fit_builder::FitBuilder;
pub use memory::peak_memory;
pub use model_file::{Header, Model, TrainingRecord};
pub use observer::Observer;
pub use outcome::{Cost, CurvePoint, Event, Outcome, Progress, Rollback, Trained};
pub use preprocess::Preprocess;
pub use preset::{Architecture, Preset};
pub use rows::Rows;
pub use training::{Hooks, mean_log_prob, train, train_observed, train_with};
pub use weights_hash::weights_hash;

use pdmap_core::{Real, Registry};

/// Every kind of layer of the project: what a saved model may hold.
pub fn registry<F: Real>() -> Registry<F> {
    let mut registry = pdmap_core::registry();
    pdmap_layers::register(&mut registry);
    pdmap_dense::register(&mut registry);
    pdmap_conv::register(&mut registry);
    registry
}
