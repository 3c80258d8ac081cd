//! Atomic writes: a file appears complete or not at all.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::{Path, PathBuf};

/// Writes a temporary file in the same folder, flushes it to disk and renames it to `path`. Readers
/// see either the old file or the complete new one. The file gets the default permissions of a new
/// file.
///
/// # Errors
/// The system's error; the old file is then unchanged.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<()>) -> Result<()> {
    let path = &destination(path)?;
    let mut temporary = temporary_beside(path)?;
    let mut writer = BufWriter::new(temporary.as_file_mut());
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    persist(temporary, path)
}

/// The path to write: follows symbolic links and refuses anything that is not a regular file.
pub(crate) fn destination(path: &Path) -> Result<PathBuf> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(std::io::ErrorKind::IsADirectory.into()),
        Ok(metadata) if !metadata.is_file() => {
            Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file; left unchanged"))
        }
        Ok(_) if path.is_symlink() => std::fs::canonicalize(path),
        _ => Ok(path.to_path_buf()),
    }
}

/// Flushes a temporary file to disk, renames it, and flushes the folder entry.
pub(crate) fn persist(temporary: tempfile::NamedTempFile, path: &Path) -> Result<()> {
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    // Without this, a power failure can undo the rename. Some systems cannot flush a folder; the
    // file itself is complete either way.
    #[cfg(unix)]
    drop(File::open(folder_of(path)).and_then(|folder| folder.sync_all()));
    Ok(())
}

/// Checks early that a file can be written, and removes leftovers of killed writers from its
/// folder.
///
/// # Errors
/// The system's error: missing folder, a folder of that name, no permission.
pub fn check_writable(path: &Path) -> Result<()> {
    let path = destination(path)?;
    remove_leftovers(folder_of(&path))?;
    temporary_beside(&path).map(drop)
}

/// Removes temporary files left in a folder by killed writers. A running writer holds a lock on its
/// file, which the system releases when the process ends, so files in use are kept.
///
/// # Errors
/// The system's error for the folder.
pub fn remove_leftovers(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
            continue;
        }
        // Skip files that belong to another user or have already disappeared.
        let Ok(file) = File::options().write(true).open(entry.path()) else { continue };
        if file.try_lock().is_ok() {
            // Hold the lock until the name is gone, so that no writer claims the file in between.
            drop(std::fs::remove_file(entry.path()));
        }
    }
    Ok(())
}

/// Prefix and suffix of temporary file names.
const PREFIX: &str = ".pdmap-";
const SUFFIX: &str = ".tmp";

/// The parent folder; `Path::parent` of a bare file name is empty.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A locked temporary file in the folder of `path`, removed on drop.
pub(crate) fn temporary_beside(path: &Path) -> Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The process umask still applies. The default mode would make the file readable by its
        // owner only.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    loop {
        let temporary = builder.tempfile_in(folder_of(path))?;
        // The lock only serves the cleanup. Without locks (some network file systems), leftovers of
        // killed writers stay.
        if temporary.as_file().lock().is_err() {
            return Ok(temporary);
        }
        // Between creation and locking, another process may have removed the file as a leftover.
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
    fn leftovers_are_removed_and_files_in_use_are_kept() {
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

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_special_files_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write_atomically(&link, |file| file.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        assert!(link.is_symlink());
        for special in [Path::new("/dev/null"), folder.path()] {
            assert!(check_writable(special).is_err(), "{}", special.display());
            assert!(write_atomically(special, |file| file.write_all(b"x")).is_err());
        }
    }
}
