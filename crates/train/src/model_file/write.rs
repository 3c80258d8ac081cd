//! Writing, atomically.

use std::path::Path;

use pdmap_core::{ParametricExt, Real};

use super::{ENTRY, FORMAT, Header, Model};
use crate::{TrainError, tensor_file};

impl<F: Real> Model<F> {
    /// Writes the model: a temporary file beside `path`, flushed to the disk, then renamed. An interrupted write leaves what was there.
    ///
    /// # Errors
    /// [`TrainError::Io`] with the path.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let header = Header { format: FORMAT, ..self.header.clone() };
        let json = serde_json::to_string(&header)
            .map_err(|error| TrainError::Io { path: path.to_owned(), source: error.into() })?;
        tensor_file::write(path, ENTRY, json, self.flow.tensors())
    }
}
