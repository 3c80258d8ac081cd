#![doc = include_str!("../README.md")]

mod adaptive;
mod budget;
mod categorical;
mod column_map;
mod condition;
mod dequantize;
pub mod description;
mod document;
mod domains;
mod error;
mod file_rows;
mod fit_config;
#[cfg(feature = "clap")]
mod flag;
mod front;
pub mod limits;
pub mod model_file;
mod outside;
mod preprocess;
mod preset;
mod registry;
mod rows;
mod space;
mod spacing;
mod subspace;
mod table_rows;
pub mod tensor_file;
mod training_options;
mod weights_hash;

pub use adaptive::{Adaptive, LEAST_ROWS, validation_share};
pub use budget::{Budget, Seconds};
pub use categorical::{Categories, CategoryLabels, Completion, LabelDensity};
pub use column_map::{ColumnMap, ColumnSums};
pub use condition::Condition;
pub use dequantize::{Dequantizer, DiscreteFeature};
pub use description::{ModelFile, ModelSpec, TrainingSpec};
pub use domains::{ColumnDomain, ColumnDomains};
pub use error::SpecError;
pub use file_rows::FileRows;
pub use fit_config::{FitBuilder, FitConfig};
pub use model_file::{AnyModel, Draws, Header, Inspection, Model, Over, Scorer, TrainingRecord, Tried};
pub use preprocess::Preprocess;
pub use preset::{Architecture, Preset};
pub use registry::registry;
pub use rows::{InMemory, Rows};
pub use spacing::Spacing;
pub use subspace::Subspace;
pub use table_rows::{Precision, TableRows, block_rows};
pub use training_options::TrainConfig;
pub use weights_hash::weights_hash;

pub use pdmap_layers::preprocess::Domain;
