//! IDX files, the format of MNIST.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use ndarray::Array3;

use crate::error::DataError;
use crate::format::{DEFLATE_MAX_RATIO, GZIP_MAGIC};

/// The IDX code of unsigned bytes.
const UNSIGNED_BYTE: u8 = 0x08;

/// The images of an IDX file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxImages {
    /// `[images, height, width]`, grey levels 0..=255.
    pub images: Array3<u8>,
}

/// Reads an IDX file of unsigned bytes and rank 3, plain or gzip (detected from its content).
///
/// Format: two zero bytes, the element type, the rank, each axis as a big-endian `u32`, then the
/// elements in C order (LeCun, Cortes & Burges, *The MNIST database*). Decompression stops one byte
/// after the size declared in the header, which is enough to detect trailing data.
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::Io`] (also for a damaged gzip stream);
/// [`DataError::BadMagic`], [`DataError::WrongDtype`], [`DataError::WrongRank`] for other files (a
/// label file has rank 1); [`DataError::TooFewRows`], [`DataError::ZeroFeatures`] for an empty
/// file; [`DataError::Truncated`], [`DataError::Trailing`] if the size does not match.
pub fn read_idx(path: &Path) -> Result<IdxImages, DataError> {
    let (shape, pixels) = read_bytes::<3>(path)?;
    Array3::from_shape_vec(shape, pixels)
        .map(|images| IdxImages { images })
        .map_err(|_| DataError::TooLarge { rows: shape[0], features: shape[1] * shape[2] })
}

/// Reads the labels of an IDX file of unsigned bytes and rank 1, plain or gzip.
///
/// # Errors
/// As [`read_idx`], with rank 1.
pub fn read_idx_labels(path: &Path) -> Result<Vec<u8>, DataError> {
    read_bytes::<1>(path).map(|(_, labels)| labels)
}

/// The axes and elements of a file of rank `R`.
fn read_bytes<const R: usize>(path: &Path) -> Result<([usize; R], Vec<u8>), DataError> {
    let io = |source| DataError::io(path, source);
    let mut file = File::open(path).map_err(io)?;
    let length = u128::from(file.metadata().map_err(io)?.len());
    let mut start = Vec::new();
    (&mut file).take(2).read_to_end(&mut start).map_err(io)?;
    file.rewind().map_err(io)?;
    let reader = BufReader::new(file);
    if start == GZIP_MAGIC {
        let bound = length.saturating_mul(DEFLATE_MAX_RATIO);
        read_from(path, MultiGzDecoder::new(reader), bound)
    } else {
        read_from(path, reader, length)
    }
}

/// Reads header and data; `bound` is the largest number of bytes that `reader` can yield.
fn read_from<const R: usize>(
    path: &Path,
    mut reader: impl Read,
    bound: u128,
) -> Result<([usize; R], Vec<u8>), DataError> {
    let shape = read_shape::<R>(path, &mut reader)?;
    let name = || path.display().to_string();
    if shape[0] == 0 {
        return Err(DataError::TooFewRows { name: name(), expected: 1, actual: 0 });
    }
    if shape[1..].contains(&0) {
        return Err(DataError::ZeroFeatures { name: name() });
    }
    let expected: u128 = shape.iter().map(|&axis| u128::from(axis)).product();
    let truncated = |actual| DataError::Truncated { path: path.to_path_buf(), expected, actual };
    if expected > bound {
        return Err(truncated(bound));
    }
    // Not reserved in advance: the buffer grows with the bytes that arrive.
    let mut pixels = Vec::new();
    let wanted = u64::try_from(expected).map_err(|_| truncated(bound))?;
    read_up_to(path, &mut reader, wanted, &mut pixels)?;
    if (pixels.len() as u128) < expected {
        return Err(truncated(pixels.len() as u128));
    }
    let mut next = Vec::new();
    read_up_to(path, &mut reader, 1, &mut next)?;
    if !next.is_empty() {
        return Err(DataError::Trailing { path: path.to_path_buf(), expected });
    }
    Ok((shape.map(|axis| axis as usize), pixels))
}

/// Checks type and rank, and reads the axes.
fn read_shape<const R: usize>(path: &Path, reader: &mut impl Read) -> Result<[u32; R], DataError> {
    let mut head = Vec::new();
    read_up_to(path, reader, 4, &mut head)?;
    let &[0, 0, element, rank] = head.as_slice() else {
        return Err(DataError::BadMagic { path: path.to_path_buf(), expected: "an IDX file", actual: head });
    };
    if element != UNSIGNED_BYTE {
        return Err(DataError::WrongDtype {
            path: path.to_path_buf(),
            expected: "0x08 (unsigned byte)",
            actual: format!("{element:#04x}"),
        });
    }
    if usize::from(rank) != R {
        return Err(DataError::WrongRank { path: path.to_path_buf(), expected: R, actual: usize::from(rank) });
    }
    let mut axes = Vec::new();
    read_up_to(path, reader, 4 * R as u64, &mut axes)?;
    let truncated =
        || DataError::Truncated { path: path.to_path_buf(), expected: 4 * R as u128, actual: axes.len() as u128 };
    let (axes, rest) = axes.as_chunks::<4>();
    match <[[u8; 4]; R]>::try_from(axes) {
        Ok(axes) if rest.is_empty() => Ok(axes.map(u32::from_be_bytes)),
        _ => Err(truncated()),
    }
}

/// Appends at most `count` bytes; a compressed stream that breaks off counts as ended.
fn read_up_to(path: &Path, reader: &mut impl Read, count: u64, bytes: &mut Vec<u8>) -> Result<(), DataError> {
    match reader.take(count).read_to_end(bytes) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof && (bytes.len() as u64) < count => Ok(()),
        Err(error) => Err(DataError::io(path, error)),
    }
}
