//! Opens an image by the first bytes of its file, not by its name.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use super::limits::{Refused, bad};
use super::raster::Raster;
use super::{jpeg, png, tiff, webp};
use crate::error::DataError;

/// Bytes that tell the formats apart.
const SIGNATURE: u64 = 12;

pub(super) fn decode(path: &Path) -> Result<Raster, DataError> {
    let io = |source| DataError::io(path, source);
    let mut reader = BufReader::new(File::open(path).map_err(io)?);
    let mut first = Vec::new();
    (&mut reader).take(SIGNATURE).read_to_end(&mut first).map_err(io)?;
    reader.rewind().map_err(io)?;
    match first.as_slice() {
        [0xff, 0xd8, 0xff, ..] => jpeg::decode(path, reader),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => png::decode(path, reader),
        // The byte order, and 42 (or 43 for files beyond 4 GiB).
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => tiff::decode(path, reader),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp::decode(path, reader),
        _ => Err(bad(path, Refused::Kind("neither JPEG nor PNG, TIFF or WebP".to_owned()))),
    }
}

/// The name of an image: that of its file.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
