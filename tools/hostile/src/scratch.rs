//! A scratch file for the bytes, because readers take paths.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder, in memory if the system supports it, with one file that is overwritten repeatedly.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    path: PathBuf,
    file: File,
}

impl Scratch {
    /// Creates a folder with an empty file named `name`.
    pub(crate) fn new(name: &str) -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.expect("a temporary folder");
        let path = folder.path().join(name);
        let file = File::create(&path).expect("a temporary file");
        Self { folder, path, file }
    }

    /// Writes the bytes to the file and returns its path.
    pub(crate) fn holding(&mut self, bytes: &[u8]) -> &Path {
        self.file.set_len(0).and_then(|()| self.file.rewind()).expect("the file can be truncated");
        self.file.write_all(bytes).expect("a small file can be written");
        &self.path
    }

    /// The folder of the file.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Runs `feed` with the scratch file of this thread.
macro_rules! with_scratch {
    ($name:literal, $feed:expr) => {{
        thread_local! {
            static SCRATCH: std::cell::RefCell<crate::scratch::Scratch> =
                std::cell::RefCell::new(crate::scratch::Scratch::new($name));
        }
        SCRATCH.with_borrow_mut($feed)
    }};
}

pub(crate) use with_scratch;
