//! Writing, atomically.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use ndarray::ArrayD;
use pdmap_core::Real;
use pdmap_data::write_atomically;
use safetensors::tensor::{Dtype, View};

use super::{ENTRY, FORMAT, Header, Model};
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

impl<F: Real> Model<F> {
    /// Writes the model: a temporary file beside `path`, flushed to the disk, then renamed. An interrupted write leaves what was there.
    ///
    /// # Errors
    /// [`TrainError::Io`] with the path.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let io = |source| TrainError::Io { path: path.to_owned(), source };
        let header = Header { format: FORMAT, ..self.header.clone() };
        let json = serde_json::to_string(&header).map_err(|error| io(error.into()))?;
        let named: Vec<(String, Tensor<F>)> =
            self.flow.tensors().into_iter().map(|(name, array)| (name, Tensor { array })).collect();
        let views = named.iter().map(|(name, tensor)| (name, tensor));
        let metadata = Some(HashMap::from([(ENTRY.to_owned(), json)]));
        let contents = safetensors::serialize(views, metadata)
            .map_err(|error| io(std::io::Error::new(std::io::ErrorKind::InvalidData, error)))?;
        write_atomically(path, |file| file.write_all(&contents)).map_err(io)
    }
}
