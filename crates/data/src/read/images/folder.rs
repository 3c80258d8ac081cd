//! The images of a folder.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::error::DataError;

/// The extensions of image files, in lower case.
const EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "tif", "tiff", "webp"];

/// The image files of a folder, sorted by name; at least one.
pub(super) fn image_files(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    let files: Vec<PathBuf> = entries(dir)?.into_iter().filter(|path| is_image(path)).collect();
    if files.is_empty() {
        return Err(DataError::NoImages { path: dir.to_path_buf() });
    }
    Ok(files)
}

/// The paths in a folder, sorted by name.
pub(super) fn entries(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    let io = |source| DataError::io(dir, source);
    if !std::fs::metadata(dir).map_err(io)?.is_dir() {
        return Err(DataError::NotAFolder { path: dir.to_path_buf() });
    }
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io)? {
        paths.push(entry.map_err(io)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Whether a path is a file with the extension of an image.
pub(super) fn is_image(path: &Path) -> bool {
    let known =
        path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)));
    known && path.is_file()
}

/// Reads files on several threads. The error, if any, is that of the first file in order.
pub(super) fn read_all<I: Send>(
    files: &[PathBuf],
    read: impl Fn(&Path) -> Result<I, DataError> + Sync,
) -> Result<Vec<I>, DataError> {
    // Collect all results first: the reported error then does not depend on timing.
    let decoded: Vec<Result<I, DataError>> = files.par_iter().map(|path| read(path)).collect();
    decoded.into_iter().collect()
}
