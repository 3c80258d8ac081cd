//! A part of a file, or of bytes in memory.

use std::io::{Read, Result};
use std::sync::Arc;

use crate::format::SharedFile;

#[derive(Clone, Debug)]
enum Source {
    File(Arc<SharedFile>),
    Memory(Arc<Vec<u8>>),
}

/// Consecutive bytes, read from their start.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    source: Source,
    at: u64,
    end: u64,
}

impl Part {
    /// The bytes `at..end` of a file, which has them.
    pub(crate) fn of_file(file: &Arc<SharedFile>, at: u64, end: u64) -> Self {
        Self { source: Source::File(Arc::clone(file)), at, end }
    }

    pub(crate) fn of_memory(bytes: Vec<u8>) -> Self {
        let end = bytes.len() as u64;
        Self { source: Source::Memory(Arc::new(bytes)), at: 0, end }
    }

    /// Bytes that are left.
    pub(crate) fn left(&self) -> u64 {
        self.end - self.at
    }

    /// `length` bytes from byte `from` on; `None` beyond the end.
    pub(crate) fn slice(&self, from: u64, length: u64) -> Option<Self> {
        let at = self.at.checked_add(from)?;
        let end = at.checked_add(length).filter(|&end| end <= self.end)?;
        Some(Self { source: self.source.clone(), at, end })
    }

    /// Skips bytes, no more than are left.
    pub(crate) fn skip(&mut self, count: u64) {
        self.at = self.at.saturating_add(count).min(self.end);
    }
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let most = usize::try_from(self.left()).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let got = match &self.source {
            Source::File(file) => file.read_at(&mut buffer[..most], self.at)?,
            Source::Memory(bytes) => {
                let start = usize::try_from(self.at).unwrap_or(usize::MAX).min(bytes.len());
                (&bytes[start..]).read(&mut buffer[..most])?
            }
        };
        self.at += got as u64;
        Ok(got)
    }
}
