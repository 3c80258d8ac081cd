#![doc = include_str!("../README.md")]

pub use pdmap_core::{
    Base, BaseSpec, BatchReport, Buffer, Chain, Diagnostic, Flow, GradSum, Input, Layer, LayerError,
    LayerExt, LayerGrads, LayerSpec, ParamGrad, Real, Recorded, Registry, Restore, Result, Tape, Tensors,
    Training, check, diagonal, elementwise, group, linalg, optim, parallel,
};
pub use pdmap_data as data;
pub use pdmap_dense as dense;
pub use pdmap_train::{
    Architecture, Budget, CurvePoint, Header, Model, Outcome, Preprocess, Preset, Progress, TrainConfig,
    TrainError, Trained, TrainingRecord, mean_log_prob, model_file, registry, train,
};
