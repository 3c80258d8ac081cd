//! Detects the format of a path from its content, not its name.

use std::fs::File;
use std::path::Path;

use crate::error::DataError;
use crate::format::{Head, Sniffed, Stream};
use crate::stream::{array_names, decompress, without_member};

/// The formats that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A NumPy array: [`read_npy`](super::read_npy).
    Npy,
    /// An archive of NumPy arrays, or one array in it: [`read_npz`](super::read_npz).
    Npz,
    /// Text with numbers, plain or compressed: [`read_csv`](super::read_csv).
    Csv,
    /// A Parquet table: [`open_rows`](crate::open_rows).
    Parquet,
    /// A table in Arrow IPC, as a file or as a stream: [`open_rows`](crate::open_rows).
    Arrow,
    /// Sound: [`read_wav`](super::read_wav).
    Wav,
    /// IDX, plain or gzip: [`read_idx`](super::read_idx).
    Idx,
    /// A folder: [`read_image_folder`](super::read_image_folder).
    ImageFolder,
}

/// Detects the format of `path` (or of `FILE.npz#NAME`) from its first bytes. Every folder is an
/// image folder, and every text is CSV, plain or compressed.
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::Io`], [`DataError::NotAnArchive`] if `#NAME` follows a
/// file of another format, [`DataError::UnknownFormat`] for anything else.
pub fn detect_format(path: &Path) -> Result<Format, DataError> {
    let (path, member) = without_member(path);
    let io = |source| DataError::io(path, source);
    let metadata = std::fs::metadata(path).map_err(io)?;
    let format = if metadata.is_dir() {
        Format::ImageFolder
    } else {
        let mut file = File::open(path).map_err(io)?;
        let head = Head::read(&mut file).map_err(io)?;
        of_file(path, head, file)?.ok_or_else(|| DataError::UnknownFormat { path: path.to_path_buf() })?
    };
    match member {
        Some(member) if format != Format::Npz => {
            Err(DataError::NotAnArchive { path: path.to_path_buf(), member: member.to_owned() })
        }
        _ => Ok(format),
    }
}

fn of_file(path: &Path, head: Head, file: File) -> Result<Option<Format>, DataError> {
    Ok(match head.sniff() {
        Sniffed::Npy => Some(Format::Npy),
        Sniffed::Idx => Some(Format::Idx),
        Sniffed::Wav => Some(Format::Wav),
        // An unreadable archive counts as an unknown format.
        Sniffed::Zip => array_names(path).is_ok_and(|names| !names.is_empty()).then_some(Format::Npz),
        Sniffed::Text | Sniffed::OtherText => Some(Format::Csv),
        Sniffed::Parquet => Some(Format::Parquet),
        Sniffed::Arrow => Some(Format::Arrow),
        Sniffed::Gzip | Sniffed::Zstd => {
            let (inner, _) = decompress(Stream { path, head, rest: Box::new(file) })?;
            matches!(inner.head.sniff(), Sniffed::Text | Sniffed::OtherText).then_some(Format::Csv)
        }
        Sniffed::Empty | Sniffed::Unknown => None,
    })
}
