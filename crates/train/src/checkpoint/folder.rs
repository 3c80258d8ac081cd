//! The folder that a run keeps its checkpoint in.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pdmap_core::{Flow, Real, Training};
use pdmap_data::remove_leftovers;

use super::{Identity, Restored, Snapshot};
use crate::TrainError;

/// The checkpoint.
const FILE: &str = "checkpoint.safetensors";

/// Held by the run that writes into the folder; the system lets go of it however the run ends.
const LOCK: &str = "lock";

/// A folder with the checkpoint of one run, and how often it is written. A second run cannot have the same folder at the same time.
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    every: Duration,
    resume: bool,
    lock: Option<File>,
    last: Instant,
}

impl Checkpoints {
    /// Takes a folder, which is made where it is missing, for a checkpoint `every` so often. With `resume`, a run goes on from the checkpoint that is
    /// there, if there is one; without it, there must be none: hours of a run are not to be lost to a forgotten flag. What a killed run left
    /// half-written is removed.
    ///
    /// # Errors
    /// [`TrainError::Io`] where the folder cannot be made or written; [`TrainError::Locked`] where another run has it;
    /// [`TrainError::CheckpointThere`].
    pub fn open(folder: &Path, every: Duration, resume: bool) -> Result<Self, TrainError> {
        let mut checkpoints =
            Self { folder: folder.to_owned(), every, resume, lock: None, last: Instant::now() };
        checkpoints.take()?;
        let io = |source| TrainError::Io { path: folder.to_owned(), source };
        remove_leftovers(folder).map_err(io)?;
        pdmap_data::check_writable(&checkpoints.file()).map_err(io)?;
        if !resume && checkpoints.file().try_exists().map_err(io)? {
            return Err(TrainError::CheckpointThere { path: checkpoints.file() });
        }
        Ok(checkpoints)
    }

    /// The checkpoint.
    pub fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Makes the folder and locks it.
    fn take(&mut self) -> Result<(), TrainError> {
        let path = self.folder.join(LOCK);
        let io = |source| TrainError::Io { path: path.clone(), source };
        std::fs::create_dir_all(&self.folder)
            .map_err(|source| TrainError::Io { path: self.folder.clone(), source })?;
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => self.lock = Some(lock),
            Err(TryLockError::WouldBlock) => return Err(TrainError::Locked { path: self.folder.clone() }),
            // File systems without locks: two runs in one folder are then the user's to avoid.
            Err(TryLockError::Error(_)) => {}
        }
        Ok(())
    }

    /// Whether the folder is still the one that was locked: it may have vanished meanwhile, and another run may have made it again.
    fn is_ours(&self) -> bool {
        let (Some(lock), Ok(there)) = (&self.lock, std::fs::metadata(self.folder.join(LOCK))) else {
            return self.lock.is_none() && self.folder.is_dir();
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

    /// Goes on from the checkpoint, where that is asked for and there is one.
    pub(crate) fn restore<F: Real>(
        &self,
        identity: &Identity,
        flow: &mut Flow<F>,
        training: &mut Training<F>,
    ) -> Result<Option<Restored<F>>, TrainError> {
        let io = |source| TrainError::Io { path: self.file(), source };
        // A disk that cannot tell whether there is a checkpoint must not pass for one without.
        if !self.resume || !self.file().try_exists().map_err(io)? {
            return Ok(None);
        }
        Restored::read(&self.file(), identity, flow, training).map(Some)
    }

    /// Whether it is time for the next checkpoint.
    pub(crate) fn due(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    /// Replaces the checkpoint. After a failure the old one is as it was, and the next attempt comes as if this one had succeeded; a folder that
    /// vanished is made again.
    pub(crate) fn save<F: Real>(&mut self, snapshot: &Snapshot<'_, F>) -> Result<(), TrainError> {
        let result = if self.is_ours() { Ok(()) } else { self.take() };
        let result = result.and_then(|()| snapshot.write(&self.file()));
        self.last = Instant::now();
        result
    }
}
