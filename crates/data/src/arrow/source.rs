//! A file or a stream: its signature and its columns.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::message::Message;
use super::messages::{Bytes, Messages};
use super::schema::{ArrowColumn, Schema};
use super::table::ArrowTable;
use crate::columnar::{Field, Part, Problem, bad};
use crate::error::DataError;
use crate::format::{ARROW_MAGIC, SharedFile};

/// The names of the formats in messages.
const FILE: &str = "Arrow IPC file";
const STREAM: &str = "Arrow IPC stream";

/// Bytes of the signature of a file, padded.
const START: u64 = 8;

/// A file or a stream whose schema was read.
pub(crate) struct ArrowSource {
    messages: Messages,
    schema: Schema,
    pub(crate) format: &'static str,
}

impl ArrowSource {
    /// Reads the schema of a regular file.
    ///
    /// # Errors
    /// [`DataError::Io`], [`DataError::BadTable`].
    pub(crate) fn open(path: &Path, file: File) -> Result<Self, DataError> {
        let length = file.metadata().map_err(|error| DataError::io(path, error))?.len();
        let mut part = Part::of_file(&Arc::new(SharedFile::new(file)), 0, length);
        let mut magic = Vec::new();
        let read = part.clone().take(ARROW_MAGIC.len() as u64).read_to_end(&mut magic);
        read.map_err(|error| DataError::io(path, error))?;
        let signed = magic == ARROW_MAGIC;
        part.skip(if signed { START } else { 0 });
        Self::start(Bytes::File(part), (signed, signed), path)
    }

    /// Reads the schema of a stream, which may start with the signature of a file.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn of_stream(path: &Path, mut head: Vec<u8>, rest: Box<dyn Read + Send>) -> Result<Self, DataError> {
        let signed = head.starts_with(&ARROW_MAGIC);
        if signed {
            head.drain(..head.len().min(START as usize));
        }
        // Without a signature at the end: it would be read after the last row, which a pipe cannot check
        // against a length.
        Self::start(Bytes::Stream(Box::new(std::io::Cursor::new(head).chain(rest))), (signed, false), path)
    }

    /// Reads the schema of what starts with the signature of a file or not, and ends with it or not.
    fn start(bytes: Bytes, (file, signed): (bool, bool), path: &Path) -> Result<Self, DataError> {
        let format = if file { FILE } else { STREAM };
        let mut messages = Messages::new(bytes, file, signed);
        let schema = match messages.next() {
            Ok(Some((Message::Schema(schema), _))) => Ok(schema),
            Ok(_) => bad("it does not start with its columns"),
            Err(problem) => Err(problem),
        };
        let schema = schema.map_err(|problem| problem.at(path, format))?;
        Ok(Self { messages, schema, format })
    }

    pub(crate) fn fields(&self) -> Vec<Field> {
        self.schema.columns.iter().map(|column| column.field.clone()).collect()
    }

    /// What pandas says about the columns, as JSON.
    pub(crate) fn pandas(&self) -> Option<&str> {
        self.schema.pandas.as_deref()
    }

    /// The table of some of the columns, by their numbers.
    ///
    /// # Errors
    /// [`DataError::BadTable`] if a column is nested.
    pub(crate) fn table(self, path: &Path, needed: &[usize]) -> Result<ArrowTable, DataError> {
        let chosen: Option<Vec<ArrowColumn>> =
            needed.iter().map(|&column| self.schema.columns.get(column).cloned()).collect();
        match chosen.filter(|chosen| chosen.iter().all(|column| column.storage.is_some())) {
            Some(chosen) => Ok(ArrowTable::new(path, self.format, self.messages, chosen)),
            None => Err(Problem::Bad("a column is nested".to_owned()).at(path, self.format)),
        }
    }
}
