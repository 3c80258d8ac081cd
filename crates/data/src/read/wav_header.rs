//! The header of a WAV file, checked before its samples are read.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::DataError;

/// `WAVE_FORMAT_PCM`, `WAVE_FORMAT_IEEE_FLOAT`, and the tag whose format follows further on.
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;

/// The longest accepted format chunk; the longest known one has 40 bytes.
const FORMAT_LIMIT: u64 = 1 << 10;

/// The format chunk and the position of the data.
#[derive(Debug)]
pub(crate) struct WavChunks {
    /// The file up to its data, with all other chunks removed.
    pub(crate) head: Vec<u8>,
    /// Number of data bytes, which start at the file's current position.
    pub(crate) data: u64,
}

/// What programs declare that do not know the length when they write the header to a pipe: FFmpeg
/// and SoX.
const UNKNOWN: [u64; 2] = [0xffff_ffff, 0x7fff_f000];

/// Bytes at the start of a WAV file, which say what it is.
pub(crate) const RIFF: u64 = 12;

/// Checks these bytes.
pub(crate) fn is_wav(path: &Path, riff: &[u8]) -> Result<(), DataError> {
    if riff.len() as u64 == RIFF && riff.starts_with(b"RIFF") && riff.ends_with(b"WAVE") {
        return Ok(());
    }
    Err(DataError::BadMagic { path: path.to_path_buf(), expected: "a WAV file", actual: riff.to_vec() })
}

/// Finds the format and the data. Refuses files that are not WAV, unsupported sample depths, and
/// declared data longer than the `length` of the file; in a `stream`, data of unknown length end where
/// it ends.
///
/// Format: Microsoft & IBM, *Multimedia Programming Interface and Data Specifications 1.0*. A chunk
/// has a name, a little-endian length and that many bytes, padded to an even number (`hound` 3.5
/// does not expect the padding in chunks that it skips).
pub(crate) fn find_chunks(
    path: &Path,
    file: &mut (impl Read + Seek),
    length: u64,
    stream: bool,
) -> Result<WavChunks, DataError> {
    let io = |source| DataError::io(path, source);
    let riff = bytes::<12>(path, file, 0, length)?;
    is_wav(path, &riff)?;
    let mut head = riff.to_vec();
    let mut at = 12;
    loop {
        let chunk = bytes::<8>(path, file, at, length)?;
        let [a, b, c, d, size @ ..] = chunk;
        let size = u64::from(u32::from_le_bytes(size));
        at += 8;
        match &[a, b, c, d] {
            b"fmt " => {
                check_depth(path, bytes::<16>(path, file, at, length)?)?;
                if size > FORMAT_LIMIT {
                    let path = path.to_path_buf();
                    return Err(DataError::HeaderTooLong { path, limit: FORMAT_LIMIT, actual: size });
                }
                head.truncate(riff.len());
                head.extend(chunk);
                file.seek(SeekFrom::Start(at)).map_err(io)?;
                Read::by_ref(file).take(size).read_to_end(&mut head).map_err(io)?;
            }
            b"data" => {
                let rest = length - at;
                if stream && UNKNOWN.contains(&size) {
                    // Without an incomplete time step at the end. The format chunk holds its bytes.
                    let align = head.get(32..34).map_or(1, |align| u16::from_le_bytes([align[0], align[1]]).max(1));
                    let whole = rest - rest % u64::from(align);
                    let Ok(length) = u32::try_from(whole) else {
                        return Err(DataError::TooLong { path: path.to_path_buf(), limit: u64::from(u32::MAX) });
                    };
                    head.extend(b"data");
                    head.extend(length.to_le_bytes());
                    return Ok(WavChunks { head, data: whole });
                }
                if size > rest {
                    let (expected, actual) = (u128::from(size), u128::from(rest));
                    return Err(DataError::Truncated { path: path.to_path_buf(), expected, actual });
                }
                head.extend(chunk);
                return Ok(WavChunks { head, data: size });
            }
            _ => {}
        }
        at += size + size % 2;
    }
}

/// Refuses unsupported sample depths.
fn check_depth(path: &Path, format: [u8; 16]) -> Result<(), DataError> {
    let [tag, _, _, _, _, _, _, bits] = std::array::from_fn(|i| u16::from_le_bytes([format[2 * i], format[2 * i + 1]]));
    match (tag, bits) {
        (PCM, 8 | 16 | 24 | 32) | (FLOAT, 32) | (EXTENSIBLE, 8 | 16 | 24 | 32) => Ok(()),
        _ => Err(DataError::SampleFormat { path: path.to_path_buf(), tag, bits }),
    }
}

/// Reads `N` bytes at offset `at` of a file of `length` bytes.
fn bytes<const N: usize>(
    path: &Path,
    file: &mut (impl Read + Seek),
    at: u64,
    length: u64,
) -> Result<[u8; N], DataError> {
    let mut bytes = [0; N];
    let actual = u128::from(length.saturating_sub(at));
    if actual < N as u128 {
        return Err(DataError::Truncated { path: path.to_path_buf(), expected: N as u128, actual });
    }
    file.seek(SeekFrom::Start(at))
        .and_then(|_| file.read_exact(&mut bytes))
        .map_err(|source| DataError::io(path, source))?;
    Ok(bytes)
}
