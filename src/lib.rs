#![doc = include_str!("../README.md")]

pub mod prelude;

pub use pdmap_conv as conv;
pub use pdmap_core::{
    Base, BaseSpec, BatchReport, Buffer, Build, Chain, Diagnostic, Flow, FlowBuilder, Fresh, GradSum, Input,
    Kept, Layer, LayerError, LayerExt, LayerGrads, LayerSpec, ParamGrad, Real, Recorded, Registry, Restore,
    Result, Sample, State, Tape, Tensors, Training, check, coupling, diagonal, elementwise, group, linalg,
    mixture, normal, optim, options, parallel, radial, spline,
};
pub use pdmap_data as data;
pub use pdmap_dense as dense;
pub use pdmap_spec as spec;
pub use pdmap_train::{
    AnyModel, Architecture, Budget, Checkpoints, Condition, Cost, CurvePoint, Event, FileRows, Fit,
    FitBuilder, FitConfig, FitData, Fitted, Header, Hooks, InMemory, Inspection, Model, ModelFile, ModelSpec,
    Observer, Outcome, Preprocess, Preset, Progress, Rollback, Rows, SpecError, TrainConfig, TrainError,
    Trained, TrainingRecord, TrainingSpec, description, each_precision, fit, fit_with, mean_log_prob,
    model_file, peak_memory, registry, train, train_observed, train_with, weights_hash,
};

/// The code of the guide runs.
#[cfg(doctest)]
#[doc = include_str!("../docs/guide/first-flow.md")]
struct Guide;
