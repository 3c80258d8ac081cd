//! Files that are written as a whole or not at all.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::{Path, PathBuf};

/// Writes a file through a temporary one in the same folder, which is flushed to the disk and then renamed: a reader sees the old
/// file or the new one, never half of one. The file has the permissions that any new file of this user would get.
///
/// # Errors
/// What the system says; the old file is then as it was.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<()>,
) -> Result<()> {
    let path = &destination(path)?;
    let mut temporary = temporary_beside(path)?;
    let mut writer = BufWriter::new(temporary.as_file_mut());
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    persist(temporary, path)
}

/// Where a file of that name is written: a link is followed, and what is no regular file is not replaced by one.
pub(crate) fn destination(path: &Path) -> Result<PathBuf> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(std::io::ErrorKind::IsADirectory.into()),
        Ok(metadata) if !metadata.is_file() => Err(std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            "not a regular file; it is left as it is",
        )),
        Ok(_) if path.is_symlink() => std::fs::canonicalize(path),
        _ => Ok(path.to_path_buf()),
    }
}

/// Flushes a temporary file to the disk, gives it its name, and flushes the name as well.
pub(crate) fn persist(temporary: tempfile::NamedTempFile, path: &Path) -> Result<()> {
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    // Without this a power cut may take the new name back. Not every system lets a folder be flushed; the file is whole either way.
    #[cfg(unix)]
    drop(File::open(folder_of(path)).and_then(|folder| folder.sync_all()));
    Ok(())
}

/// Says early whether a file could be written at the end, and clears its folder of what killed writers left.
///
/// # Errors
/// What the system says: no such folder, a folder of that name, no permission.
pub fn check_writable(path: &Path) -> Result<()> {
    let path = destination(path)?;
    remove_leftovers(folder_of(&path))?;
    temporary_beside(&path).map(drop)
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
        // The lock only serves the clearing up. Where there are none (some network file systems), what a killed writer leaves stays.
        if temporary.as_file().lock().is_err() {
            return Ok(temporary);
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

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_what_is_no_file_stays() {
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
