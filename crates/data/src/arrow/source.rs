//! A file or a stream: its signature and its columns.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::contents::contents;
use super::message::Message;
use super::messages::Messages;
use super::schema::{ArrowColumn, Schema};
use super::table::ArrowTable;
use crate::columnar::{Field, Part, Problem, bad};
use crate::error::DataError;
use crate::format::{ARROW_MAGIC, SharedFile};

/// The names of the formats in messages.
const FILE: &str = "Arrow IPC file";
const STREAM: &str = "Arrow IPC stream";

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
        let part = Part::of_file(&Arc::new(SharedFile::new(file)), 0, length);
        let mut magic = Vec::new();
        let read = part.clone().take(ARROW_MAGIC.len() as u64).read_to_end(&mut magic);
        read.map_err(|error| DataError::io(path, error))?;
        if magic != ARROW_MAGIC {
            return Self::of_messages(path, Messages::Stored(part));
        }
        let (schema, blocks) = contents(&part).map_err(|problem| problem.at(path, FILE))?;
        let messages = Messages::Listed { file: part, blocks: blocks.into_iter() };
        Ok(Self { messages, schema, format: FILE })
    }

    /// Reads the schema of a stream, of which `head` was read.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`DataError::NeedsAFile`] for the content of a file.
    pub(crate) fn of_stream(path: &Path, head: Vec<u8>, rest: Box<dyn Read + Send>) -> Result<Self, DataError> {
        if head.starts_with(&ARROW_MAGIC) {
            let what = "an Arrow file (its columns are described at the end; a stream of Arrow can be piped)";
            return Err(DataError::NeedsAFile { path: path.to_path_buf(), what });
        }
        Self::of_messages(path, Messages::Piped(Some(Box::new(std::io::Cursor::new(head).chain(rest)))))
    }

    fn of_messages(path: &Path, mut messages: Messages) -> Result<Self, DataError> {
        let schema = match messages.next() {
            Ok(Some((Message::Schema(schema), _))) => Ok(schema),
            Ok(_) => bad("it does not start with its columns"),
            Err(problem) => Err(problem),
        };
        let schema = schema.map_err(|problem| problem.at(path, STREAM))?;
        Ok(Self { messages, schema, format: STREAM })
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
