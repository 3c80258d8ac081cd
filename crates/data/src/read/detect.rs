//! What a path holds, by its content and not by its name.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::idx::GZIP_MAGIC;
use super::npy_header::NPY_MAGIC;
use crate::DataError;

/// The formats that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A NumPy array: [`read_npy`](super::read_npy).
    Npy,
    /// IDX, plain or gzip: [`read_idx`](super::read_idx).
    Idx,
    /// A folder: [`read_image_folder`](super::read_image_folder).
    ImageFolder,
}

/// The format of `path`, from the first bytes of a file; every folder is an image folder.
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::Io`], and [`DataError::UnknownFormat`] for anything else.
pub fn detect_format(path: &Path) -> Result<Format, DataError> {
    let metadata = std::fs::metadata(path).map_err(|source| DataError::io(path, source))?;
    if metadata.is_dir() {
        return Ok(Format::ImageFolder);
    }
    let head = first_bytes(File::open(path).map_err(|source| DataError::io(path, source))?)
        .map_err(|source| DataError::io(path, source))?;
    if head == NPY_MAGIC {
        return Ok(Format::Npy);
    }
    let idx = if head.starts_with(&GZIP_MAGIC) {
        let file = File::open(path).map_err(|source| DataError::io(path, source))?;
        // A gzip file that cannot be decompressed is of no known format either.
        first_bytes(MultiGzDecoder::new(file)).unwrap_or_default()
    } else {
        head
    };
    // Two zero bytes, then the element type (8..=14), then the rank.
    match idx.as_slice() {
        [0, 0, 0x08..=0x0e, 1..=u8::MAX, ..] => Ok(Format::Idx),
        _ => Err(DataError::UnknownFormat { path: path.to_path_buf() }),
    }
}

/// Up to as many bytes as the longest signature has.
fn first_bytes(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(NPY_MAGIC.len() as u64).read_to_end(&mut head)?;
    Ok(head)
}
