//! Reads an archive entry and verifies its checksum at the end.

use std::io::{Error, ErrorKind, Read, Result};

use flate2::Crc;

/// The decompressed bytes of an entry. Bytes beyond the stated size are passed on, for the caller
/// to refuse.
pub(crate) struct CheckedEntry<R> {
    reader: R,
    sum: Crc,
    /// Bytes still to come.
    left: u64,
    expected: u32,
}

impl<R> CheckedEntry<R> {
    /// `size` and `expected` are the size and CRC-32 stated in the archive.
    pub(crate) fn new(reader: R, size: u64, expected: u32) -> Self {
        Self { reader, sum: Crc::new(), left: size, expected }
    }
}

impl<R: Read> Read for CheckedEntry<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.left == 0 {
            return self.reader.read(buffer);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let got = self.reader.read(&mut buffer[..most])?;
        self.sum.update(&buffer[..got]);
        self.left -= got as u64;
        if self.left == 0 && self.sum.sum() != self.expected {
            let (expected, actual) = (self.expected, self.sum.sum());
            let message = format!("damaged: checksum {actual:#010x}, expected {expected:#010x}");
            return Err(Error::new(ErrorKind::InvalidData, message));
        }
        Ok(got)
    }
}
