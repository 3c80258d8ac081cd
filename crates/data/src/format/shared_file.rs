//! A file that is read at given offsets.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};

/// A file read at given offsets, without a shared cursor.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct SharedFile(File);

#[cfg(unix)]
impl SharedFile {
    pub(crate) fn new(file: File) -> Self {
        Self(file)
    }

    /// Reads some bytes; none at the end.
    pub(crate) fn read_at(&self, bytes: &mut [u8], at: u64) -> Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.0, bytes, at)
    }
}

/// A file read at given offsets, by one reader at a time.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct SharedFile(std::sync::Mutex<File>);

#[cfg(not(unix))]
impl SharedFile {
    pub(crate) fn new(file: File) -> Self {
        Self(std::sync::Mutex::new(file))
    }

    /// Reads some bytes; none at the end.
    pub(crate) fn read_at(&self, bytes: &mut [u8], at: u64) -> Result<usize> {
        use std::io::{Read, Seek, SeekFrom};
        // A reader that panicked leaves only a moved cursor behind, which is reset here.
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        file.read(bytes)
    }
}

impl SharedFile {
    /// Fills `bytes`, or returns an error of kind `UnexpectedEof`.
    pub(crate) fn read_exact_at(&self, bytes: &mut [u8], at: u64) -> Result<()> {
        let mut filled = 0;
        while filled < bytes.len() {
            match self.read_at(&mut bytes[filled..], at + filled as u64) {
                Ok(0) => return Err(Error::from(ErrorKind::UnexpectedEof)),
                Ok(got) => filled += got,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
