//! A limit on the bytes that one record of a text file may take, so that a quote that never closes does not fill the memory.

use std::io::{Error, Read, Result};

/// Bytes of a record: room for millions of cells.
pub(crate) const RECORD_LIMIT: u64 = 64 << 20;

/// Reads until more than [`RECORD_LIMIT`] bytes came without a [`restart`](Self::restart).
pub(crate) struct RecordLimit<R> {
    reader: R,
    left: u64,
}

impl<R> RecordLimit<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, left: RECORD_LIMIT }
    }

    /// The next record begins.
    pub(crate) fn restart(&mut self) {
        self.left = RECORD_LIMIT;
    }

    /// Whether the last record was refused.
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
