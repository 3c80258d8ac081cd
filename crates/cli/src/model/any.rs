//! A model file in its own precision.

use std::path::Path;

use anyhow::Result;
use pdmap_train::{Model, model_file, registry};

/// A model in its own precision.
#[derive(Debug)]
pub(crate) enum AnyModel {
    F32(Model<f32>),
    F64(Model<f64>),
}

impl AnyModel {
    /// Reads a model file.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        Ok(match model_file::dtype(path)?.as_str() {
            "f32" => Self::F32(Model::load(path, &registry())?),
            _ => Self::F64(Model::load(path, &registry())?),
        })
    }
}

/// Evaluates an expression in either precision: `each!(any, model => expression)`.
macro_rules! each {
    ($any:expr, $model:ident => $body:expr) => {
        match $any {
            $crate::model::any::AnyModel::F32($model) => $body,
            $crate::model::any::AnyModel::F64($model) => $body,
        }
    };
}
pub(crate) use each;
