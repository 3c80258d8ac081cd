//! Files that are written as a whole or not at all.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;

/// Writes a file through a temporary one in the same folder, which is flushed to the disk and then renamed: a reader sees the old
/// file or the new one, never half of one. The file has the permissions that any new file of this user would get.
///
/// # Errors
/// What the system says; the old file is then as it was.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<()>,
) -> Result<()> {
    let mut temporary = temporary_beside(path)?;
    let mut writer = BufWriter::new(temporary.as_file_mut());
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    persist(temporary, path)
}

/// Flushes a temporary file to the disk and gives it its name.
pub(crate) fn persist(temporary: tempfile::NamedTempFile, path: &Path) -> Result<()> {
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    Ok(())
}

/// Says early whether a file could be written at the end.
///
/// # Errors
/// What the system says: no such folder, a folder of that name, no permission.
pub fn check_writable(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    temporary_beside(path).map(drop)
}

/// A temporary file in the folder of `path`, which is removed when it is dropped.
pub(crate) fn temporary_beside(path: &Path) -> Result<tempfile::NamedTempFile> {
    // Path::parent of a bare file name is the empty path.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".pdmap-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The process's mask still applies; the default would be readable by the owner alone.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}
