//! The messages of a file or of a stream.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use super::message::{Message, parse};
use super::schema::{ArrowColumn, Schema};
use super::table::ArrowTable;
use crate::columnar::{Field, Outcome, Part, bad};
use crate::error::DataError;
use crate::format::{ARROW_MAGIC, ARROW_MARK, SharedFile};

/// The names of the formats in messages.
const FILE: &str = "Arrow IPC file";
const STREAM: &str = "Arrow IPC stream";

/// Bytes of the signature of a file, padded.
const START: u64 = 8;

/// Words of zeros that may follow: some writers align the first message to 64 bytes.
const PADDING: usize = 14;

enum Bytes {
    /// A regular file, from the next message on.
    File(Part),
    Stream(Box<dyn Read + Send>),
}

/// Messages up to the end of the stream.
pub(super) struct Messages {
    bytes: Bytes,
    /// Whether a signature follows the end of the stream.
    signed: bool,
    /// Words of zeros that may come before the next message.
    padding: usize,
    ended: bool,
}

impl Messages {
    /// The next message and its body; `None` at the end.
    pub(super) fn next(&mut self) -> Outcome<Option<(Message, Part)>> {
        while !self.ended {
            let Some(length) = self.length()? else {
                self.ended = true;
                break;
            };
            let metadata = self.take(length)?;
            let (message, body) = parse(&metadata)?;
            let body = self.body(body)?;
            if message != Message::Other {
                return Ok(Some((message, body)));
            }
        }
        Ok(None)
    }

    /// The length of the description of the next message; `None` at the end.
    fn length(&mut self) -> Outcome<Option<u64>> {
        let mut mark = [0; 4];
        let mut got = self.fill(&mut mark)?;
        while got == mark.len() && mark == [0; 4] && self.padding > 0 {
            self.padding -= 1;
            got = self.fill(&mut mark)?;
        }
        self.padding = 0;
        if got == 0 && !self.signed {
            return Ok(None);
        }
        let mut length = [0; 4];
        if got < mark.len() || mark == ARROW_MARK && self.fill(&mut length)? < length.len() {
            return bad("it ends early");
        }
        if mark != ARROW_MARK {
            return bad("a message without its mark");
        }
        match u32::from_le_bytes(length) {
            0 => self.end().map(|()| None),
            length => Ok(Some(length.into())),
        }
    }

    /// Checks what follows the end of the stream in a file: the table of contents, its length, and the
    /// signature.
    fn end(&mut self) -> Outcome<()> {
        let Bytes::File(part) = &mut self.bytes else { return Ok(()) };
        if !self.signed {
            return Ok(());
        }
        let tail = (4 + ARROW_MAGIC.len()) as u64;
        let Some(contents) = part.left().checked_sub(tail) else { return bad("it ends early") };
        let mut end = Vec::new();
        part.skip(contents);
        part.read_to_end(&mut end)?;
        match end.split_first_chunk::<4>() {
            Some((&length, magic)) if u64::from(u32::from_le_bytes(length)) == contents && magic == ARROW_MAGIC => {
                Ok(())
            }
            _ => bad("its end is missing, or more follows it"),
        }
    }

    /// Reads until the end, or until all is filled.
    fn fill(&mut self, bytes: &mut [u8]) -> Outcome<usize> {
        let reader: &mut dyn Read = match &mut self.bytes {
            Bytes::File(part) => part,
            Bytes::Stream(reader) => reader,
        };
        let mut filled = 0;
        while filled < bytes.len() {
            match reader.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(got) => filled += got,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(filled)
    }

    /// Reads `length` bytes. Memory grows with the bytes that arrive.
    fn take(&mut self, length: u64) -> Outcome<Vec<u8>> {
        let mut bytes = Vec::new();
        let got = match &mut self.bytes {
            Bytes::File(part) => part.take(length).read_to_end(&mut bytes)?,
            Bytes::Stream(reader) => reader.take(length).read_to_end(&mut bytes)?,
        };
        if (got as u64) < length { bad("it ends early") } else { Ok(bytes) }
    }

    /// The body of a message: a part of the file, or memory.
    fn body(&mut self, length: u64) -> Outcome<Part> {
        match &mut self.bytes {
            Bytes::File(part) => {
                let Some(body) = part.slice(0, length) else {
                    return bad(format!("a message of {length} bytes, {} are left", part.left()));
                };
                part.skip(length);
                Ok(body)
            }
            Bytes::Stream(_) => self.take(length).map(Part::of_memory),
        }
    }
}

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
        let padding = if file { PADDING } else { 0 };
        let mut messages = Messages { bytes, signed, padding, ended: false };
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
            None => {
                bad("a column is nested").map_err(|problem: crate::columnar::Problem| problem.at(path, self.format))
            }
        }
    }
}
