//! The messages of a file or of a stream, one after the other.

use std::io::{ErrorKind, Read};

use super::message::{Message, parse};
use crate::columnar::{Outcome, Part, bad};
use crate::format::{ARROW_MAGIC, ARROW_MARK};

/// Words of zeros that may follow the signature of a file: some writers align the first message to 64 bytes.
const PADDING: usize = 14;

/// Where messages come from.
pub(super) enum Bytes {
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
    /// Messages of what starts with the signature of a file (which was read) or not, and ends with it
    /// or not.
    pub(super) fn new(bytes: Bytes, file: bool, signed: bool) -> Self {
        Self { bytes, signed, padding: if file { PADDING } else { 0 }, ended: false }
    }

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
