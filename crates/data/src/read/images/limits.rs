//! Limits of images, checked before their pixels are decoded.

use std::path::Path;

use crate::error::DataError;

/// The largest side of a decoded image, pixels.
pub(super) const MAX_SIDE: u32 = 1 << 15;

/// The largest number of pixels of a decoded image. A small file can declare any number of pixels,
/// and each takes 8 bytes once it is a grey level.
const MAX_PIXELS: u64 = 1 << 26;

/// The memory limit of one image decoder, bytes.
pub(super) const MAX_BYTES: usize = 1 << 29;

/// An image whose pixels are not decoded.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("{width}x{height} pixels (width x height), at most {limit} a side are accepted", limit = MAX_SIDE)]
    Side { width: u32, height: u32 },
    #[error("no pixels")]
    Empty,
    #[error("{bytes} bytes, at most {limit} are accepted", limit = MAX_BYTES)]
    Bytes { bytes: u64 },
    #[error("{0}")]
    Kind(String),
}

/// Refuses an image with too many pixels, or with too many on a side.
pub(super) fn check(path: &Path, width: u32, height: u32) -> Result<(), DataError> {
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(DataError::ImageTooLarge { path: path.to_path_buf(), width, height, limit: MAX_PIXELS });
    }
    if width.max(height) > MAX_SIDE {
        return Err(bad(path, Refused::Side { width, height }));
    }
    if width.min(height) == 0 {
        return Err(bad(path, Refused::Empty));
    }
    Ok(())
}

/// A zeroed buffer for decoded bytes.
pub(super) fn buffer(path: &Path, bytes: Option<usize>) -> Result<Vec<u8>, DataError> {
    match bytes {
        Some(bytes) if bytes <= MAX_BYTES => Ok(vec![0; bytes]),
        other => Err(bad(path, Refused::Bytes { bytes: other.map_or(u64::MAX, |bytes| bytes as u64) })),
    }
}

/// An image that cannot be decoded.
pub(super) fn bad(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> DataError {
    DataError::BadImage { path: path.to_path_buf(), source: Box::new(source) }
}
