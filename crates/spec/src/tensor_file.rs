//! Safetensors files with one JSON entry in the header: model files and checkpoints.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use ndarray::{ArrayD, IxDyn};
use pdmap_core::Real;
use pdmap_data::write_atomically;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, View};

use crate::error::SpecError;

/// A tensor as the safetensors crate expects it.
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

impl<F: Real> Tensor<F> {
    fn dtype(&self) -> Dtype {
        if F::DTYPE == "f32" { Dtype::F32 } else { Dtype::F64 }
    }

    fn data_len(&self) -> usize {
        self.array.len() * size_of::<F>()
    }
}

/// A tensor of a model's precision, or one in double precision.
enum Stored<F> {
    Own(Tensor<F>),
    Double(Tensor<f64>),
}

impl<F: Real> View for &Stored<F> {
    fn dtype(&self) -> Dtype {
        match self {
            Stored::Own(tensor) => tensor.dtype(),
            Stored::Double(tensor) => tensor.dtype(),
        }
    }

    fn shape(&self) -> &[usize] {
        match self {
            Stored::Own(tensor) => tensor.array.shape(),
            Stored::Double(tensor) => tensor.array.shape(),
        }
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match self {
            Stored::Own(tensor) => Cow::Owned(bytes(&tensor.array)),
            Stored::Double(tensor) => Cow::Owned(bytes(&tensor.array)),
        }
    }

    fn data_len(&self) -> usize {
        match self {
            Stored::Own(tensor) => tensor.data_len(),
            Stored::Double(tensor) => tensor.data_len(),
        }
    }
}

/// What errors call a file that is only bytes.
pub const IN_MEMORY: &str = "(bytes in memory)";

/// Bytes of a safetensors header at most: its reader refuses more.
const MOST_HEADER: u64 = 100_000_000;

/// The bytes of a file with one JSON entry in its header.
///
/// # Errors
/// [`SpecError::TooLarge`] for a header that could not be read again; [`SpecError::Unsavable`] for tensors that the format cannot hold.
pub fn bytes_of<F: Real>(
    entry: &str,
    json: String,
    tensors: impl IntoIterator<Item = (String, ArrayD<F>)>,
) -> Result<Vec<u8>, SpecError> {
    bytes_beside(entry, json, tensors, vec![])
}

/// The same with tensors beside the others that are in double precision whatever theirs is.
///
/// # Errors
/// As [`bytes_of`].
pub fn bytes_beside<F: Real>(
    entry: &str,
    json: String,
    tensors: impl IntoIterator<Item = (String, ArrayD<F>)>,
    beside: Vec<(String, ArrayD<f64>)>,
) -> Result<Vec<u8>, SpecError> {
    let own = tensors.into_iter().map(|(name, array)| (name, Stored::Own(Tensor { array })));
    let beside = beside.into_iter().map(|(name, array)| (name, Stored::Double(Tensor { array })));
    let named: Vec<(String, Stored<F>)> = own.chain(beside).collect();
    let views = named.iter().map(|(name, tensor)| (name, tensor));
    let metadata = Some(HashMap::from([(entry.to_owned(), json)]));
    let contents =
        safetensors::serialize(views, metadata).map_err(|error| SpecError::Unsavable { reason: error.to_string() })?;
    let header = contents.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    if header > MOST_HEADER {
        return Err(SpecError::TooLarge { what: "bytes of the header:", limit: MOST_HEADER, actual: header });
    }
    Ok(contents)
}

/// Writes a file atomically: a temporary file beside it, flushed to the disk, then renamed. An
/// interrupted write leaves the old file.
///
/// # Errors
/// [`SpecError::Io`].
pub fn save(path: &Path, contents: &[u8]) -> Result<(), SpecError> {
    write_atomically(path, |file| file.write_all(contents))
        .map_err(|source| SpecError::Io { path: path.to_owned(), source })
}

/// The bytes of a file.
///
/// # Errors
/// [`SpecError::Io`].
pub fn read(path: &Path) -> Result<Vec<u8>, SpecError> {
    std::fs::read(path).map_err(|source| SpecError::Io { path: path.to_owned(), source })
}

/// The JSON entry of the header.
///
/// # Errors
/// [`SpecError::Damaged`].
pub fn entry(path: &Path, contents: &[u8], name: &str) -> Result<String, SpecError> {
    let (_, metadata) = SafeTensors::read_metadata(contents).map_err(|error| damaged(path, error))?;
    let entry = metadata.metadata().as_ref().and_then(|entries| entries.get(name));
    entry.cloned().ok_or_else(|| damaged(path, format!("no header entry `{name}`")))
}

/// The value of a JSON entry of the expected `format`; other formats may have other keys.
///
/// # Errors
/// [`SpecError::Damaged`]; [`SpecError::Format`].
pub fn parse<T: serde::de::DeserializeOwned>(path: &Path, json: &str, expected: u32) -> Result<T, SpecError> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_str(json).map_err(|error| damaged(path, error))?;
    if format != expected {
        return Err(SpecError::Format { path: path.to_owned(), expected, actual: format });
    }
    serde_json::from_str(json).map_err(|error| damaged(path, error))
}

/// All tensors, in the precision `F`.
///
/// # Errors
/// [`SpecError::Damaged`].
pub fn tensors<F: Real>(path: &Path, contents: &[u8]) -> Result<Vec<(String, ArrayD<F>)>, SpecError> {
    tensors_where(path, contents, |_| true)
}

/// The tensors whose names are wanted, in the precision `F`.
///
/// # Errors
/// [`SpecError::Damaged`].
pub fn tensors_where<F: Real>(
    path: &Path,
    contents: &[u8],
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<(String, ArrayD<F>)>, SpecError> {
    let file = SafeTensors::deserialize(contents).map_err(|error| damaged(path, error))?;
    let wanted = file.iter().filter(|(name, _)| wanted(name));
    wanted.map(|(name, view)| Ok((name.to_owned(), array(path, name, &view)?))).collect()
}

fn array<F: Real>(path: &Path, name: &str, view: &TensorView<'_>) -> Result<ArrayD<F>, SpecError> {
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

/// [`SpecError::Damaged`].
pub fn damaged(path: &Path, reason: impl ToString) -> SpecError {
    SpecError::Damaged { path: path.to_owned(), reason: reason.to_string() }
}
