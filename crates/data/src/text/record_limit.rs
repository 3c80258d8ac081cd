//! Limits the length of one record of a text file, so that an unclosed quote cannot exhaust memory.

use std::io::{Error, Read, Result};

/// The limit of a record, bytes; enough for millions of cells.
pub(crate) const RECORD_LIMIT: u64 = 64 << 20;

/// A reader that fails after more than [`RECORD_LIMIT`] bytes without a [`restart`](Self::restart).
pub(crate) struct RecordLimit<R> {
    reader: R,
    left: u64,
}

impl<R> RecordLimit<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, left: RECORD_LIMIT }
    }

    /// Starts the next record.
    pub(crate) fn restart(&mut self) {
        self.left = RECORD_LIMIT;
    }

    /// Whether the last record exceeded the limit.
    pub(crate) fn exceeded(&self) -> bool {
        self.left == 0
    }
}

impl<R: Read> Read for RecordLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.exceeded() {
            return Err(Error::other("the record is too long"));
        }
        let got = self.reader.read(buffer)?;
        self.left = self.left.saturating_sub(got as u64);
        Ok(got)
    }
}
