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

/// Says early whether a file could be written at the end, and clears its folder of what killed writers left.
///
/// # Errors
/// What the system says: no such folder, a folder of that name, no permission.
pub fn check_writable(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    remove_leftovers(folder_of(path))?;
    temporary_beside(path).map(drop)
}

/// Removes the temporary files that writers left in a folder when they were killed. A writer holds a lock on its file, which the system lets go
/// of when the process ends: files that are still being written stay.
///
/// # Errors
/// What the system says about the folder.
pub fn remove_leftovers(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
            continue;
        }
        // Somebody else's file, or one that is gone by now, is none of ours to remove.
        let Ok(file) = File::options().write(true).open(entry.path()) else { continue };
        if file.try_lock().is_ok() {
            // The lock is held until the name is gone, so that no writer takes the file for its own meanwhile.
            drop(std::fs::remove_file(entry.path()));
        }
    }
    Ok(())
}

/// How temporary files are named.
const PREFIX: &str = ".pdmap-";
const SUFFIX: &str = ".tmp";

/// Path::parent of a bare file name is the empty path.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A temporary file in the folder of `path`, locked, which is removed when it is dropped.
pub(crate) fn temporary_beside(path: &Path) -> Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The process's mask still applies; the default would be readable by the owner alone.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    loop {
        let temporary = builder.tempfile_in(folder_of(path))?;
        match temporary.as_file().lock() {
            Ok(()) => {}
            // File systems without locks: what a killed writer leaves there stays.
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(temporary),
            Err(error) => return Err(error),
        }
        // Between its creation and the lock, somebody who was clearing up may have taken it for a leftover.
        if temporary.path().exists() {
            return Ok(temporary);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_go_and_files_that_are_being_written_stay() {
        let folder = tempfile::tempdir().unwrap();
        let leftover = folder.path().join(".pdmap-dead.tmp");
        std::fs::write(&leftover, "half").unwrap();
        let kept = folder.path().join("notes.tmp");
        std::fs::write(&kept, "mine").unwrap();
        let path = folder.path().join("x.npy");
        write_atomically(&path, |file| {
            remove_leftovers(folder.path())?;
            file.write_all(b"whole")
        })
        .unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert!(!leftover.exists() && kept.exists());
    }
}
