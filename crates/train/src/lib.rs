#![doc = include_str!("../README.md")]

mod ascent;
mod auto;
mod average;
mod batches;
mod checkpoint;
mod checks;
mod clock;
mod clock_state;
mod easing;
mod error;
mod fit;
mod fit_to;
mod hooks;
mod memory;
mod observer;
mod outcome;
mod pace;
mod permutation;
mod plateau;
mod quasi_newton;
mod record;
mod stopping;
mod table;
mod time;
mod training;
mod validation;
mod validation_plan;

pub use auto::{AutoConfig, AutoFitted, fit_auto, train_auto, train_auto_imputed};
pub use checkpoint::Checkpoints;
pub use error::TrainError;
pub use fit::{Fit, FitData, Fitted, fit, fit_with};
pub use fit_to::{Estimate, FitToConfig, FittedTo, Weighted, fit_to};
pub use hooks::Hooks;
pub use memory::peak_memory;
pub use observer::Observer;
pub use outcome::{Cost, CurvePoint, Event, Outcome, Progress, Rollback, Trained};
pub use quasi_newton::{Ascent, AscentEnd, AscentPoint, QuasiNewtonConfig, quasi_newton};
pub use table::{DiscreteColumns, FittedTable, TableConfig, TableData, TableModel, fit_table};
pub use training::{train, train_observed, train_with};
pub use validation::{ValidationRows, mean_log_prob};

pub use pdmap_spec::{
    Adaptive, AnyModel, Architecture, Budget, Categories, CategoryLabels, ColumnDomain, ColumnDomains, ColumnMap,
    ColumnSums, Completion, Condition, Dequantizer, DiscreteFeature, Domain, Draws, FileRows, FitBuilder, FitConfig,
    Header, InMemory, Inspection, LEAST_ROWS, LabelDensity, Model, ModelFile, ModelSpec, Over, Precision, Preprocess,
    Preset, Rows, Scorer, Seconds, Spacing, SpecError, Subspace, TableRows, TrainConfig, TrainingRecord, TrainingSpec,
    Tried, block_rows, description, each_precision, model_file, registry, validation_share, weights_hash,
};
