//! Detects the format of a path from its content, not its name.

use std::fs::File;
use std::path::Path;

use crate::error::DataError;
use crate::format::{Head, Sniffed};
use crate::stream::{array_names, without_member};

/// The formats that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A NumPy array: [`read_npy`](super::read_npy).
    Npy,
    /// An archive of NumPy arrays, or one array in it: [`read_npz`](super::read_npz).
    Npz,
    /// UTF-8 text with numbers: [`read_csv`](super::read_csv).
    Csv,
    /// Sound: [`read_wav`](super::read_wav).
    Wav,
    /// IDX, plain or gzip: [`read_idx`](super::read_idx).
    Idx,
    /// A folder: [`read_image_folder`](super::read_image_folder).
    ImageFolder,
}

/// Detects the format of `path` (or of `FILE.npz#NAME`) from its first bytes. Every folder is an
/// image folder. Text is CSV if its first lines contain a digit.
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
        let head = Head::read(&mut File::open(path).map_err(io)?).map_err(io)?;
        of_file(path, &head).ok_or_else(|| DataError::UnknownFormat { path: path.to_path_buf() })?
    };
    match member {
        Some(member) if format != Format::Npz => {
            Err(DataError::NotAnArchive { path: path.to_path_buf(), member: member.to_owned() })
        }
        _ => Ok(format),
    }
}

fn of_file(path: &Path, head: &Head) -> Option<Format> {
    match head.sniff() {
        Sniffed::Npy => Some(Format::Npy),
        Sniffed::Idx => Some(Format::Idx),
        Sniffed::Wav => Some(Format::Wav),
        // An unreadable archive counts as an unknown format.
        Sniffed::Zip => array_names(path).is_ok_and(|names| !names.is_empty()).then_some(Format::Npz),
        Sniffed::Text => head.bytes.iter().any(u8::is_ascii_digit).then_some(Format::Csv),
        Sniffed::Empty | Sniffed::Unknown => None,
    }
}
