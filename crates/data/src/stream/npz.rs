//! Reads arrays of an `.npz` archive in place: nothing is unpacked to disk.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::checked_entry::CheckedEntry;
use super::fortran_rows::FortranRows;
use super::npy_rows::NpyRows;
use super::read_rows::ReadRows;
use crate::element::Element;
use crate::error::{DataError, excerpt};
use crate::format::{DEFLATE_MAX_RATIO, read_header};

/// The suffix of an array's entry name.
const SUFFIX: &str = ".npy";

/// The largest number of names listed in a message.
const LISTED: usize = 20;

/// The position and stated properties of an entry.
struct Entry {
    /// The archive and array, for messages.
    path: PathBuf,
    /// Offset of the compressed bytes in the file.
    start: u64,
    compressed: u64,
    size: u64,
    checksum: u32,
    deflated: bool,
}

/// The names of the arrays of an archive, in stored order, without `.npy`.
pub(crate) fn array_names(path: &Path) -> Result<Vec<String>, DataError> {
    let archive = open_archive(path)?;
    Ok(arrays(&archive).into_iter().map(|(_, name)| name).collect())
}

/// Opens the array `member` of an archive, or its only array.
pub(crate) fn open_npz<F: Element>(path: &Path, member: Option<&str>) -> Result<Box<dyn ReadRows<F>>, DataError> {
    let mut archive = open_archive(path)?;
    let entry = find_entry(path, &mut archive, member)?;
    let io = |source| DataError::io(&entry.path, source);
    let mut file = archive.into_inner();
    entry.check_sizes(file.get_ref().metadata().map_err(io)?.len())?;
    let mut bytes = entry.bytes(file.get_ref().try_clone().map_err(io)?)?;
    let header = read_header(&entry.path, &mut bytes)?;
    header.check_length(&entry.path, entry.size.saturating_sub(header.data_start))?;
    if !header.fortran {
        return Ok(Box::new(NpyRows::new(&entry.path, bytes, header, true)));
    }
    if entry.deflated {
        // A compressed stream is not seekable. Its size is known, and plausible for the file.
        let mut data = Vec::new();
        let length = entry.size - header.data_start;
        (&mut bytes).take(length).read_to_end(&mut data).map_err(io)?;
        check_complete(&entry, &mut bytes, data.len() as u64, length)?;
        return Ok(Box::new(FortranRows::new(&entry.path, Cursor::new(data), 0, header)));
    }
    // The checksum covers the whole entry, and columns are not read in stored order.
    std::io::copy(&mut bytes, &mut std::io::sink()).map_err(io)?;
    file.rewind().map_err(io)?;
    let start = entry.start + header.data_start;
    Ok(Box::new(FortranRows::new(&entry.path, file.into_inner(), start, header)))
}

fn open_archive(path: &Path) -> Result<ZipArchive<BufReader<File>>, DataError> {
    let file = File::open(path).map_err(|source| DataError::io(path, source))?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| bad_archive(path, error))
}

fn bad_archive(path: &Path, error: zip::result::ZipError) -> DataError {
    match error {
        zip::result::ZipError::Io(source) => DataError::io(path, source),
        other => DataError::BadArchive { path: path.to_path_buf(), source: Box::new(other) },
    }
}

/// The index and name of each array.
fn arrays(archive: &ZipArchive<BufReader<File>>) -> Vec<(usize, String)> {
    archive
        .file_names_raw()
        .enumerate()
        .filter_map(|(index, name)| Some((index, String::from_utf8_lossy(name).strip_suffix(SUFFIX)?.to_owned())))
        .collect()
}

fn find_entry(
    path: &Path,
    archive: &mut ZipArchive<BufReader<File>>,
    member: Option<&str>,
) -> Result<Entry, DataError> {
    let arrays = arrays(archive);
    let owned = || path.to_path_buf();
    let (index, name) = match (arrays.as_slice(), member) {
        ([], _) => return Err(DataError::NoArrays { path: owned() }),
        ([only], None) => only,
        (_, None) => {
            return Err(DataError::ManyArrays {
                path: owned(),
                count: arrays.len(),
                names: arrays.iter().take(LISTED).map(|(_, name)| excerpt(name)).collect(),
            });
        }
        (_, Some(asked)) => {
            let wanted = asked.strip_suffix(SUFFIX).unwrap_or(asked);
            match arrays.iter().find(|(_, name)| name == wanted) {
                Some(found) => found,
                None => {
                    let nearest = arrays.iter().min_by_key(|(_, name)| strsim::levenshtein(&excerpt(name), wanted));
                    return Err(DataError::UnknownArray {
                        path: owned(),
                        name: asked.to_owned(),
                        nearest: nearest.map(|(_, name)| excerpt(name)).unwrap_or_default(),
                    });
                }
            }
        }
    };
    let path = PathBuf::from(format!("{}#{}", path.display(), excerpt(name).escape_debug()));
    let entry = archive.by_index_raw(*index).map_err(|error| bad_archive(&path, error))?;
    let deflated = match entry.compression() {
        CompressionMethod::Stored => false,
        CompressionMethod::Deflated => true,
        other => return Err(DataError::UnreadEntry { path, method: other.to_string() }),
    };
    if entry.encrypted() {
        return Err(DataError::UnreadEntry { path, method: "encryption".to_owned() });
    }
    Ok(Entry {
        start: entry.data_start().unwrap_or(0),
        compressed: entry.compressed_size(),
        size: entry.size(),
        checksum: entry.crc32(),
        deflated,
        path,
    })
}

impl Entry {
    /// Refuses sizes larger than the file or than the compressed bytes can expand to.
    fn check_sizes(&self, length: u64) -> Result<(), DataError> {
        let truncated = |expected: u64, actual: u128| {
            Err(DataError::Truncated { path: self.path.clone(), expected: expected.into(), actual })
        };
        let there = length.saturating_sub(self.start);
        if self.compressed > there {
            return truncated(self.compressed, there.into());
        }
        let ratio = if self.deflated { DEFLATE_MAX_RATIO } else { 1 };
        let most = u128::from(self.compressed) * ratio;
        if u128::from(self.size) > most {
            return truncated(self.size, most);
        }
        if !self.deflated && self.compressed > self.size {
            return Err(DataError::Trailing { path: self.path.clone(), expected: self.size.into() });
        }
        Ok(())
    }

    /// The decompressed bytes.
    fn bytes(&self, mut file: File) -> Result<CheckedEntry<Box<dyn Read + Send>>, DataError> {
        file.seek(SeekFrom::Start(self.start)).map_err(|source| DataError::io(&self.path, source))?;
        let compressed = BufReader::new(file).take(self.compressed);
        let reader: Box<dyn Read + Send> =
            if self.deflated { Box::new(DeflateDecoder::new(compressed)) } else { Box::new(compressed) };
        Ok(CheckedEntry::new(reader, self.size, self.checksum))
    }
}

/// Refuses an entry that is shorter or longer than its stated size.
fn check_complete(entry: &Entry, rest: &mut impl Read, got: u64, expected: u64) -> Result<(), DataError> {
    let path = || entry.path.clone();
    let (got, expected) = (u128::from(got), u128::from(expected));
    if got < expected {
        return Err(DataError::Truncated { path: path(), expected, actual: got });
    }
    let mut next = Vec::new();
    rest.take(1).read_to_end(&mut next).map_err(|source| DataError::io(&entry.path, source))?;
    if next.is_empty() { Ok(()) } else { Err(DataError::Trailing { path: path(), expected }) }
}
