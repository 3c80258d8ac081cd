#![doc = include_str!("../README.md")]

pub mod prelude;

pub use pdmap_categories as categories;
pub use pdmap_conv as conv;
pub use pdmap_core::flow::base;
pub use pdmap_core::{
    Base, BaseSpec, BatchReport, Buffer, BuildContext, Chain, Conditioned, Diagnostic, Evaluator, FactorOut, Flow,
    FlowBuilder, ForwardPass, Geometry, GradSum, Gradients, Input, Invert, Kind, Layer, LayerError, LayerExt,
    LayerSpec, Module, ParamGrad, Parametric, ParametricExt, Real, Registry, Result, RowWeights, Sample, Shape, State,
    Tape, Tensors, Training, check, contract, group, linalg, optim, options, parallel, special,
};
pub use pdmap_data as data;
pub use pdmap_dense as dense;
pub use pdmap_filterbank as filterbank;
pub use pdmap_layers as layers;
pub use pdmap_layers::{autoregressive, coupling, diagonal, elementwise, mixture, nn, preprocess, radial, spline};
pub use pdmap_mixture as gaussian_mixture;
pub use pdmap_query as query;
pub use pdmap_spec as spec;
pub use pdmap_train::{
    Adaptive, AnyModel, Architecture, Ascent, AscentEnd, AscentPoint, Budget, Checkpoints, Condition, Cost, CurvePoint,
    Dequantizer, DiscreteFeature, Estimate, Event, FileRows, Fit, FitBuilder, FitConfig, FitData, FitToConfig, Fitted,
    FittedTo, Header, Hooks, InMemory, Inspection, Model, ModelFile, ModelSpec, Observer, Outcome, Preprocess, Preset,
    Progress, QuasiNewtonConfig, Rollback, Rows, Spacing, SpecError, TrainConfig, TrainError, Trained, TrainingRecord,
    TrainingSpec, ValidationRows, Weighted, description, each_precision, fit, fit_to, fit_with, mean_log_prob,
    model_file, peak_memory, quasi_newton, registry, train, train_observed, train_with, validation_share, weights_hash,
};

/// The code of the guide runs.
#[cfg(doctest)]
#[doc = include_str!("../docs/guide/first-flow.md")]
struct Guide;
