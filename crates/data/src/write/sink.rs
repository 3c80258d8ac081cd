//! The destination of a row writer's bytes: a file that appears complete, or a stream.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Error, ErrorKind, Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::atomic::{destination, persist, temporary_beside};

/// Bytes buffered before they are written.
const BUFFER: usize = 1 << 16;

/// The destination.
pub(crate) enum Sink {
    /// A temporary file beside `path` that replaces it at the end.
    File {
        path: PathBuf,
        writer: BufWriter<NamedTempFile>,
    },
    Stream(BufWriter<Box<dyn Write + Send>>),
    /// An unnamed file, copied to the stream at the end, because its first bytes are known last.
    Spool {
        writer: BufWriter<File>,
        stream: Box<dyn Write + Send>,
    },
}

impl Sink {
    /// A file. Devices and named pipes are written directly; a file must not replace them.
    pub(crate) fn file(path: &Path, patched: bool) -> Result<Self> {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Err(ErrorKind::IsADirectory.into()),
            Ok(metadata) if !metadata.is_file() => {
                Self::stream(Box::new(OpenOptions::new().write(true).open(path)?), patched)
            }
            _ => {
                let path = destination(path)?;
                let writer = BufWriter::with_capacity(BUFFER, temporary_beside(&path)?);
                Ok(Self::File { path, writer })
            }
        }
    }

    /// A stream; `patched` says that its first bytes will be known last.
    pub(crate) fn stream(stream: Box<dyn Write + Send>, patched: bool) -> Result<Self> {
        if patched {
            return Ok(Self::Spool { writer: BufWriter::with_capacity(BUFFER, tempfile::tempfile()?), stream });
        }
        Ok(Self::Stream(BufWriter::with_capacity(BUFFER, stream)))
    }

    pub(crate) fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::File { writer, .. } => writer.write_all(bytes),
            Self::Stream(writer) => writer.write_all(bytes),
            Self::Spool { writer, .. } => writer.write_all(bytes),
        }
    }

    /// Replaces the first bytes with `head`, if given, and completes the output.
    pub(crate) fn finish(self, head: Option<&[u8]>) -> Result<()> {
        match self {
            Self::File { path, writer } => {
                let mut file = writer.into_inner().map_err(|error| error.into_error())?;
                if let Some(head) = head {
                    file.seek(SeekFrom::Start(0))?;
                    file.write_all(head)?;
                }
                persist(file, &path)
            }
            Self::Stream(mut writer) => match head {
                None => writer.flush(),
                Some(_) => Err(Error::other("the first bytes have already been written")),
            },
            Self::Spool { writer, mut stream } => {
                let mut file = writer.into_inner().map_err(|error| error.into_error())?;
                if let Some(head) = head {
                    file.seek(SeekFrom::Start(0))?;
                    file.write_all(head)?;
                }
                file.seek(SeekFrom::Start(0))?;
                std::io::copy(&mut file, &mut stream)?;
                stream.flush()
            }
        }
    }
}
