//! In place of the reader of Parquet and Arrow IPC, which was not compiled.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::read_rows::ReadRows;
use crate::element::Element;
use crate::error::{DataError, Place};
use crate::text::TextOptions;

/// There are no such rows.
pub(crate) enum ColumnarRows {}

fn refused(path: &Path, format: &'static str) -> Result<ColumnarRows, DataError> {
    Err(DataError::NotBuilt { path: path.to_path_buf(), format })
}

impl ColumnarRows {
    pub(crate) fn of_parquet(path: &Path, _: File, _: &TextOptions) -> Result<Self, DataError> {
        refused(path, "Parquet")
    }

    pub(crate) fn of_arrow_file(path: &Path, _: File, _: &TextOptions) -> Result<Self, DataError> {
        refused(path, "Arrow IPC")
    }

    pub(crate) fn of_arrow_stream(
        path: &Path,
        _: Vec<u8>,
        _: Box<dyn Read + Send>,
        _: &TextOptions,
    ) -> Result<Self, DataError> {
        refused(path, "Arrow IPC")
    }

    pub(crate) fn of_labels(path: &Path, _: File, parquet: bool, _: &TextOptions) -> Result<Self, DataError> {
        refused(path, if parquet { "Parquet" } else { "Arrow IPC" })
    }

    pub(crate) fn first_name(&self) -> Place {
        match *self {}
    }

    pub(crate) fn next_names(&mut self) -> Result<Option<&[String]>, DataError> {
        match *self {}
    }
}

impl<F: Element> ReadRows<F> for ColumnarRows {
    fn name(&self) -> &str {
        match *self {}
    }

    fn features(&self) -> usize {
        match *self {}
    }

    fn rows(&self) -> Option<u64> {
        match *self {}
    }

    fn columns(&self) -> Option<&[String]> {
        match *self {}
    }

    fn read(&mut self, _: usize, _: &mut Vec<F>) -> Result<usize, DataError> {
        match *self {}
    }
}
