//! A file to put bytes in: readers take paths.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder that lives in memory where the system has such a thing, with one file that is overwritten again and again.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    path: PathBuf,
    file: File,
}

impl Scratch {
    /// A folder with an empty file of that name.
    pub(crate) fn new(name: &str) -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.expect("a temporary folder");
        let path = folder.path().join(name);
        let file = File::create(&path).expect("a temporary file");
        Self { folder, path, file }
    }

    /// The path of the file, with these bytes in it.
    pub(crate) fn holding(&mut self, bytes: &[u8]) -> &Path {
        self.file.set_len(0).and_then(|()| self.file.rewind()).expect("a file that can be emptied");
        self.file.write_all(bytes).expect("room for a small file");
        &self.path
    }

    /// Its folder.
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
