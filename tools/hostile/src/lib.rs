//! Every reader of the project as a function of arbitrary bytes.
//!
//! A [`Target`] feeds bytes to one reader and passes accepted input on to everything that would use
//! it next. Errors are expected. Findings are panics, endless loops, allocations beyond
//! [`Target::memory`], and two readers that disagree about the same bytes. The fuzz targets in
//! `tools/fuzz/` feed coverage-guided bytes; `tests/corpus.rs` feeds the committed corpus.

#![allow(clippy::panic, clippy::expect_used, reason = "a panic reports a finding, to a fuzzer and to a test")]

mod arrays;
mod checkpoint;
mod columns;
mod descriptions;
mod framed;
mod images;
mod model_file;
mod scratch;
mod sound;
mod text;

pub use checkpoint::sound_checkpoint;

use std::fmt::{Display, Formatter};
use std::time::Instant;

/// A reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// `.npy` arrays, from a file and from a stream.
    Npy,
    /// `.npz` archives.
    Npz,
    /// An array inside a valid archive; a checksum would otherwise reject mutated bytes.
    NpzEntry,
    /// CSV, from a file and from a stream.
    Csv,
    /// Text in every dialect: the first bytes are the options of the reader.
    Text,
    /// Parquet tables.
    Parquet,
    /// Arrow IPC, as files and as streams.
    Arrow,
    /// IDX images and labels, plain and gzip.
    Idx,
    /// WAV.
    Wav,
    /// PNG and JPEG.
    Images,
    /// Model files, and the flows in them.
    ModelFile,
    /// Checkpoints, and the runs that resume from them.
    Checkpoint,
    /// TOML model descriptions.
    Description,
    /// TOML comparison plans.
    Plan,
}

impl Target {
    /// All targets.
    pub const ALL: [Self; 14] = [
        Self::Npy,
        Self::Npz,
        Self::NpzEntry,
        Self::Csv,
        Self::Text,
        Self::Parquet,
        Self::Arrow,
        Self::Idx,
        Self::Wav,
        Self::Images,
        Self::ModelFile,
        Self::Checkpoint,
        Self::Description,
        Self::Plan,
    ];

    /// The name of the fuzz target and of its corpus folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::NpzEntry => "npz_entry",
            Self::Csv => "csv",
            Self::Text => "text",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Idx => "idx",
            Self::Wav => "wav",
            Self::Images => "images",
            Self::ModelFile => "model_file",
            Self::Checkpoint => "checkpoint",
            Self::Description => "description",
            Self::Plan => "plan",
        }
    }

    /// The memory limit of a process that feeds files of a few kilobytes, bytes.
    pub const fn memory(self) -> usize {
        match self {
            // The limits for one image: 2^26 pixels, 3 bytes each when decoded and 8 bytes in the
            // result.
            Self::Images => 2 << 30,
            // Unconstrained convolutions hold up to 2^24 complex numbers, and half as many more
            // during construction. A description or plan can request at most 2^25 numbers of 8
            // bytes, and a few times as much while they are created and used.
            Self::ModelFile | Self::Description | Self::Plan => 1 << 30,
            _ => 256 << 20,
        }
    }

    /// Feeds `bytes` to the reader.
    ///
    /// # Panics
    /// If the reader or a user of its result panics, or if two readers of the same bytes disagree.
    /// Each case is a bug.
    pub fn feed(self, bytes: &[u8]) {
        match self {
            Self::Npy => arrays::npy(bytes),
            Self::Npz => arrays::npz(bytes),
            Self::NpzEntry => arrays::npz_entry(bytes),
            Self::Csv => text::csv(bytes),
            Self::Text => text::dialects(bytes),
            Self::Parquet => columns::parquet(bytes),
            Self::Arrow => columns::arrow(bytes),
            Self::Idx => images::idx(bytes),
            Self::Wav => sound::wav(bytes),
            Self::Images => images::image(bytes),
            Self::ModelFile => model_file::model_file(bytes),
            Self::Checkpoint => checkpoint::checkpoint(bytes),
            Self::Description => descriptions::description(bytes),
            Self::Plan => descriptions::plan(bytes),
        }
    }
}

/// Time limit of [`Target::feed_quickly`], seconds.
const QUICK: f64 = 0.005;

impl Target {
    /// As [`feed`](Self::feed); returns whether it was quick. A description of a few bytes may
    /// validly request a hundred megabytes, and inputs mutated from it take as long. Such inputs
    /// are tested, but do not enter the corpus.
    ///
    /// # Panics
    /// As [`feed`](Self::feed).
    pub fn feed_quickly(self, bytes: &[u8]) -> bool {
        let begun = Instant::now();
        self.feed(bytes);
        begun.elapsed().as_secs_f64() < QUICK
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
