//! One safetensors file: tensors by name and one JSON entry in the header. The model file and checkpoints are such files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use ndarray::{ArrayD, IxDyn};
use pdmap_core::Real;
use pdmap_data::write_atomically;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, View};

use crate::TrainError;

/// A tensor as the safetensors crate wants to see it.
struct Tensor<F> {
    array: ArrayD<F>,
}

/// Little-endian bytes of a scalar.
fn bytes<F: Real>(array: &ArrayD<F>) -> Vec<u8> {
    let values = array.iter();
    if F::DTYPE == "f32" {
        values.flat_map(|v| (v.f64() as f32).to_le_bytes()).collect()
    } else {
        values.flat_map(|v| v.f64().to_le_bytes()).collect()
    }
}

impl<F: Real> View for &Tensor<F> {
    fn dtype(&self) -> Dtype {
        if F::DTYPE == "f32" { Dtype::F32 } else { Dtype::F64 }
    }

    fn shape(&self) -> &[usize] {
        self.array.shape()
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(bytes(&self.array))
    }

    fn data_len(&self) -> usize {
        self.array.len() * size_of::<F>()
    }
}

/// Writes a file atomically: a temporary one beside it, flushed to the disk, then renamed. An interrupted write leaves what was there.
pub(crate) fn write<F: Real>(
    path: &Path,
    entry: &str,
    json: String,
    tensors: impl IntoIterator<Item = (String, ArrayD<F>)>,
) -> Result<(), TrainError> {
    let io = |source| TrainError::Io { path: path.to_owned(), source };
    let named: Vec<(String, Tensor<F>)> =
        tensors.into_iter().map(|(name, array)| (name, Tensor { array })).collect();
    let views = named.iter().map(|(name, tensor)| (name, tensor));
    let metadata = Some(HashMap::from([(entry.to_owned(), json)]));
    let contents = safetensors::serialize(views, metadata)
        .map_err(|error| io(std::io::Error::new(std::io::ErrorKind::InvalidData, error)))?;
    write_atomically(path, |file| file.write_all(&contents)).map_err(io)
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, TrainError> {
    std::fs::read(path).map_err(|source| TrainError::Io { path: path.to_owned(), source })
}

/// The JSON entry of the header.
pub(crate) fn entry(path: &Path, contents: &[u8], name: &str) -> Result<String, TrainError> {
    let (_, metadata) = SafeTensors::read_metadata(contents).map_err(|error| damaged(path, error))?;
    let entry = metadata.metadata().as_ref().and_then(|entries| entries.get(name));
    entry.cloned().ok_or_else(|| damaged(path, format!("no header entry `{name}`")))
}

/// The value of a JSON entry, once its key `format` is the one that is read: later formats may have other keys.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(
    path: &Path,
    json: &str,
    expected: u32,
) -> Result<T, TrainError> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_str(json).map_err(|error| damaged(path, error))?;
    if format != expected {
        return Err(TrainError::Format { path: path.to_owned(), expected, actual: format });
    }
    serde_json::from_str(json).map_err(|error| damaged(path, error))
}

/// All tensors, in the precision `F`.
pub(crate) fn tensors<F: Real>(path: &Path, contents: &[u8]) -> Result<Vec<(String, ArrayD<F>)>, TrainError> {
    let file = SafeTensors::deserialize(contents).map_err(|error| damaged(path, error))?;
    file.iter().map(|(name, view)| Ok((name.to_owned(), array(path, name, &view)?))).collect()
}

fn array<F: Real>(path: &Path, name: &str, view: &TensorView<'_>) -> Result<ArrayD<F>, TrainError> {
    let data: Vec<F> = match view.dtype() {
        Dtype::F32 if F::DTYPE == "f32" => {
            view.data().as_chunks().0.iter().map(|&b| F::of(f64::from(f32::from_le_bytes(b)))).collect()
        }
        Dtype::F64 if F::DTYPE == "f64" => {
            view.data().as_chunks().0.iter().map(|&b| F::of(f64::from_le_bytes(b))).collect()
        }
        other => {
            return Err(damaged(path, format!("tensor `{name}` is {other:?}, {} was expected", F::DTYPE)));
        }
    };
    ArrayD::from_shape_vec(IxDyn(view.shape()), data).map_err(|error| damaged(path, error))
}

pub(crate) fn damaged(path: &Path, reason: impl ToString) -> TrainError {
    TrainError::Damaged { path: path.to_owned(), reason: reason.to_string() }
}
