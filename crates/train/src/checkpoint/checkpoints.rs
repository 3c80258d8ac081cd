//! Where the checkpoints of a run go, and how often they are written.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pdmap_core::{Flow, LayerError, Real, Training};
use pdmap_spec::tensor_file::IN_MEMORY;

use super::folder::Folder;
use super::header::Identity;
use super::snapshot::{Restored, Snapshot};
use crate::average::Average;
use crate::error::TrainError;

/// The checkpoint of one run, in a folder or in memory, and how often it is replaced. Two runs
/// cannot use one folder at the same time.
#[derive(Debug)]
pub struct Checkpoints {
    place: Place,
    every: Duration,
    resume: bool,
    last: Instant,
}

#[derive(Debug)]
enum Place {
    Folder(Folder),
    Memory(Option<Vec<u8>>),
}

impl Checkpoints {
    /// Takes a folder, which is created if missing, for a checkpoint `every` so often. With
    /// `resume`, a run continues from the checkpoint in the folder, if any; without, there must be
    /// none, so that a forgotten flag does not cost hours of training. What a killed run left
    /// half-written is removed.
    ///
    /// # Errors
    /// [`SpecError::Io`](pdmap_spec::SpecError::Io) where the folder cannot be created or written; [`TrainError::Locked`] where another run uses
    /// it; [`TrainError::CheckpointThere`].
    pub fn open(folder: &Path, every: Duration, resume: bool) -> Result<Self, TrainError> {
        let folder = Folder::open(folder)?;
        if !resume && folder.has_checkpoint()? {
            return Err(TrainError::CheckpointThere { path: folder.file() });
        }
        Ok(Self { place: Place::Folder(folder), every, resume, last: Instant::now() })
    }

    /// Keeps the checkpoint in memory: [`bytes`](Self::bytes). A run continues from the bytes given
    /// here, if any.
    pub fn in_memory(from: Option<Vec<u8>>, every: Duration) -> Self {
        Self { place: Place::Memory(from), every, resume: true, last: Instant::now() }
    }

    /// The checkpoint of one of several runs that belong together, in a folder inside this one.
    ///
    /// # Errors
    /// Checkpoints in memory, which hold one run; as [`open`](Self::open).
    pub(crate) fn of_member(&self, index: usize) -> Result<Self, TrainError> {
        match &self.place {
            Place::Folder(folder) => Self::open(&folder.inside(&format!("flow-{index}")), self.every, self.resume),
            Place::Memory(_) => {
                Err(LayerError::Conflict { first: "a search", second: "checkpoints in memory: use a folder" }.into())
            }
        }
    }

    /// The file of the checkpoint, unless it is kept in memory.
    pub fn file(&self) -> Option<PathBuf> {
        match &self.place {
            Place::Folder(folder) => Some(folder.file()),
            Place::Memory(_) => None,
        }
    }

    /// The bytes of the checkpoint, where it is kept in memory and there is one.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.place {
            Place::Memory(bytes) => bytes.as_deref(),
            Place::Folder(_) => None,
        }
    }

    /// Resumes from the checkpoint, where that is requested and there is one.
    pub(crate) fn restore<F: Real>(
        &self,
        identity: &Identity,
        flow: &mut Flow<F>,
        training: &mut Training<F>,
        average: Option<&mut Average<F>>,
    ) -> Result<Option<Restored<F>>, TrainError> {
        if !self.resume {
            return Ok(None);
        }
        match &self.place {
            Place::Folder(folder) => {
                let read = |bytes: Vec<u8>| Restored::read(&folder.file(), &bytes, identity, flow, training, average);
                folder.read()?.map(read).transpose()
            }
            Place::Memory(bytes) => {
                let read =
                    |bytes: &Vec<u8>| Restored::read(Path::new(IN_MEMORY), bytes, identity, flow, training, average);
                bytes.as_ref().map(read).transpose()
            }
        }
    }

    /// Whether the next checkpoint is due.
    pub(crate) fn due(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    /// Replaces the checkpoint. After a failure the old one is unchanged, and the next attempt
    /// comes as if this one had succeeded.
    pub(crate) fn save<F: Real>(&mut self, snapshot: &Snapshot<'_, F>) -> Result<(), TrainError> {
        let result = snapshot.to_bytes().and_then(|bytes| match &mut self.place {
            Place::Folder(folder) => folder.write(&bytes),
            Place::Memory(kept) => {
                *kept = Some(bytes);
                Ok(())
            }
        });
        self.last = Instant::now();
        result
    }
}
