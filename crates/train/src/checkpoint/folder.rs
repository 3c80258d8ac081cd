//! The folder of the checkpoint of one run.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use pdmap_data::remove_leftovers;
use pdmap_spec::{SpecError, tensor_file};

use crate::error::TrainError;

/// The checkpoint.
const FILE: &str = "checkpoint.safetensors";

/// Held by the run that writes into the folder; the system releases it however the run ends.
const LOCK: &str = "lock";

/// A locked folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    lock: Option<File>,
}

impl Folder {
    /// Creates and locks a folder, and removes what a killed run left half-written.
    pub(super) fn open(path: &Path) -> Result<Self, TrainError> {
        let mut folder = Self { path: path.to_owned(), lock: None };
        folder.take()?;
        let io = |source| SpecError::Io { path: path.to_owned(), source };
        remove_leftovers(path).map_err(io)?;
        pdmap_data::check_writable(&folder.file()).map_err(io)?;
        Ok(folder)
    }

    /// The checkpoint.
    pub(super) fn file(&self) -> PathBuf {
        self.path.join(FILE)
    }

    /// A folder inside this one.
    pub(super) fn inside(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Creates the folder and locks it.
    fn take(&mut self) -> Result<(), TrainError> {
        let path = self.path.join(LOCK);
        let io = |source| SpecError::Io { path: path.clone(), source };
        std::fs::create_dir_all(&self.path).map_err(|source| SpecError::Io { path: self.path.clone(), source })?;
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => self.lock = Some(lock),
            Err(TryLockError::WouldBlock) => return Err(TrainError::Locked { path: self.path.clone() }),
            // A file system without locks: keeping two runs apart is up to the user.
            Err(TryLockError::Error(_)) => {}
        }
        Ok(())
    }

    /// Whether this is still the locked folder: it may have been removed, and created again by
    /// another run.
    fn is_ours(&self) -> bool {
        let (Some(lock), Ok(there)) = (&self.lock, std::fs::metadata(self.path.join(LOCK))) else {
            return self.lock.is_none() && self.path.is_dir();
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            lock.metadata().is_ok_and(|held| (held.dev(), held.ino()) == (there.dev(), there.ino()))
        }
        #[cfg(not(unix))]
        {
            let _ = (lock, there);
            true
        }
    }

    /// Whether there is a checkpoint. A disk that cannot tell is an error.
    pub(super) fn has_checkpoint(&self) -> Result<bool, TrainError> {
        let file = self.file();
        Ok(file.try_exists().map_err(|source| SpecError::Io { path: file, source })?)
    }

    /// The bytes of the checkpoint, where there is one.
    pub(super) fn read(&self) -> Result<Option<Vec<u8>>, TrainError> {
        Ok(if self.has_checkpoint()? { Some(tensor_file::read(&self.file())?) } else { None })
    }

    /// Replaces the checkpoint; a removed folder is created again.
    pub(super) fn write(&mut self, contents: &[u8]) -> Result<(), TrainError> {
        if !self.is_ours() {
            self.take()?;
        }
        Ok(tensor_file::save(&self.file(), contents)?)
    }
}
