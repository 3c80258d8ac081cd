//! Reading, with nothing believed that the file does not hold.

use std::path::Path;

use ndarray::{ArrayD, IxDyn};
use pdmap_core::{Flow, Real, Registry, Tensors};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::{ENTRY, FORMAT, Header};
use crate::TrainError;

/// A flow with what its file says about it.
#[derive(Debug, Clone)]
pub struct Model<F: Real> {
    /// What the header says.
    pub header: Header,
    /// The flow.
    pub flow: Flow<F>,
}

impl<F: Real> Model<F> {
    /// A model of a flow, ready to be saved. The first `preprocessing` layers are named as such in the header.
    pub fn new(flow: Flow<F>, space: String, preprocessing: usize) -> Self {
        let header = Header {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            dtype: F::DTYPE.to_owned(),
            features: flow.features(),
            space,
            preprocessing,
            layers: flow.chain().specs(),
            base: flow.base().spec(),
            training: None,
        };
        Self { header, flow }
    }

    /// Reads a model whose kinds of layers `registry` knows.
    ///
    /// # Errors
    /// A missing, damaged, truncated or inconsistent file; another format or precision; unknown kinds of layers.
    pub fn load(path: &Path, registry: &Registry<F>) -> Result<Self, TrainError> {
        let contents = read(path)?;
        let header = header(path, &contents)?;
        if header.dtype != F::DTYPE {
            return Err(TrainError::Dtype {
                path: path.to_owned(),
                expected: F::DTYPE,
                actual: header.dtype.clone(),
            });
        }
        let file = SafeTensors::deserialize(&contents).map_err(|error| damaged(path, error))?;
        let tensors = file
            .iter()
            .map(|(name, view)| Ok((name.to_owned(), array(path, name, &view)?)))
            .collect::<Result<Tensors<F>, TrainError>>()?;
        let flow = Flow::restore(header.features, &header.layers, header.base, tensors, registry)
            .map_err(|source| TrainError::Inconsistent { path: path.to_owned(), source })?;
        if header.preprocessing > header.layers.len() {
            let reason =
                format!("{} of {} layers are preprocessing", header.preprocessing, header.layers.len());
            return Err(damaged(path, reason));
        }
        Ok(Self { header, flow })
    }
}

/// The precision of a model file, `f32` or `f64`, without making its tensors.
///
/// # Errors
/// As [`Model::load`].
pub fn dtype(path: &Path) -> Result<String, TrainError> {
    let dtype = header(path, &read(path)?)?.dtype;
    if dtype == "f32" || dtype == "f64" {
        Ok(dtype)
    } else {
        Err(damaged(path, format!("unknown dtype `{dtype}`; known: f32, f64")))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TrainError> {
    std::fs::read(path).map_err(|source| TrainError::Io { path: path.to_owned(), source })
}

fn damaged(path: &Path, reason: impl ToString) -> TrainError {
    TrainError::Damaged { path: path.to_owned(), reason: reason.to_string() }
}

fn header(path: &Path, contents: &[u8]) -> Result<Header, TrainError> {
    let (_, metadata) = SafeTensors::read_metadata(contents).map_err(|error| damaged(path, error))?;
    let entry = metadata.metadata().as_ref().and_then(|entries| entries.get(ENTRY));
    let json = entry.ok_or_else(|| damaged(path, "no header entry `pdmap`"))?;
    // The format is looked at first: later formats may have other fields.
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_str(json).map_err(|error| damaged(path, error))?;
    if format != FORMAT {
        return Err(TrainError::Format { path: path.to_owned(), expected: FORMAT, actual: format });
    }
    serde_json::from_str(json).map_err(|error| damaged(path, error))
}

fn array<F: Real>(path: &Path, name: &str, view: &TensorView<'_>) -> Result<ArrayD<F>, TrainError> {
    let data: Vec<F> = match view.dtype() {
        Dtype::F32 if F::DTYPE == "f32" => {
            view.data().as_chunks().0.iter().map(|&b| F::of(f64::from(f32::from_le_bytes(b)))).collect()
        }
        Dtype::F64 if F::DTYPE == "f64" => {
            view.data().as_chunks().0.iter().map(|&b| F::of(f64::from_le_bytes(b))).collect()
        }
        other => return Err(damaged(path, format!("tensor `{name}` is {other:?}, the model {}", F::DTYPE))),
    };
    ArrayD::from_shape_vec(IxDyn(view.shape()), data).map_err(|error| damaged(path, error))
}
